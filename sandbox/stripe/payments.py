"""Payments: an intent, its attempts with a card, and the 3-D Secure step. https://docs.stripe.com/payments/paymentintents/lifecycle

The fact beside an intent: the `invoice` that it pays.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from sandbox.stripe import cards, charges, disputes, payment_methods, setups
from sandbox.stripe.amending import add, amend
from sandbox.stripe.cards import ASK_FIRST, Card, Decline
from sandbox.stripe.errors import StripeError, invalid
from sandbox.stripe.events import emit
from sandbox.stripe.forms import merged
from sandbox.stripe.parameters import shipping
from sandbox.stripe.peer import INTENT_SETTLED, Stripe
from sandbox.stripe.store import JsonObject, random_text

OPEN: Final = ("requires_payment_method", "requires_confirmation", "requires_action")


@dataclass(frozen=True)
class Outcome:
    """How an attempt ended, the intent after it, and for `declined` the error that Stripe would answer."""

    status: Literal["succeeded", "requires_action", "declined"]
    intent: JsonObject
    error: StripeError | None = None


def new_intent(
    peer: Stripe,
    values: Mapping[str, Any],
    *,
    amount: int,
    currency: str,
    customer: JsonObject | None,
    invoice: str | None = None,
) -> JsonObject:
    """Store an intent to be paid; `values` may have description, metadata, receipt_email, setup_future_usage, …"""
    intent_id = peer.store.new_id("pi")
    intent = {
        "id": intent_id,
        "object": "payment_intent",
        **copy.deepcopy(UNPAID),
        **{name: values[name] for name in GIVEN if name in values},
        "amount": amount,
        "automatic_payment_methods": setups.automatic_methods(values),
        "client_secret": f"{intent_id}_secret_{random_text(25)}",
        "created": peer.store.now(customer),
        "currency": currency,
        "customer": customer["id"] if customer else None,
        "metadata": merged(None, values.get("metadata")),
        "shipping": shipping(values.get("shipping")),
    }
    peer.store.keep(intent_id, invoice=invoice)
    return add(peer, intent, "payment_intent.created")


CARD_OPTIONS: Final = {
    "installments": None,
    "mandate_options": None,
    "network": None,
    "request_three_d_secure": "automatic",
}
GIVEN: Final = (
    *("capture_method", "confirmation_method", "description", "payment_method_types", "receipt_email"),
    *("setup_future_usage", "statement_descriptor", "statement_descriptor_suffix"),
)
# What an intent is before anything was tried.
UNPAID: Final[JsonObject] = {
    "amount_capturable": 0,
    "amount_details": {"tip": {}},
    "amount_received": 0,
    "application": None,
    "application_fee_amount": None,
    "canceled_at": None,
    "cancellation_reason": None,
    "capture_method": "automatic_async",
    "confirmation_method": "automatic",
    "customer_account": None,
    "description": None,
    "excluded_payment_method_types": None,
    "last_payment_error": None,
    "latest_charge": None,
    "livemode": False,
    "managed_payments": None,
    "next_action": None,
    "on_behalf_of": None,
    "payment_method": None,
    "payment_method_configuration_details": None,
    "payment_method_options": {"card": CARD_OPTIONS},
    "payment_method_types": ["card"],
    "processing": None,
    "receipt_email": None,
    "review": None,
    "setup_future_usage": None,
    "source": None,
    "statement_descriptor": None,
    "statement_descriptor_suffix": None,
    "status": "requires_payment_method",
    "transfer_data": None,
    "transfer_group": None,
}


def attempt(
    peer: Stripe,
    intent: JsonObject,
    method: JsonObject,
    *,
    off_session: bool,
    fails_on_action: bool = False,
    return_url: str | None = None,
) -> Outcome:
    """Try to pay an intent with a payment method; `off_session`: the customer is not there.

    A card that wants 3-D Secure leaves the intent in requires_action, or with `fails_on_action` declined.
    """
    card = payment_methods.card_of(peer, method)
    intent.update(payment_method=method["id"], last_payment_error=None, next_action=None)
    is_set_up = payment_methods.is_set_up(peer, method)
    if not card.needs_authentication(off_session=off_session, is_set_up=is_set_up):
        return _charge(peer, intent, method, card.decline, is_authenticated=False)
    if fails_on_action:
        return _charge(peer, intent, method, ASK_FIRST, is_authenticated=False)
    values = {"status": "requires_action", "next_action": setups.next_action(peer, intent["id"], return_url)}
    return Outcome("requires_action", amend(peer, intent, values, "payment_intent.requires_action"))


def _charge(
    peer: Stripe, intent: JsonObject, method: JsonObject, decline: Decline | None, *, is_authenticated: bool
) -> Outcome:
    charge = charges.new(peer, intent, method, decline=decline, is_authenticated=is_authenticated)
    intent["latest_charge"] = charge["id"]
    if decline is not None:
        emit(peer, "charge.failed", charge)
        return _fail(peer, intent, cards.declined(decline, charge=charge["id"], payment_method=method))
    _save_method(peer, intent, method)
    emit(peer, "charge.succeeded", charge)
    if not charge["captured"]:
        values = {"status": "requires_capture", "amount_capturable": intent["amount"], "next_action": None}
        return Outcome("succeeded", amend(peer, intent, values, "payment_intent.amount_capturable_updated"))
    values = {"status": "succeeded", "amount_received": intent["amount"], "next_action": None}
    amend(peer, intent, values, "payment_intent.succeeded")
    _dispute(peer, charge, payment_methods.card_of(peer, method))
    return Outcome("succeeded", intent)


def _save_method(peer: Stripe, intent: JsonObject, method: JsonObject) -> None:
    """Attach the card when the intent says so, remember that it is set up; a card of nobody is spent."""
    usage, customer = intent["setup_future_usage"], intent["customer"]
    if customer is None or (usage is None and method["customer"] is None):
        peer.store.keep(method["id"], is_spent=True)
        return
    if usage is not None:
        payment_methods.attach(peer, method, customer)
    if usage == "off_session":
        peer.store.keep(method["id"], is_set_up=True)


def _dispute(peer: Stripe, charge: JsonObject, card: Card) -> None:
    if card.dispute is not None:
        disputes.open_dispute(peer, charge, card.dispute, is_inquiry=card.inquiry)


def _fail(peer: Stripe, intent: JsonObject, error: StripeError) -> Outcome:
    values = {
        "status": "requires_payment_method",
        "payment_method": None,
        "next_action": None,
        "last_payment_error": dict(error.error),
    }
    amend(peer, intent, values, "payment_intent.payment_failed")
    error.is_kept = True
    error.error["payment_intent"] = intent
    return Outcome("declined", intent, error)


def authenticate(peer: Stripe, intent_id: str, *, succeed: bool) -> JsonObject:
    """The customer has finished the 3-D Secure step of a payment or setup intent, well or not; returns the intent.

    Raises StripeError for an intent that waits for nothing.
    """
    if intent_id.startswith("seti_"):
        intent = setups.authenticate(peer, peer.need("setup_intent", intent_id), succeed=succeed)
    else:
        intent = _authenticate(peer, peer.need("payment_intent", intent_id), succeed=succeed).intent
    peer.tell(INTENT_SETTLED, intent)
    return intent


def _authenticate(peer: Stripe, intent: JsonObject, *, succeed: bool) -> Outcome:
    if intent["status"] != "requires_action":
        raise unexpected(intent, "authenticate")
    method = peer.store.get(intent["payment_method"])
    if succeed:
        decline = payment_methods.card_of(peer, method).decline
        return _charge(peer, intent, method, decline, is_authenticated=True)
    return _fail(peer, intent, setups.failed_authentication("payment_intent", "PaymentIntent", method))


def unexpected(intent: JsonObject, verb: str) -> StripeError:
    """400: the intent's state does not allow it."""
    states = {
        "succeeded": "it has already succeeded",
        "canceled": "it has already been canceled",
        "requires_capture": "it is to be captured",
        "requires_action": "it waits for the customer's authentication",
    }
    state = states.get(intent["status"], f"it has a status of {intent['status']}")
    message = f"You cannot {verb} this PaymentIntent because {state}."
    return invalid(None, message, "payment_intent_unexpected_state", payment_intent=intent)


def cancel(peer: Stripe, intent: JsonObject, reason: str | None = None) -> JsonObject:
    """Give up an intent that was not paid. Raises StripeError when it was."""
    if intent["status"] not in (*OPEN, "requires_capture"):
        raise unexpected(intent, "cancel")
    charge = peer.store.find(intent["latest_charge"] or "")
    if charge is not None and intent["status"] == "requires_capture":
        amend(peer, charge, {"refunded": True, "amount_refunded": charge["amount"]}, "charge.refunded")
    values = {
        "status": "canceled",
        "canceled_at": peer.store.now(intent),
        "cancellation_reason": reason,
        "amount_capturable": 0,
        "next_action": None,
    }
    return amend(peer, intent, values, "payment_intent.canceled")
