"""What an operator does with a subscription: start it, change seats or plan, cancel, see it at Stripe, leave.

It imports stripe and sync; pages, API and the end of a workspace import it.
"""
