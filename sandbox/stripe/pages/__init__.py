"""What the hosted pages share (layout, test cards, 3-D Secure), the invoice page, and the account's page.

It imports `time` and below; `checkout` and `portal` import it.
"""
