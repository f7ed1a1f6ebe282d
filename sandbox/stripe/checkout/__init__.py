"""Checkout: its sessions, and the page on which a person subscribes.

It imports `pages` and below.
"""
