"""The calls on payment intents. https://docs.stripe.com/api/payment_intents"""

from __future__ import annotations

from typing import Final

from sandbox.stripe import charges, payment_methods, payments
from sandbox.stripe.amending import amend
from sandbox.stripe.errors import invalid
from sandbox.stripe.forms import (
    Field,
    Flag,
    Hash,
    Listed,
    Metadata,
    Range,
    Text,
    Whole,
    merged,
    one_of,
    required,
    within,
)
from sandbox.stripe.http import Endpoint, Params
from sandbox.stripe.parameters import LARGEST_AMOUNT, SHIPPING, Currency, Email, shipping
from sandbox.stripe.peer import INTENT_SETTLED, Stripe
from sandbox.stripe.store import JsonObject

LEAST: Final = 50  # of the smallest unit, for the currencies of https://docs.stripe.com/currencies#minimum-and-maximum
AUTOMATIC: Final[dict[str, Field]] = {
    "allow_redirects": one_of("always", "never"),
    "enabled": Flag(is_required=True),
}
COMMON: Final[dict[str, Field]] = {
    "customer": Text(),
    "description": Text(is_clearable=True),
    "metadata": Metadata(),
    "payment_method": Text(),
    "payment_method_data": Hash(fields=payment_methods.DATA),
    "payment_method_types": Listed(of=one_of("card")),
    "receipt_email": Email(is_clearable=True),
    "setup_future_usage": one_of("off_session", "on_session", is_clearable=True),
    "shipping": Hash(fields=SHIPPING, is_clearable=True),
    "statement_descriptor": Text(longest=22),
    "statement_descriptor_suffix": Text(longest=22),
}
CONFIRM: Final[dict[str, Field]] = {
    "error_on_requires_action": Flag(),
    "off_session": one_of("true", "false", "one_off", "recurring"),
    "payment_method": Text(),
    "payment_method_data": Hash(fields=payment_methods.DATA),
    "receipt_email": Email(is_clearable=True),
    "return_url": Text(),
    "setup_future_usage": one_of("off_session", "on_session", is_clearable=True),
    "use_stripe_sdk": Flag(),
}
CREATE: Final[dict[str, Field]] = {
    **COMMON,
    **CONFIRM,
    "amount": Whole(least=1, is_required=True),
    "automatic_payment_methods": Hash(fields=AUTOMATIC),
    "capture_method": one_of("automatic", "automatic_async", "manual"),
    "confirm": Flag(),
    "confirmation_method": one_of("automatic", "manual"),
    "currency": Currency(is_required=True),
}
UPDATE: Final[dict[str, Field]] = {**COMMON, "amount": Whole(least=1), "currency": Currency()}
REASONS: Final = ("abandoned", "duplicate", "fraudulent", "requested_by_customer")
CANCEL: Final[dict[str, Field]] = {"cancellation_reason": one_of(*REASONS)}
CAPTURE: Final[dict[str, Field]] = {"amount_to_capture": Whole(least=1), "metadata": Metadata()}
LIST: Final[dict[str, Field]] = {"created": Range(), "customer": Text()}
WITH_CONFIRM: Final = ("error_on_requires_action", "off_session", "return_url", "use_stripe_sdk")


def create(peer: Stripe, params: Params) -> JsonObject:
    """An intent, paid at once with `confirm`."""
    _check_amount(params["amount"], params["currency"])
    customer = peer.needs("customer", params, "customer")
    if not params.get("confirm"):
        _refuse_early(params)
    amount, currency = params["amount"], params["currency"]
    intent = payments.new_intent(peer, params, amount=amount, currency=currency, customer=customer)
    _take_method(peer, intent, params)
    return _confirm(peer, intent, params) if params.get("confirm") else peer.store.put(intent)


def _refuse_early(params: Params) -> None:
    for name in WITH_CONFIRM[:3]:
        if name in params:
            raise invalid(name, f"`{name}` can only be used when `confirm` is true.")


def _check_amount(amount: int, currency: str) -> None:
    if amount < LEAST:
        raise invalid("amount", f"Amount must be at least {LEAST / 100:.2f} {currency}", "amount_too_small")
    if amount > LARGEST_AMOUNT:
        raise invalid("amount", f"Amount must be no more than {LARGEST_AMOUNT} {currency}", "amount_too_large")


def _take_method(peer: Stripe, intent: JsonObject, params: Params) -> None:
    """Put the payment method that the request names or describes on the intent."""
    if "payment_method" in params and "payment_method_data" in params:
        raise invalid("payment_method_data", "You cannot provide both `payment_method` and `payment_method_data`.")
    if "payment_method_data" in params:
        method = payment_methods.create(peer, params["payment_method_data"])
    elif "payment_method" in params:
        method = payment_methods.resolve(peer, params["payment_method"])
    else:
        return
    payment_methods.check_usable(peer, method, intent["customer"])
    intent.update(payment_method=method["id"], status="requires_confirmation")


def _confirm(peer: Stripe, intent: JsonObject, params: Params) -> JsonObject:
    """Try to pay. Raises StripeError when the card is declined, and for an intent without one."""
    if intent["payment_method"] is None:
        message = (
            "You cannot confirm this PaymentIntent because it's missing a payment method. You can either update the "
            "PaymentIntent with a payment method and then confirm it again, or confirm it again directly with a "
            "payment method or ConfirmationToken."
        )
        raise invalid(None, message, "payment_intent_unexpected_state", payment_intent=intent)
    off_session = params.get("off_session", "false") != "false"
    if off_session and params.get("setup_future_usage") == "off_session" and intent["customer"] is None:
        raise required("customer")
    outcome = payments.attempt(
        peer,
        intent,
        peer.store.get(intent["payment_method"]),
        off_session=off_session,
        fails_on_action=off_session or params.get("error_on_requires_action", False),
        return_url=params.get("return_url"),
    )
    if outcome.status != "requires_action":
        peer.tell(INTENT_SETTLED, outcome.intent)
    if outcome.error is not None:
        raise outcome.error
    return outcome.intent


def retrieve(peer: Stripe, params: Params, id: str) -> JsonObject:
    """An intent."""
    return peer.need("payment_intent", id)


def update(peer: Stripe, params: Params, id: str) -> JsonObject:
    """New values for an intent that is not paid yet."""
    intent = peer.need("payment_intent", id)
    if intent["status"] not in payments.OPEN:
        raise payments.unexpected(intent, "update")
    customer = peer.needs("customer", params, "customer")
    values = {name: params[name] for name in UPDATE if name in params and not name.startswith("payment_method")}
    values |= {"customer": customer["id"]} if customer else {}
    if "metadata" in params:
        values["metadata"] = merged(intent["metadata"], params["metadata"])
    if "shipping" in params:
        values["shipping"] = shipping(params["shipping"])
    if "payment_method_types" in params:
        values |= {"payment_method_types": params["payment_method_types"], "automatic_payment_methods": None}
    amend(peer, intent, values, None)
    _check_amount(intent["amount"], intent["currency"])
    _take_method(peer, intent, params)
    return peer.store.put(intent)


def confirm(peer: Stripe, params: Params, id: str) -> JsonObject:
    """Try to pay an intent."""
    intent = peer.need("payment_intent", id)
    if intent["status"] not in payments.OPEN:
        raise payments.unexpected(intent, "confirm")
    if "setup_future_usage" in params:
        intent["setup_future_usage"] = params["setup_future_usage"]
    if "receipt_email" in params:
        intent["receipt_email"] = params["receipt_email"]
    _take_method(peer, intent, params)
    return _confirm(peer, intent, params)


def cancel(peer: Stripe, params: Params, id: str) -> JsonObject:
    """Give up an intent; one of an invoice ends with its invoice."""
    intent = peer.need("payment_intent", id)
    invoice = peer.store.kept(id)["invoice"]
    if invoice is not None:
        message = f"You cannot cancel this PaymentIntent because it belongs to the invoice {invoice}: void the invoice."
        raise invalid(None, message, "payment_intent_unexpected_state", payment_intent=intent)
    return payments.cancel(peer, intent, params.get("cancellation_reason"))


def capture(peer: Stripe, params: Params, id: str) -> JsonObject:
    """Take what a card was authorized for."""
    intent = peer.need("payment_intent", id)
    if intent["status"] != "requires_capture":
        raise payments.unexpected(intent, "capture")
    amount = int(params.get("amount_to_capture") or intent["amount_capturable"])
    if amount > intent["amount_capturable"]:
        raise invalid("amount_to_capture", "The amount is greater than what can be captured.", "amount_too_large")
    charges.capture(peer, peer.store.get(intent["latest_charge"]), amount)
    values = {"status": "succeeded", "amount_received": amount, "amount_capturable": 0}
    if "metadata" in params:
        values["metadata"] = merged(intent["metadata"], params["metadata"])
    return amend(peer, intent, values, "payment_intent.succeeded")


def list_all(peer: Stripe, params: Params) -> list[JsonObject]:
    """Intents that pass the filters."""
    created = params.pop("created", None)
    return [intent for intent in peer.store.select("payment_intent", **params) if within(created, intent["created"])]


ROUTES: Final = [
    Endpoint("POST", "/v1/payment_intents", create, CREATE),
    Endpoint("GET", "/v1/payment_intents", list_all, LIST, is_list=True),
    Endpoint("GET", "/v1/payment_intents/{id}", retrieve),
    Endpoint("POST", "/v1/payment_intents/{id}", update, UPDATE),
    Endpoint("POST", "/v1/payment_intents/{id}/confirm", confirm, CONFIRM),
    Endpoint("POST", "/v1/payment_intents/{id}/cancel", cancel, CANCEL),
    Endpoint("POST", "/v1/payment_intents/{id}/capture", capture, CAPTURE),
]
