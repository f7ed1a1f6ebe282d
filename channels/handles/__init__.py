"""A person's ids at a provider: who wrote, and what we know about them. It imports models only.

Scene, messages, privacy and the edges import it.
"""
