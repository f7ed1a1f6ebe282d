"""The app's edge: pages, API, forms, the wizard's step, the staff's admin, the doctor's check.

It may import everything here; only URLs, settings and the web/ of channels import it.
"""
