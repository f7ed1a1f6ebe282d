"""What a workspace has paid for, its seats, and its quota. Stripe decides what was paid.

`standing.of` computes from our `Entitlement` row and the clock how many employees may work. `quota` is asked before
each hire, reactivation, publication and LLM call, and `quota.reserve` is the only way to spend. The middleware's
refusal in the portal is a courtesy; the quota is the law. Seats come from the subscription; without one there is a
single seat and TRIAL_CREDIT_USD. Which employees are seated follows from the order of seats, so nothing is stored that
could go wrong.

Agents and channels may import it; it imports usage and tenants.
"""
