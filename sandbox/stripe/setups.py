"""Saving a card for later: setup intents and the 3-D Secure step. https://docs.stripe.com/payments/setupintents/lifecycle"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sandbox.stripe import cards, payment_methods
from sandbox.stripe.amending import add, amend
from sandbox.stripe.errors import INVALID, StripeError, invalid
from sandbox.stripe.forms import merged
from sandbox.stripe.peer import Stripe
from sandbox.stripe.store import JsonObject, random_text


def new_intent(peer: Stripe, values: Mapping[str, Any], customer: JsonObject | None) -> JsonObject:
    """Store an intent to save a card; `values` may have description, metadata, usage, payment_method_types, …"""
    intent_id = peer.store.new_id("seti")
    intent = {
        "id": intent_id,
        "object": "setup_intent",
        "application": None,
        "automatic_payment_methods": automatic_methods(values),
        "cancellation_reason": None,
        "client_secret": f"{intent_id}_secret_{random_text(32)}",
        "created": peer.store.now(customer),
        "customer": customer["id"] if customer else None,
        "customer_account": None,
        "description": values.get("description"),
        "excluded_payment_method_types": None,
        "flow_directions": None,
        "last_setup_error": None,
        "latest_attempt": None,
        "livemode": False,
        "mandate": None,
        "metadata": merged(None, values.get("metadata")),
        "next_action": None,
        "on_behalf_of": None,
        "payment_method": None,
        "payment_method_configuration_details": None,
        "payment_method_options": {"card": CARD_OPTIONS},
        "payment_method_types": values.get("payment_method_types") or ["card"],
        "single_use_mandate": None,
        "status": "requires_payment_method",
        "usage": values.get("usage", "off_session"),
    }
    return add(peer, intent, "setup_intent.created")


CARD_OPTIONS: Final = {"mandate_options": None, "network": None, "request_three_d_secure": "automatic"}


def automatic_methods(values: Mapping[str, Any]) -> JsonObject | None:
    """Stripe chooses what can be paid with, unless the request lists it."""
    if values.get("automatic_payment_methods"):
        return {"allow_redirects": "always", **values["automatic_payment_methods"]}
    return None if values.get("payment_method_types") else {"allow_redirects": "always", "enabled": True}


def attempt(peer: Stripe, intent: JsonObject, method: JsonObject, return_url: str | None = None) -> StripeError | None:
    """Try to save a card; it succeeds, waits for 3-D Secure, or is declined: then the error is returned."""
    card = payment_methods.card_of(peer, method)
    intent.update(payment_method=method["id"], last_setup_error=None, next_action=None)
    if card.decline is not None and not card.attaches:
        return _fail(peer, intent, method, cards.declined(card.decline, payment_method=method))
    if card.authentication in (cards.Authentication.UNLESS_SET_UP, cards.Authentication.ALWAYS):
        _note_attempt(peer, intent, method, "requires_action")
        values = {"status": "requires_action", "next_action": next_action(peer, intent["id"], return_url)}
        amend(peer, intent, values, "setup_intent.requires_action")
        return None
    _succeed(peer, intent, method)
    return None


def next_action(peer: Stripe, intent_id: str, return_url: str | None) -> JsonObject:
    """What the customer has to do: the 3-D Secure step, on the hosted page when it can lead back."""
    url = f"{peer.base_url}/authenticate/{intent_id}"
    if return_url is not None:
        return {"type": "redirect_to_url", "redirect_to_url": {"return_url": return_url, "url": url}}
    return {"type": "use_stripe_sdk", "use_stripe_sdk": {"type": "three_d_secure_redirect", "stripe_js": url}}


def authenticate(peer: Stripe, intent: JsonObject, *, succeed: bool) -> JsonObject:
    """The customer has finished the 3-D Secure step. Raises StripeError for an intent that waits for none."""
    if intent["status"] != "requires_action":
        raise unexpected(intent, "authenticate")
    method = peer.store.get(intent["payment_method"])
    if succeed:
        _succeed(peer, intent, method)
    else:
        _fail(peer, intent, method, failed_authentication("setup_intent", "SetupIntent", method))
    return intent


def failed_authentication(kind: str, name: str, method: JsonObject) -> StripeError:
    """402: the customer did not pass the 3-D Secure step."""
    message = (
        "The provided PaymentMethod has failed authentication. You can provide payment_method_data or a new "
        f"PaymentMethod to attempt to fulfill this {name} again."
    )
    return StripeError(402, INVALID, message, f"{kind}_authentication_failure", payment_method=method)


def _succeed(peer: Stripe, intent: JsonObject, method: JsonObject) -> None:
    _note_attempt(peer, intent, method, "succeeded")
    if intent["customer"] is not None:
        payment_methods.attach(peer, method, intent["customer"])
    peer.store.keep(method["id"], is_set_up=intent["usage"] == "off_session")
    amend(peer, intent, {"status": "succeeded", "next_action": None}, "setup_intent.succeeded")


def _fail(peer: Stripe, intent: JsonObject, method: JsonObject, error: StripeError) -> StripeError:
    shown = dict(error.error)
    _note_attempt(peer, intent, method, "failed", shown)
    values = {
        "status": "requires_payment_method",
        "payment_method": None,
        "next_action": None,
        "last_setup_error": shown,
    }
    amend(peer, intent, values, "setup_intent.setup_failed")
    error.is_kept = True
    error.error["setup_intent"] = intent
    return error


def _note_attempt(
    peer: Stripe, intent: JsonObject, method: JsonObject, status: str, error: JsonObject | None = None
) -> None:
    """Store the setup attempt, or how the one that waited for 3-D Secure ended."""
    waiting = peer.store.find(intent["latest_attempt"] or "")
    attempt_id = waiting["id"] if waiting and waiting["status"] == "requires_action" else peer.store.new_id("setatt")
    copied = ("brand", "country", "exp_month", "exp_year", "fingerprint", "funding", "last4")
    card = {
        **{name: method["card"][name] for name in copied},
        "checks": payment_methods.checks(peer, method),
        "network": method["card"]["brand"],
        "three_d_secure": None,
        "wallet": None,
    }
    attempted = {
        "id": attempt_id,
        "object": "setup_attempt",
        "application": None,
        "created": peer.store.now(intent),
        "customer": intent["customer"],
        "customer_account": None,
        "flow_directions": None,
        "livemode": False,
        "on_behalf_of": None,
        "payment_method": method["id"],
        "payment_method_details": {"card": card, "type": "card"},
        "setup_error": error,
        "setup_intent": intent["id"],
        "status": status,
        "usage": intent["usage"],
    }
    peer.store.put(attempted)
    intent["latest_attempt"] = attempt_id


def unexpected(intent: JsonObject, verb: str) -> StripeError:
    """400: the intent's state does not allow it."""
    message = f"You cannot {verb} this SetupIntent because it has a status of {intent['status']}."
    return invalid(None, message, "setup_intent_unexpected_state", setup_intent=intent)


def cancel(peer: Stripe, intent: JsonObject, reason: str | None = None) -> JsonObject:
    """Give up an intent that has not succeeded. Raises StripeError when it has."""
    if intent["status"] in ("succeeded", "canceled"):
        raise unexpected(intent, "cancel")
    values = {"status": "canceled", "cancellation_reason": reason, "next_action": None}
    return amend(peer, intent, values, "setup_intent.canceled")
