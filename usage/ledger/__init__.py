"""What was spent: usage records with their daily roll-ups (records), and budgets with what they hold (meter).

The only writer of usage. Billing and the higher apps import it.
"""
