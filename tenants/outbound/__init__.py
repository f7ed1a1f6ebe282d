"""Calls to outside services: how long to wait, how many calls at once, and when to stop trying for a while.

All code that calls an outside service may import it; it imports no other package.
"""
