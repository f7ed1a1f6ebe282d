"""Accounts on top of allauth: sign-up, log-in, second steps, codes, sessions, and their forms.

It imports audit, mail and outbound; http, staff and the pages import it.
"""
