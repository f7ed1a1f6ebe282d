"""The billing portal: its configurations and sessions, and the pages for cards, billing details, plans and invoices.

It imports `pages` and below.
"""
