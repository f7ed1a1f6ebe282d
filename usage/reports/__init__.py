"""The ledger for people: totals by day and employee (summary), and charts of them (charts). It only reads.

The pages and the API of usage import it.
"""
