"""The payments of invoices. https://docs.stripe.com/api/invoice-payment"""

from __future__ import annotations

from typing import Final

from sandbox.stripe import invoicing
from sandbox.stripe.forms import Field, Hash, Range, Text, one_of, within
from sandbox.stripe.http import Endpoint, Params
from sandbox.stripe.listing import listing
from sandbox.stripe.peer import Stripe
from sandbox.stripe.store import JsonObject

LIST: Final[dict[str, Field]] = {
    "created": Range(),
    "invoice": Text(),
    "payment": Hash(fields={"payment_intent": Text(), "type": one_of("payment_intent", is_required=True)}),
    "status": one_of("canceled", "open", "paid"),
}


def retrieve(peer: Stripe, params: Params, id: str) -> JsonObject:
    """The link between an invoice and a payment intent."""
    return peer.need("invoice_payment", id)


def list_all(peer: Stripe, params: Params) -> list[JsonObject]:
    """Links between invoices and payment intents that pass the filters."""
    created, payment = params.pop("created", None), params.pop("payment", {})
    if "payment_intent" in payment:
        params["payment__payment_intent"] = payment["payment_intent"]
    found = peer.store.select("invoice_payment", **params)
    return [one for one in found if within(created, one["created"])]


def _payments(peer: Stripe, invoice: JsonObject) -> JsonObject:
    found = peer.store.select("invoice_payment", invoice=invoice["id"])
    return listing(found, f"/v1/invoice_payments?invoice={invoice['id']}", limit=10)


def _confirmation_secret(peer: Stripe, invoice: JsonObject) -> JsonObject | None:
    """What lets the customer's browser confirm the payment."""
    intent = invoicing.intent_of(peer, invoice)
    return {"client_secret": intent["client_secret"], "type": "payment_intent"} if intent else None


EXPANDERS: Final = {
    ("invoice", "confirmation_secret"): _confirmation_secret,
    ("invoice", "payments"): _payments,
}
ROUTES: Final = [
    Endpoint("GET", "/v1/invoice_payments", list_all, LIST, is_list=True),
    Endpoint("GET", "/v1/invoice_payments/{id}", retrieve),
]
