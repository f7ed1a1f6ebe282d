"""Promotion codes. https://docs.stripe.com/api/promotion_codes"""

from __future__ import annotations

from typing import Any, Final

from sandbox.stripe.amending import add, amend
from sandbox.stripe.discounts import is_active, usable_coupon
from sandbox.stripe.errors import invalid
from sandbox.stripe.forms import (
    Field,
    Flag,
    Hash,
    Metadata,
    Moment,
    Range,
    Text,
    Whole,
    merged,
    one_of,
    required,
    within,
)
from sandbox.stripe.http import Endpoint, Params
from sandbox.stripe.parameters import Currency, filled
from sandbox.stripe.peer import Stripe
from sandbox.stripe.store import JsonObject, random_text

RESTRICTIONS: Final[dict[str, Field]] = {
    "first_time_transaction": Flag(),
    "minimum_amount": Whole(least=1),
    "minimum_amount_currency": Currency(),
}
CREATE: Final[dict[str, Field]] = {
    "active": Flag(),
    "code": Text(longest=500),
    "customer": Text(),
    "expires_at": Moment(),
    "max_redemptions": Whole(least=1),
    "metadata": Metadata(),
    "promotion": Hash(fields={"coupon": Text(), "type": one_of("coupon", is_required=True)}, is_required=True),
    "restrictions": Hash(fields=RESTRICTIONS),
}
UPDATE: Final[dict[str, Field]] = {"active": Flag(), "metadata": Metadata()}
LIST: Final[dict[str, Field]] = {
    "active": Flag(),
    "code": Text(),
    "coupon": Text(),
    "created": Range(),
    "customer": Text(),
}


def create(peer: Stripe, params: Params) -> JsonObject:
    """A code for a coupon that may be redeemed."""
    coupon_id = params["promotion"].get("coupon")
    if coupon_id is None:
        raise required("promotion[coupon]")
    usable_coupon(peer, coupon_id, None, "promotion[coupon]")
    customer = peer.needs("customer", params, "customer")
    text = params.get("code") or random_text(8).upper()
    _check(peer, params, text)
    code = {
        "id": peer.store.new_id("promo"),
        "object": "promotion_code",
        "active": params.get("active", True),
        "code": text,
        "created": peer.store.now(),
        "customer": customer["id"] if customer else None,
        "customer_account": None,
        "expires_at": params.get("expires_at"),
        "livemode": False,
        "max_redemptions": params.get("max_redemptions"),
        "metadata": merged(None, params.get("metadata")),
        "promotion": {"coupon": coupon_id, "type": "coupon"},
        "restrictions": _restrictions(params.get("restrictions", {})),
        "times_redeemed": 0,
    }
    return add(peer, code, "promotion_code.created")


def _check(peer: Stripe, params: Params, text: str) -> None:
    if not all(character.isascii() and (character.isalnum() or character == "-") for character in text):
        raise invalid("code", "The code can only contain letters (a-z, A-Z), digits (0-9), and dashes (-).")
    if "expires_at" in params and params["expires_at"] <= peer.store.now():
        raise invalid("expires_at", "Invalid timestamp: must be in the future.")
    for other in peer.store.select("promotion_code", active=True):
        if other["code"].lower() == text.lower() and other["customer"] == params.get("customer"):
            raise invalid("code", f"An active promotion code with `code: {text}` already exists.")


def _restrictions(values: dict[str, Any]) -> dict[str, Any]:
    if ("minimum_amount" in values) != ("minimum_amount_currency" in values):
        raise required("restrictions[minimum_amount_currency]")
    amounts = filled(("minimum_amount", "minimum_amount_currency"), values)
    return {"first_time_transaction": values.get("first_time_transaction", False), **amounts}


def _current(peer: Stripe, code: JsonObject) -> JsonObject:
    """The code with `active` as it is by now."""
    return code | {"active": is_active(peer, code, peer.store.now())}


def retrieve(peer: Stripe, params: Params, id: str) -> JsonObject:
    """A promotion code."""
    return _current(peer, peer.need("promotion_code", id))


def update(peer: Stripe, params: Params, id: str) -> JsonObject:
    """Switch it on or off, or change its metadata."""
    code = peer.need("promotion_code", id)
    if params.get("active") and not is_active(peer, code | {"active": True}, peer.store.now()):
        raise invalid("active", "This promotion code cannot be activated because it or its coupon has expired.")
    if "metadata" in params:
        params["metadata"] = merged(code["metadata"], params["metadata"])
    return _current(peer, amend(peer, code, params, "promotion_code.updated"))


def list_all(peer: Stripe, params: Params) -> list[JsonObject]:
    """Promotion codes that pass the filters; `code` is compared without regard to case."""
    created, active, text = params.pop("created", None), params.pop("active", None), params.pop("code", None)
    if "coupon" in params:
        params["promotion__coupon"] = params.pop("coupon")
    found = [_current(peer, code) for code in peer.store.select("promotion_code", **params)]
    return [
        code
        for code in found
        if within(created, code["created"])
        and active in (None, code["active"])
        and (text is None or text.lower() == code["code"].lower())
    ]


ROUTES: Final = [
    Endpoint("POST", "/v1/promotion_codes", create, CREATE),
    Endpoint("GET", "/v1/promotion_codes", list_all, LIST, is_list=True),
    Endpoint("GET", "/v1/promotion_codes/{id}", retrieve),
    Endpoint("POST", "/v1/promotion_codes/{id}", update, UPDATE),
]
