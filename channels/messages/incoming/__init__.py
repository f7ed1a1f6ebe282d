"""From a provider's event to a turn: received, heard, and changed when its author edits or deletes it.

It imports providers, connections, handles and scene; the rest of messages imports it.
"""
