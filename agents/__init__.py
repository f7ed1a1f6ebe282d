"""AI employees, their conversations, and how an LLM is asked.

Channels may import it; it imports billing, usage and tenants.
"""
