"""Mail: the connection to the mail server, the outbox, the texts, and the confirmation of a workspace's contact.

A notice is planned as one `Mail` row per recipient, in the transaction of the event that it is about. The outbox sends
each row and marks it as sent afterwards, so a crash in between repeats that one mail. Retries go on for three days. An
address that the mail server rejects fails at once, and Settings shows it. Above MAILS_PER_DAY, notices wait.

It imports models and audit; accounts, team, privacy and the higher apps import it.
"""
