"""What an operator does with a subscription: start it, change seats or plan, cancel it, open Stripe's portal, leave.

Nothing is charged that was not shown: a change gets the moment and the subscription of its preview, and is refused if
the subscription has changed since. Checkout creates the customer first, once, and closes a page that is still open.

It imports stripe and sync; pages, the API and the closing of a workspace import it.
"""
