"""Pigeon Post, a provider that is nothing like Slack: the proof that the product knows no provider by name.

Its accounts and people are numbers, its threads are the people who write. Each connection has its own secret. A request
holds several items, which may be messages or what became of deliveries. There is no look-up.
"""
