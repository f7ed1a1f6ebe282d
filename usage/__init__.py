"""The ledger of what was spent: records, roll-ups, budgets, prices. It outlives employees, so it knows none.

Billing, agents and channels may import it; it imports tenants.
"""
