"""The edge of this app: pages, API, webhooks, the wizard's steps, the staff's admin, the doctor's checks.

It may import everything here; only URLs and settings import it.
"""
