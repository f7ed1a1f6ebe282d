"""Invoices: their lines, discounts and prorations, how they are issued and collected, and how that changes a
subscription's state.

It imports `payments`, `catalog` and below; `subscriptions` has what starts, changes or ends a subscription.
"""
