"""The ledger of what was spent: records, daily roll-ups, budgets (meters), prices.

It outlives the AI employees, so it keeps ids and names but no foreign key to them. Money flows like this: a price
comes from genai-prices, and a model without a price is refused. Before a call, its worst case is reserved on the meter
by one conditional UPDATE; after it, the hold is settled at the real cost. If the cost is not known, the worst case is
booked and marked as assumed. So a meter is never overspent, and no billed call is missing.

Billing, agents and channels may import it; it imports tenants.
"""
