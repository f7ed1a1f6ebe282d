"""A new card takes over at once: the subscription gets it, and it pays what is owed."""

import logging

import stripe

from billing.stripe import client
from billing.stripe.reading import Observation

log = logging.getLogger(__name__)


def has_to_pay(seen: Observation) -> bool:
    """Is something owed, is there a card to pay it, and is Stripe collecting payments?"""
    return bool(seen.debt.invoices and seen.fields["payment_method_id"] and not seen.fields["collection_pause"])


def follow(seen: Observation, *, is_other: bool) -> bool:
    """Make the newest card the one that is charged. Returns whether anything was done at Stripe.

    is_other: not the card of the last sync. Each card is tried once for what is owed; if the bank says no, Stripe's own
    event reports it. Calls Stripe: open no scope around this. Raises billing.errors.BillingError.
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
    """Pay an open invoice with a card. Raises stripe.StripeError: CardError if the bank says no.

    Stripe never pays an invoice twice. With an idempotency key of ours, a card that has money again would be refused
    for a day.
    https://docs.stripe.com/api/invoices/pay
    """
    try:
        api.v1.invoices.pay(invoice_id, {"payment_method": card})
    except stripe.InvalidRequestError:
        if api.v1.invoices.retrieve(invoice_id).status != "paid":  # Stripe may have paid it in the meantime
            raise
