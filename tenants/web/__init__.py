"""The app's edge: pages, API, forms, the staff's admin.

It may import everything here; only URLs, settings and the web/ of higher apps import it.
"""
