"""The app's edge: pages, API, webhooks, the wizard's step, the staff's admin, the doctor's checks.

It may import everything here; only URLs and settings import it.
"""
