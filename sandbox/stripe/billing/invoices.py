"""Invoices, which only subscriptions create, and their payments.

https://docs.stripe.com/api/invoices · https://docs.stripe.com/api/invoice-payment
"""

from __future__ import annotations

from typing import Final

from sandbox.stripe.account.amending import amend
from sandbox.stripe.account.errors import invalid
from sandbox.stripe.account.peer import Stripe
from sandbox.stripe.account.store import JsonObject
from sandbox.stripe.api.forms import Field, Flag, Text, one_of
from sandbox.stripe.api.http import Endpoint, Params
from sandbox.stripe.billing import collecting, invoicing, states
from sandbox.stripe.payments import methods

LIST: Final[dict[str, Field]] = {
    "customer": Text(),
    "status": one_of("draft", "open", "paid", "uncollectible", "void"),
    "subscription": Text(),
}
LIST_PAYMENTS: Final[dict[str, Field]] = {
    "invoice": Text(is_required=True),
    "status": one_of("canceled", "open", "paid"),
}


def retrieve(peer: Stripe, params: Params, id: str) -> JsonObject:
    """An invoice."""
    return peer.need("invoice", id)


def list_all(peer: Stripe, params: Params) -> list[JsonObject]:
    """Invoices that match the filters."""
    if "subscription" in params:
        params["parent__subscription_details__subscription"] = params.pop("subscription")
    return peer.store.select("invoice", **params)


def finalize(peer: Stripe, params: Params, id: str) -> JsonObject:
    """Make a draft an open invoice; with `auto_advance` it is collected within the hour."""
    invoice = peer.need("invoice", id)
    advances = params.get("auto_advance", invoice["auto_advance"])
    attempt = peer.store.now(invoice) + invoicing.DRAFT_SECONDS if advances else None
    amend(peer, invoice, {"auto_advance": advances}, None)
    invoice = invoicing.finalize(peer, invoice, next_attempt=attempt)
    return invoice if invoice["amount_due"] else collecting.settle(peer, invoice)


def pay(peer: Stripe, params: Params, id: str) -> JsonObject:
    """Collect an invoice now; finalizes a draft first. Raises StripeError, including 402, when that fails."""
    invoice = _payable(peer, id)
    method = collecting.method_for(peer, invoice)
    if "payment_method" in params:
        method = methods.resolve(peer, params["payment_method"])
        methods.check_usable(peer, method, invoice["customer"])
    if invoice["amount_remaining"] and method is None:
        raise collecting.no_method()
    outcome = collecting.collect(peer, invoice, method=method)
    if outcome is not None and outcome.status == "requires_action":
        raise collecting.needs_action(peer, invoice)
    if outcome is not None and outcome.error is not None:
        raise outcome.error
    return peer.store.get(id)


def _payable(peer: Stripe, invoice_id: str) -> JsonObject:
    invoice = peer.need("invoice", invoice_id)
    if invoice["status"] == "draft":
        return invoicing.finalize(peer, invoice)
    if invoice["status"] == "paid":
        raise invalid(None, "Invoice is already paid")
    if invoice["status"] == "void":
        raise invalid(None, "This invoice can no longer be paid", "invoice_not_editable")
    return invoice


def void(peer: Stripe, params: Params, id: str) -> JsonObject:
    """Void an open invoice."""
    invoice = invoicing.void(peer, peer.need("invoice", id))
    states.after_void(peer, invoice)
    return invoice


def list_payments(peer: Stripe, params: Params) -> list[JsonObject]:
    """Links between an invoice and payment intents that match the filters."""
    return peer.store.select("invoice_payment", **params)


ROUTES: Final = [
    Endpoint("GET", "/v1/invoice_payments", list_payments, LIST_PAYMENTS, is_list=True),
    Endpoint("GET", "/v1/invoices", list_all, LIST, is_list=True),
    Endpoint("GET", "/v1/invoices/{id}", retrieve),
    Endpoint("POST", "/v1/invoices/{id}/finalize", finalize, {"auto_advance": Flag()}),
    Endpoint("POST", "/v1/invoices/{id}/pay", pay, {"payment_method": Text()}),
    Endpoint("POST", "/v1/invoices/{id}/void", void),
]
