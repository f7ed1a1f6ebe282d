"""Accounts, built on allauth: sign-up, login, second factors, codes, sessions, and the forms for all of them.

It imports audit, mail and outbound; http, staff and the pages import it.
"""
