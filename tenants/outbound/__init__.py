"""Waiting for services outside: how long, how many at once, and when to stop asking for a while.

Everybody who calls out may import it; it knows no other package.
"""
