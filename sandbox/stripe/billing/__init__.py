"""Invoices: their lines, discounts and prorations, how they are issued and collected, and what that does to a
subscription's state.

It imports `payments`, `catalog` and below; what begins, changes or ends a subscription is in `subscriptions`.
"""
