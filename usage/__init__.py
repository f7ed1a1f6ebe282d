"""The ledger of what was spent: records, sums, budgets, prices. It outlives employees, so it does not refer to them.

Billing, agents and channels may import it; it imports tenants.
"""
