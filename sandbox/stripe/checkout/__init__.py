"""Checkout: its sessions, and the page where a person subscribes.

It imports `pages` and below.
"""
