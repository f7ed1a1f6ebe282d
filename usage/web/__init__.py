"""The app's edge: page, API, the staff's admin. Only URLs, settings and the web/ of higher apps import it."""
