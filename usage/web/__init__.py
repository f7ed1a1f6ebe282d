"""The edge of this app: the page, the API, the staff's admin.

Only URLs, settings and the `web` packages of higher apps import it.
"""
