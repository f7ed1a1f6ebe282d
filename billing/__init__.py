"""What a workspace has paid for, its seats, and its quota. Stripe has the last word.

Agents and channels may import it; it imports usage and tenants.
"""
