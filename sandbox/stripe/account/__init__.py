"""The account: its objects, its errors, and the events about each change with their deliveries.

Every package may import it; it imports none.
"""
