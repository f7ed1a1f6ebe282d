"""Stripe: the client, our ids there, its objects read into our columns, and the setup of an installation.

Everything else calls Stripe through `client`. It imports only the root; sync and subscription import it.
"""
