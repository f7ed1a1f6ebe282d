"""Refunds of whole payments, which succeed immediately. https://docs.stripe.com/api/refunds"""

from __future__ import annotations

from typing import Final

from sandbox.stripe.account.amending import add, amend
from sandbox.stripe.account.errors import invalid
from sandbox.stripe.account.peer import Stripe
from sandbox.stripe.account.store import JsonObject
from sandbox.stripe.api.forms import Field, Text, one_of
from sandbox.stripe.api.http import Endpoint, Params
from sandbox.stripe.api.listing import listing
from sandbox.stripe.payments import charges

CREATE: Final[dict[str, Field]] = {
    "payment_intent": Text(is_required=True),
    "reason": one_of("duplicate", "fraudulent", "requested_by_customer"),
}
DESTINATION: Final = {
    "card": {"reference_status": "pending", "reference_type": "acquirer_reference_number", "type": "refund"},
    "type": "card",
}


def create(peer: Stripe, params: Params) -> JsonObject:
    """Refund a payment."""
    charge = _charge(peer, peer.need("payment_intent", params["payment_intent"], "payment_intent"))
    refund_id = peer.store.new_id("re")
    movement = charges.move(peer, charge, -charge["amount"], "refund", source=refund_id)
    refund = {
        "id": refund_id,
        "object": "refund",
        "amount": charge["amount"],
        "balance_transaction": movement["id"],
        "charge": charge["id"],
        "created": peer.store.now(charge),
        "currency": charge["currency"],
        "customer": charge["customer"],
        "customer_account": None,
        "destination_details": DESTINATION,
        "metadata": {},
        "payment_intent": charge["payment_intent"],
        "payment_method": charge["payment_method"],
        "reason": params.get("reason"),
        "receipt_number": None,
        "source_transfer_reversal": None,
        "status": "succeeded",
        "transfer_reversal": None,
    }
    add(peer, refund, "refund.created")
    refunds = listing([refund], f"/v1/charges/{charge['id']}/refunds", limit=10)
    values = {"amount_refunded": charge["amount"], "refunded": True, "refunds": refunds}
    amend(peer, charge, values, "charge.refunded")
    return refund


def _charge(peer: Stripe, intent: JsonObject) -> JsonObject:
    """The charge that paid an intent. Raises StripeError if it can't be refunded."""
    charge = peer.store.find(intent["latest_charge"] or "")
    if charge is None or charge["status"] != "succeeded":
        message = f"This PaymentIntent ({intent['id']}) does not have a successful charge to refund."
        raise invalid("payment_intent", message)
    if charge["disputed"]:
        message = f"Charge {charge['id']} has been charged back; cannot issue a refund."
        raise invalid("charge", message, "charge_disputed")
    if charge["refunded"]:
        raise invalid(None, f"Charge {charge['id']} has already been refunded.", "charge_already_refunded")
    return charge


def list_all(peer: Stripe, params: Params) -> list[JsonObject]:
    """Refunds that match the filter."""
    return peer.store.select("refund", **params)


ROUTES: Final = [
    Endpoint("POST", "/v1/refunds", create, CREATE),
    Endpoint("GET", "/v1/refunds", list_all, {"payment_intent": Text()}, is_list=True),
]
