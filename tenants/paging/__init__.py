"""Pagination: by time (keyset) and by page number (pages). Views and APIs of every app import it."""
