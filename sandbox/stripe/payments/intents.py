"""Payments: an intent, its attempts with a card, and the 3-D Secure step. https://docs.stripe.com/payments/paymentintents/lifecycle"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Final, Literal

from sandbox.stripe.account.amending import add, amend
from sandbox.stripe.account.errors import INVALID, StripeError, invalid
from sandbox.stripe.account.events import emit
from sandbox.stripe.account.peer import INTENT_SETTLED, Stripe
from sandbox.stripe.account.store import JsonObject, random_text
from sandbox.stripe.api.http import Endpoint, Params
from sandbox.stripe.payments import cards, charges, methods
from sandbox.stripe.payments.cards import Decline

OPEN: Final = ("requires_payment_method", "requires_action")
CARD_OPTIONS: Final = {
    "installments": None,
    "mandate_options": None,
    "network": None,
    "request_three_d_secure": "automatic",
}
# The defaults of a new intent.
UNPAID: Final[JsonObject] = {
    "amount_capturable": 0,
    "amount_details": {"tip": {}},
    "amount_received": 0,
    "application": None,
    "application_fee_amount": None,
    "automatic_payment_methods": {"allow_redirects": "always", "enabled": True},
    "canceled_at": None,
    "cancellation_reason": None,
    "capture_method": "automatic_async",
    "confirmation_method": "automatic",
    "customer_account": None,
    "excluded_payment_method_types": None,
    "last_payment_error": None,
    "latest_charge": None,
    "livemode": False,
    "managed_payments": None,
    "metadata": {},
    "next_action": None,
    "on_behalf_of": None,
    "payment_method": None,
    "payment_method_configuration_details": None,
    "payment_method_options": {"card": CARD_OPTIONS},
    "payment_method_types": ["card"],
    "processing": None,
    "receipt_email": None,
    "review": None,
    "setup_future_usage": "off_session",
    "shipping": None,
    "source": None,
    "statement_descriptor": None,
    "statement_descriptor_suffix": None,
    "status": "requires_payment_method",
    "transfer_data": None,
    "transfer_group": None,
}


@dataclass(frozen=True)
class Outcome:
    """How an attempt ended, the intent after it, and for `declined` the error that Stripe would return."""

    status: Literal["succeeded", "requires_action", "declined"]
    intent: JsonObject
    error: StripeError | None = None


def new_intent(peer: Stripe, description: str, *, amount: int, currency: str, customer: JsonObject) -> JsonObject:
    """Store an intent that saves its card for later payments."""
    intent_id = peer.store.new_id("pi")
    intent = {
        "id": intent_id,
        "object": "payment_intent",
        **copy.deepcopy(UNPAID),
        "amount": amount,
        "client_secret": f"{intent_id}_secret_{random_text(25)}",
        "created": peer.store.now(customer),
        "currency": currency,
        "customer": customer["id"],
        "description": description,
    }
    return add(peer, intent, "payment_intent.created")


def attempt(peer: Stripe, intent: JsonObject, method: JsonObject, *, off_session: bool) -> Outcome:
    """Try to pay an intent with a payment method; `off_session`: the customer isn't present.

    A card that needs 3-D Secure leaves the intent in requires_action.
    """
    card = methods.card_of(peer, method)
    intent.update(payment_method=method["id"], last_payment_error=None, next_action=None)
    is_set_up = methods.is_set_up(peer, method)
    if not card.needs_authentication(off_session=off_session, is_set_up=is_set_up):
        return _charge(peer, intent, method, card.decline, is_authenticated=False)
    values = {"status": "requires_action", "next_action": _next_action(peer)}
    return Outcome("requires_action", amend(peer, intent, values, "payment_intent.requires_action"))


def _next_action(peer: Stripe) -> JsonObject:
    """The 3-D Secure step, shown on the invoice page."""
    step = {"type": "three_d_secure_redirect", "stripe_js": f"{peer.base_url}/invoice"}
    return {"type": "use_stripe_sdk", "use_stripe_sdk": step}


def _charge(
    peer: Stripe, intent: JsonObject, method: JsonObject, decline: Decline | None, *, is_authenticated: bool
) -> Outcome:
    charge = charges.new(peer, intent, method, decline=decline, is_authenticated=is_authenticated)
    intent["latest_charge"] = charge["id"]
    if decline is not None:
        emit(peer, "charge.failed", charge)
        return _fail(peer, intent, cards.declined(decline, charge=charge["id"], payment_method=method))
    methods.attach(peer, method, intent["customer"])
    peer.store.keep(method["id"], is_set_up=True)
    emit(peer, "charge.succeeded", charge)
    values = {"status": "succeeded", "amount_received": intent["amount"], "next_action": None}
    return Outcome("succeeded", amend(peer, intent, values, "payment_intent.succeeded"))


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
    """The customer finished a payment's 3-D Secure step, successfully or not; returns the intent.

    Raises StripeError for an intent that isn't waiting for it.
    """
    intent = _authenticate(peer, peer.need("payment_intent", intent_id), succeed=succeed).intent
    peer.tell(INTENT_SETTLED, intent)
    return intent


def _authenticate(peer: Stripe, intent: JsonObject, *, succeed: bool) -> Outcome:
    if intent["status"] != "requires_action":
        raise _unexpected(intent, "authenticate")
    method = peer.store.get(intent["payment_method"])
    if succeed:
        decline = methods.card_of(peer, method).decline
        return _charge(peer, intent, method, decline, is_authenticated=True)
    return _fail(peer, intent, _failed_authentication(method))


def _failed_authentication(method: JsonObject) -> StripeError:
    """402: the customer failed 3-D Secure."""
    message = (
        "The provided PaymentMethod has failed authentication. You can provide payment_method_data or a new "
        "PaymentMethod to attempt to fulfill this PaymentIntent again."
    )
    return StripeError(402, INVALID, message, "payment_intent_authentication_failure", payment_method=method)


def _unexpected(intent: JsonObject, verb: str) -> StripeError:
    """400: the intent's state doesn't allow it."""
    message = f"You cannot {verb} this PaymentIntent because it has a status of {intent['status']}."
    return invalid(None, message, "payment_intent_unexpected_state", payment_intent=intent)


def cancel(peer: Stripe, intent: JsonObject) -> JsonObject:
    """Cancel an intent whose invoice is void. Raises StripeError when it was paid."""
    if intent["status"] not in OPEN:
        raise _unexpected(intent, "cancel")
    values = {
        "status": "canceled",
        "canceled_at": peer.store.now(intent),
        "cancellation_reason": "void_invoice",
        "next_action": None,
    }
    return amend(peer, intent, values, "payment_intent.canceled")


def retrieve(peer: Stripe, params: Params, id: str) -> JsonObject:
    """An intent; only invoices create them."""
    return peer.need("payment_intent", id)


ROUTES: Final = [Endpoint("GET", "/v1/payment_intents/{id}", retrieve)]
