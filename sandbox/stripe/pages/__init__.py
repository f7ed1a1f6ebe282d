"""What the hosted pages share (shell, cards to pick, 3-D Secure), the page of an invoice, and the account's own.

It imports `time` and below; `checkout` and `portal` import it.
"""
