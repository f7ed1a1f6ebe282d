"""Refunds. https://docs.stripe.com/api/refunds

A refund of the cards 4000000000007726 and 4000000000005126 takes its final state when it is next retrieved.
"""

from __future__ import annotations

from typing import Any, Final

from sandbox.stripe import charges, payment_methods
from sandbox.stripe.amending import add, amend
from sandbox.stripe.errors import invalid, missing
from sandbox.stripe.forms import Field, Metadata, Range, Text, Whole, merged, one_of, required, within
from sandbox.stripe.http import Endpoint, Params
from sandbox.stripe.listing import listing
from sandbox.stripe.peer import Stripe
from sandbox.stripe.store import JsonObject

CREATE: Final[dict[str, Field]] = {
    "amount": Whole(least=1),
    "charge": Text(),
    "metadata": Metadata(),
    "payment_intent": Text(),
    "reason": one_of("duplicate", "fraudulent", "requested_by_customer"),
}
UPDATE: Final[dict[str, Field]] = {"metadata": Metadata()}
LIST: Final[dict[str, Field]] = {"charge": Text(), "created": Range(), "payment_intent": Text()}


def create(peer: Stripe, params: Params) -> JsonObject:
    """Give back what was paid, or a part of it."""
    charge = _charge(peer, params)
    return new(peer, charge, params.get("amount"), params.get("reason"), params.get("metadata"))


def _charge(peer: Stripe, params: Params) -> JsonObject:
    if "charge" in params:
        return peer.need("charge", params["charge"], "charge")
    intent = peer.needs("payment_intent", params, "payment_intent")
    if intent is None:
        raise required("charge")
    charge = peer.store.find(intent["latest_charge"] or "")
    if charge is None or charge["status"] != "succeeded":
        raise invalid(
            "payment_intent", f"This PaymentIntent ({intent['id']}) does not have a successful charge to refund."
        )
    return charge


def new(
    peer: Stripe,
    charge: JsonObject,
    amount: int | None = None,
    reason: str | None = None,
    metadata: dict[str, str] | None = None,
) -> JsonObject:
    """Refund a charge, all that is left of it without an amount. Raises StripeError for one that cannot be refunded."""
    amount = _checked(charge, amount)
    card = payment_methods.card_of(peer, peer.store.get(charge["payment_method"]))
    refund_id = peer.store.new_id("re")
    movement = charges.move(peer, charge, -amount, "refund", source=refund_id)
    refund = {
        "id": refund_id,
        "object": "refund",
        "amount": amount,
        "balance_transaction": movement["id"],
        "charge": charge["id"],
        "created": peer.store.now(charge),
        "currency": charge["currency"],
        "customer": charge["customer"],
        "customer_account": None,
        "destination_details": DESTINATION,
        "metadata": merged({}, metadata or {}),
        "payment_intent": charge["payment_intent"],
        "payment_method": charge["payment_method"],
        "reason": reason,
        "receipt_number": None,
        "source_transfer_reversal": None,
        "status": "pending" if card.refund == "pending" else "succeeded",
        "transfer_reversal": None,
    }
    peer.store.keep(refund_id, settles=card.refund)
    add(peer, refund, "refund.created")
    _put_on_charge(peer, charge, amount, "charge.refunded")
    return refund


DESTINATION: Final = {
    "card": {"reference_status": "pending", "reference_type": "acquirer_reference_number", "type": "refund"},
    "type": "card",
}


def _checked(charge: JsonObject, amount: int | None) -> int:
    if charge["status"] != "succeeded" or not charge["captured"]:
        raise invalid("charge", f"Charge {charge['id']} cannot be refunded because it was not paid.")
    if charge["disputed"]:
        raise invalid(
            "charge", f"Charge {charge['id']} has been charged back; cannot issue a refund.", "charge_disputed"
        )
    left = int(charge["amount_captured"] - charge["amount_refunded"])
    if not left:
        raise invalid(None, f"Charge {charge['id']} has already been refunded.", "charge_already_refunded")
    if amount is not None and amount > left:
        message = (
            f"Refund amount ({amount}) is greater than unrefunded amount on charge ({left}), in {charge['currency']}"
        )
        raise invalid("amount", message)
    return amount or left


def _put_on_charge(peer: Stripe, charge: JsonObject, amount: int, event_type: str) -> None:
    """Count an amount as refunded, negative for a refund that failed."""
    refunded = charge["amount_refunded"] + amount
    found = peer.store.select("refund", charge=charge["id"])
    values: dict[str, Any] = {
        "amount_refunded": refunded,
        "refunded": refunded == charge["amount"],
        "refunds": listing(found, f"/v1/charges/{charge['id']}/refunds", limit=10),
    }
    amend(peer, charge, values, event_type)


def retrieve(peer: Stripe, params: Params, id: str) -> JsonObject:
    """A refund; one that takes time is now at its end."""
    refund = peer.need("refund", id)
    settles = peer.store.kept(id)["settles"]
    if settles == "pending" and refund["status"] == "pending":
        amend(peer, refund, {"status": "succeeded"}, "refund.updated")
    if settles == "failing" and refund["status"] == "succeeded":
        _fail(peer, refund)
    return refund


def _fail(peer: Stripe, refund: JsonObject) -> None:
    charge = peer.store.get(refund["charge"])
    movement = charges.move(peer, charge, refund["amount"], "refund_failure", source=refund["id"])
    values = {
        "status": "failed",
        "failure_balance_transaction": movement["id"],
        "failure_reason": "expired_or_canceled_card",
    }
    amend(peer, refund, values, "refund.failed")
    _put_on_charge(peer, charge, -refund["amount"], "charge.updated")


def update(peer: Stripe, params: Params, id: str) -> JsonObject:
    """New metadata."""
    refund = peer.need("refund", id)
    values = {"metadata": merged(refund["metadata"], params["metadata"])} if "metadata" in params else {}
    return amend(peer, refund, values, "refund.updated")


def list_all(peer: Stripe, params: Params) -> list[JsonObject]:
    """Refunds that pass the filters."""
    created = params.pop("created", None)
    return [refund for refund in peer.store.select("refund", **params) if within(created, refund["created"])]


def of_charge(peer: Stripe, params: Params, id: str) -> list[JsonObject]:
    """The refunds of a charge."""
    return peer.store.select("refund", charge=peer.need("charge", id)["id"])


def one_of_charge(peer: Stripe, params: Params, id: str, refund: str) -> JsonObject:
    """A refund of a charge."""
    found = retrieve(peer, params, refund)
    if found["charge"] != id:
        raise missing("refund", refund)
    return found


ROUTES: Final = [
    Endpoint("POST", "/v1/refunds", create, CREATE),
    Endpoint("GET", "/v1/refunds", list_all, LIST, is_list=True),
    Endpoint("GET", "/v1/refunds/{id}", retrieve),
    Endpoint("POST", "/v1/refunds/{id}", update, UPDATE),
    Endpoint("GET", "/v1/charges/{id}/refunds", of_charge, is_list=True),
    Endpoint("GET", "/v1/charges/{id}/refunds/{refund}", one_of_charge),
]
