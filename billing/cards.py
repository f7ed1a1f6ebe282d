"""A new card takes over at once: the subscription is told of it, and what is owed is paid with it."""

import logging

import stripe

from billing import stripe_api
from billing.models import Entitlement
from billing.observation import Observation

log = logging.getLogger(__name__)

OWES = frozenset({Entitlement.Status.PAST_DUE, Entitlement.Status.UNPAID, Entitlement.Status.INCOMPLETE})


def follow(seen: Observation, *, is_other: bool) -> bool:
    """Make the newest card the one that is charged; has anything changed at Stripe?

    is_other: another card than at the last sync. An open invoice is tried once with each card; a bank that says no is
    told by Stripe's own event. Calls Stripe: open no scope around this. Raises billing.errors.BillingError.
    """
    if seen.subscription is None:
        return False
    told = _tell(seen) if seen.forgotten_card else False
    owes = seen.fields["status"] in OWES and seen.open_invoice
    return _pay(seen) or told if owes and is_other and seen.fields["payment_method_id"] else told


def _tell(seen: Observation) -> bool:
    with stripe_api.connected() as api:
        api.v1.subscriptions.update(seen.fields["subscription_id"], {"default_payment_method": seen.forgotten_card})
    return True


def _pay(seen: Observation) -> bool:
    """https://docs.stripe.com/api/invoices/pay"""
    card = seen.fields["payment_method_id"]
    with stripe_api.connected() as api:
        try:
            api.v1.invoices.pay(
                seen.open_invoice,
                {"payment_method": card},
                {"idempotency_key": f"pay-{seen.open_invoice}-{card}"},
            )
        except stripe.CardError as error:
            log.info("The new card did not pay the open invoice: %s", error.code)
            return False
    return True
