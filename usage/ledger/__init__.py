"""What was spent: usage records with their daily roll-ups (records), and budgets with their holds (meter).

Only this package writes usage. Billing and the higher apps import it.
"""
