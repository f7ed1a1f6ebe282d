"""The app's edge: pages, API, Stripe's webhook, the staff's admin, the middleware, the doctor's check.

It may import everything here. URLs, settings, the web/ of higher apps and modules that link to its pages import it.
"""
