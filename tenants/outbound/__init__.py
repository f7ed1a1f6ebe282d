"""Limits for calls to services outside: how long, how many at once, and when to back off.

Everything that calls out may import it; it imports no other package.
"""
