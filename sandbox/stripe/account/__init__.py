"""The account as one value: its objects, its errors, and the events that tell of each change and their deliveries.

Every package may import it; it imports none.
"""
