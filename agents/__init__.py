"""AI employees, their conversations, and asking an LLM.

Channels may import it; it imports billing, usage and tenants.
"""
