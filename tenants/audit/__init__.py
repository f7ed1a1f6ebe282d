"""The audit trail: who acts (actor), writing an entry (journal, actions), reading entries (trail).

A function that changes something, or reads something sensitive, calls `journal.record` in its own transaction. Events
about an account rather than a workspace are stored as `AccountEvent`.

Every app may import it; it imports models and scope only.
"""
