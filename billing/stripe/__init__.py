"""Stripe: the client, our ids there, its objects read into our columns, and the set-up of an installation.

Nothing else speaks to Stripe but through `client`. It imports the root only; sync and subscription import it.
"""
