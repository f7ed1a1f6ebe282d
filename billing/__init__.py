"""What a workspace has paid for, its seats, and the quota. Stripe's word counts.

Agents and channels may import it; it imports usage and tenants.
"""
