"""What happens with a subscription, as the audit trail calls it."""

from tenants.audit.journal import Action

SUBSCRIPTION_CHANGED = Action("subscription.changed", "The subscription changed")
CHECKOUT_STARTED = Action("subscription.checkout", "Opened Stripe's Checkout")
PORTAL_OPENED = Action("subscription.portal", "Opened Stripe's customer portal")
SEATS_CHANGED = Action("subscription.seats", "Changed the number of seats")
SEATS_KEPT = Action("subscription.seats_kept", "Took a planned change of seats back")
PLAN_SWITCHED = Action("subscription.plan", "Switched between month and year")
SUBSCRIPTION_CANCELED = Action("subscription.canceled", "Canceled the subscription")
SUBSCRIPTION_RESUMED = Action("subscription.resumed", "Resumed the subscription")
DOUBLE_ENDED = Action("subscription.double", "Ended and refunded a second subscription")
DRIFT_SETTLED = Action("subscription.drift_settled", "Settled a drift by hand")
COMP_SEATS_GIVEN = Action("subscription.comp_seats", "Gave seats without payment")
COMP_SEATS_ENDED = Action("subscription.comp_seats_ended", "Took seats without payment back")
