"""What happens to a subscription, as the audit trail calls it."""

from django.utils.translation import gettext_lazy as _

from tenants.audit.journal import Action

SUBSCRIPTION_CHANGED = Action("subscription.changed", _("The subscription changed"))
CHECKOUT_STARTED = Action("subscription.checkout", _("Opened Stripe's Checkout"))
PORTAL_OPENED = Action("subscription.portal", _("Opened Stripe's customer portal"))
SEATS_CHANGED = Action("subscription.seats", _("Changed the number of seats"))
SEATS_KEPT = Action("subscription.seats_kept", _("Kept the current seats"))
PLAN_SWITCHED = Action("subscription.plan", _("Switched between monthly and yearly"))
SUBSCRIPTION_CANCELED = Action("subscription.canceled", _("Canceled the subscription"))
SUBSCRIPTION_RESUMED = Action("subscription.resumed", _("Resumed the subscription"))
DOUBLE_ENDED = Action("subscription.double", _("Ended and refunded a second subscription"))
DRIFT_SETTLED = Action("subscription.drift_settled", _("Closed a drift that was settled by hand"))
COMP_SEATS_GIVEN = Action("subscription.comp_seats", _("Gave seats without payment"))
COMP_SEATS_ENDED = Action("subscription.comp_seats_ended", _("Ended seats without payment"))
