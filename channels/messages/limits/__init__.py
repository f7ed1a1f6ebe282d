"""How much an employee says, and how much it hears: the loop breaker and the limits on messages a minute.

Both judge by one look at the recent past (`look.py`), at each claim. `channels.messages` imports it; it imports models.
"""
