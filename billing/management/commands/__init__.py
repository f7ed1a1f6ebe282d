"""`manage.py` commands for setting up Stripe. Django loads them by name."""
