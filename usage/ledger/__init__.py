"""What was spent: usage records with their daily sums (records), and budgets with their holds (meter).

Nothing else writes usage. Billing and the higher apps import this.
"""
