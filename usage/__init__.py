"""The ledger of what was spent: records, roll-ups, budgets, prices. It outlives the employees, so it knows none of them.

Billing, agents and channels may import it; it imports tenants.
"""
