"""The rights of people and workspaces: erasing a person, retention, closing a workspace.

Erasing a person goes through their threads, one transaction each. Conversations with nobody else are deleted; in others
the person's messages and the answers to them are replaced. The keys of events stay, so that a redelivery is absorbed.
Older exports are withdrawn.

Closing a workspace first deletes its customer at Stripe, and waits while Stripe does not answer. Then tokens are
returned to the providers, channels are disconnected, and tenants.privacy erases the rows.

It imports connections and messages; tasks and pages import it.
"""
