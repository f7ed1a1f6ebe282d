"""Pagination: by time (keyset) or numbered (pages). Views and APIs of every app import it."""
