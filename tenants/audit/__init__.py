"""The audit trail: who acts (actor), what is written about it (journal, actions), reading it (trail).

Every verb of every app may import it; it imports models and scope only.
"""
