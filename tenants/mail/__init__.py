"""Mail: sending by the mail server, the outbox, what mails have in common, and confirming a contact address.

It imports models and audit; accounts, team, privacy and the higher apps import it.
"""
