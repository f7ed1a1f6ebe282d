"""A new card takes over at once: the subscription is told of it, and what is owed is paid with it."""

import logging

import stripe

from billing.stripe import client
from billing.stripe.reading import Observation

log = logging.getLogger(__name__)


def has_to_pay(seen: Observation) -> bool:
    """Is there something owed that a card could pay, and a card, while Stripe collects at all?"""
    return bool(seen.debt.invoices and seen.fields["payment_method_id"] and not seen.fields["collection_pause"])


def follow(seen: Observation, *, is_other: bool) -> bool:
    """Make the newest card the one that is charged; was anything done at Stripe?

    is_other: another card than at the last sync. What is owed is tried once with each card; a bank that says no is
    told by Stripe's own event. Calls Stripe: open no scope around this. Raises billing.errors.BillingError.
    """
    if seen.forgotten_card:
        _tell(seen)
    pays = is_other and has_to_pay(seen)
    if pays:
        _pay(seen)
    return bool(seen.forgotten_card) or pays


def _tell(seen: Observation) -> None:
    with client.connected() as api:
        api.v1.subscriptions.update(seen.fields["subscription_id"], {"default_payment_method": seen.forgotten_card})


def _pay(seen: Observation) -> None:
    with client.connected() as api:
        try:
            for invoice in seen.debt.invoices:
                if invoice["status"] == "draft":
                    api.v1.invoices.finalize_invoice(invoice["id"], {"auto_advance": False})
                pay(api, invoice["id"], seen.fields["payment_method_id"])
        except stripe.CardError as error:
            log.info("The new card did not pay what is owed: %s", error.code)


def pay(api: stripe.StripeClient, invoice_id: str, card: str) -> None:
    """Take an open invoice's money from a card. Raises stripe.StripeError: CardError if the bank says no.

    Stripe pays no invoice twice. A key of ours would have it say no for a day to a card that has money again.
    https://docs.stripe.com/api/invoices/pay
    """
    try:
        api.v1.invoices.pay(invoice_id, {"payment_method": card})
    except stripe.InvalidRequestError:
        if api.v1.invoices.retrieve(invoice_id).status != "paid":  # by Stripe itself meanwhile
            raise
