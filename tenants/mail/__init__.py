"""Mail: the door to the mail server, mails that are planned and sent, their words, and the proof of a contact.

It imports models and audit; accounts, team, privacy and the higher apps import it.
"""
