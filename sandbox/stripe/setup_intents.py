"""The calls on setup intents. https://docs.stripe.com/api/setup_intents"""

from __future__ import annotations

from typing import Final

from sandbox.stripe import payment_methods, setups
from sandbox.stripe.amending import amend
from sandbox.stripe.errors import invalid
from sandbox.stripe.forms import Field, Flag, Hash, Listed, Metadata, Range, Text, merged, one_of, within
from sandbox.stripe.http import Endpoint, Params
from sandbox.stripe.payment_intents import AUTOMATIC
from sandbox.stripe.peer import INTENT_SETTLED, Stripe
from sandbox.stripe.store import JsonObject

UPDATE: Final[dict[str, Field]] = {
    "customer": Text(),
    "description": Text(is_clearable=True),
    "metadata": Metadata(),
    "payment_method": Text(),
    "payment_method_data": Hash(fields=payment_methods.DATA),
    "payment_method_types": Listed(of=one_of("card")),
}
CONFIRM: Final[dict[str, Field]] = {
    "payment_method": Text(),
    "payment_method_data": Hash(fields=payment_methods.DATA),
    "return_url": Text(),
    "use_stripe_sdk": Flag(),
}
CREATE: Final[dict[str, Field]] = {
    **UPDATE,
    **CONFIRM,
    "automatic_payment_methods": Hash(fields=AUTOMATIC),
    "confirm": Flag(),
    "usage": one_of("off_session", "on_session"),
}
CANCEL: Final[dict[str, Field]] = {
    "cancellation_reason": one_of("abandoned", "duplicate", "requested_by_customer"),
}
LIST: Final[dict[str, Field]] = {"created": Range(), "customer": Text(), "payment_method": Text()}
ATTEMPTS: Final[dict[str, Field]] = {"created": Range(), "setup_intent": Text(is_required=True)}


def create(peer: Stripe, params: Params) -> JsonObject:
    """An intent, tried at once with `confirm`."""
    intent = setups.new_intent(peer, params, peer.needs("customer", params, "customer"))
    _take_method(peer, intent, params)
    return _confirm(peer, intent, params) if params.get("confirm") else peer.store.put(intent)


def _take_method(peer: Stripe, intent: JsonObject, params: Params) -> None:
    if "payment_method_data" in params:
        method = payment_methods.create(peer, params["payment_method_data"])
    elif "payment_method" in params:
        method = payment_methods.resolve(peer, params["payment_method"])
    else:
        return
    payment_methods.check_usable(peer, method, intent["customer"])
    intent.update(payment_method=method["id"], status="requires_confirmation")


def _confirm(peer: Stripe, intent: JsonObject, params: Params) -> JsonObject:
    if intent["payment_method"] is None:
        message = "You cannot confirm this SetupIntent because it's missing a payment method."
        raise invalid(None, message, "setup_intent_unexpected_state", setup_intent=intent)
    error = setups.attempt(peer, intent, peer.store.get(intent["payment_method"]), params.get("return_url"))
    if intent["status"] != "requires_action":
        peer.tell(INTENT_SETTLED, intent)
    if error is not None:
        raise error
    return intent


def retrieve(peer: Stripe, params: Params, id: str) -> JsonObject:
    """An intent."""
    return peer.need("setup_intent", id)


def update(peer: Stripe, params: Params, id: str) -> JsonObject:
    """New values for an intent that has not succeeded."""
    intent = peer.need("setup_intent", id)
    if intent["status"] in ("succeeded", "canceled"):
        raise setups.unexpected(intent, "update")
    customer = peer.needs("customer", params, "customer")
    values: Params = {name: params[name] for name in ("description", "payment_method_types") if name in params}
    values |= {"customer": customer["id"]} if customer else {}
    if "metadata" in params:
        values["metadata"] = merged(intent["metadata"], params["metadata"])
    amend(peer, intent, values, None)
    _take_method(peer, intent, params)
    return peer.store.put(intent)


def confirm(peer: Stripe, params: Params, id: str) -> JsonObject:
    """Try to save the card."""
    intent = peer.need("setup_intent", id)
    if intent["status"] in ("succeeded", "canceled"):
        raise setups.unexpected(intent, "confirm")
    _take_method(peer, intent, params)
    return _confirm(peer, intent, params)


def cancel(peer: Stripe, params: Params, id: str) -> JsonObject:
    """Give up an intent."""
    return setups.cancel(peer, peer.need("setup_intent", id), params.get("cancellation_reason"))


def list_all(peer: Stripe, params: Params) -> list[JsonObject]:
    """Intents that pass the filters."""
    created = params.pop("created", None)
    return [intent for intent in peer.store.select("setup_intent", **params) if within(created, intent["created"])]


def list_attempts(peer: Stripe, params: Params) -> list[JsonObject]:
    """The attempts of a setup intent."""
    created = params.pop("created", None)
    return [found for found in peer.store.select("setup_attempt", **params) if within(created, found["created"])]


ROUTES: Final = [
    Endpoint("POST", "/v1/setup_intents", create, CREATE),
    Endpoint("GET", "/v1/setup_intents", list_all, LIST, is_list=True),
    Endpoint("GET", "/v1/setup_intents/{id}", retrieve),
    Endpoint("POST", "/v1/setup_intents/{id}", update, UPDATE),
    Endpoint("POST", "/v1/setup_intents/{id}/confirm", confirm, CONFIRM),
    Endpoint("POST", "/v1/setup_intents/{id}/cancel", cancel, CANCEL),
    Endpoint("GET", "/v1/setup_attempts", list_attempts, ATTEMPTS, is_list=True),
]
