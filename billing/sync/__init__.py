"""How what Stripe says becomes ours: the event inbox, the sync of a workspace, and what repairs itself.

Only `entitlement` writes what Stripe says. This imports stripe; subscription, tasks and pages import it.
"""
