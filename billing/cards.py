"""A new card takes over at once: the subscription is told of it, and what is owed is paid with it."""

import logging

import stripe

from billing import stripe_api
from billing.observation import Observation
from billing.standing import OWES

log = logging.getLogger(__name__)


def has_to_pay(seen: Observation) -> bool:
    """Is there an open invoice that a card could pay, and a card?"""
    return bool(seen.fields["status"] in OWES and seen.open_invoice and seen.fields["payment_method_id"])


def follow(seen: Observation, *, is_other: bool) -> bool:
    """Make the newest card the one that is charged; has anything changed at Stripe?

    is_other: another card than at the last sync. An open invoice is tried once with each card; a bank that says no is
    told by Stripe's own event. Calls Stripe: open no scope around this. Raises billing.errors.BillingError.
    """
    if seen.subscription is None:
        return False
    told = _tell(seen) if seen.forgotten_card else False
    return _pay(seen) or told if is_other and has_to_pay(seen) else told


def _tell(seen: Observation) -> bool:
    with stripe_api.connected() as api:
        api.v1.subscriptions.update(seen.fields["subscription_id"], {"default_payment_method": seen.forgotten_card})
    return True


def _pay(seen: Observation) -> bool:
    with stripe_api.connected() as api:
        try:
            pay(api, seen.open_invoice, seen.fields["payment_method_id"])
        except stripe.CardError as error:
            log.info("The new card did not pay the open invoice: %s", error.code)
            return False
    return True


def pay(api: stripe.StripeClient, invoice_id: str, card: str) -> None:
    """Take an open invoice's money from a card, once. Raises stripe.StripeError: CardError if the bank says no.

    https://docs.stripe.com/api/invoices/pay
    """
    try:
        api.v1.invoices.pay(invoice_id, {"payment_method": card}, {"idempotency_key": f"pay-{invoice_id}-{card}"})
    except stripe.InvalidRequestError:
        if api.v1.invoices.retrieve(invoice_id).status != "paid":  # by Stripe itself meanwhile
            raise
