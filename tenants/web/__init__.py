"""The edge of this app: pages, API, forms, the staff's admin.

It may import everything here; only URLs, settings and the `web` packages of higher apps import it.
"""
