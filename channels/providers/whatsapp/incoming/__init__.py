"""Meta's requests to us, read: messages in every type, corrections, and what became of ours.

It imports credentials, errors and wordings; the client imports it.
"""
