"""Stripe: the client, our ids there, reading its objects into our columns, and setting up an installation.

All calls to Stripe go through `client`. It imports the root only; sync and subscription import it.
"""
