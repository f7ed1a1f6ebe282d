"""Bringing Stripe's state into our rows: the event inbox, the sync of a workspace, and repairs.

Only `entitlement` writes what Stripe says. It locks our row, then asks Stripe, then saves. Of several subscriptions the
paid one stays, otherwise the oldest; the others are ended and refunded. A new card pays what is owed. Such steps have a
`SyncRequest` until they are done.

It imports stripe; subscription, tasks and pages import it.
"""
