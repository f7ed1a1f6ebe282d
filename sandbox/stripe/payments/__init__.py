"""Customers and how they pay: test cards, payment methods, intents with their 3-D Secure step, charges, refunds.

It knows nothing about invoices and imports `api` and `account`.
"""
