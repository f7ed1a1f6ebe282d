"""What Stripe says becomes ours: the event inbox, the sync of a workspace, and what is put right by itself.

Only `entitlement` writes what Stripe says. It imports stripe; subscription, tasks and pages import it.
"""
