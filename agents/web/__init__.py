"""The edge of this app: pages, API, forms, the wizard's step, the staff's admin, the doctor's check.

It may import everything here; only URLs, settings and the `web` package of channels import it.
"""
