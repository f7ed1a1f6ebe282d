"""Coupons. https://docs.stripe.com/api/coupons"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from sandbox.stripe.amending import add, amend
from sandbox.stripe.discounts import is_valid
from sandbox.stripe.errors import invalid
from sandbox.stripe.events import emit
from sandbox.stripe.forms import (
    Field,
    Hash,
    Listed,
    Metadata,
    Moment,
    Number,
    Range,
    Text,
    Whole,
    merged,
    one_of,
    required,
    within,
)
from sandbox.stripe.http import Endpoint, Params
from sandbox.stripe.parameters import LARGEST_AMOUNT, Currency
from sandbox.stripe.peer import Stripe
from sandbox.stripe.store import JsonObject, random_text

CREATE: Final[dict[str, Field]] = {
    "amount_off": Whole(least=1, most=LARGEST_AMOUNT),
    "applies_to": Hash(fields={"products": Listed(of=Text())}),
    "currency": Currency(),
    "duration": one_of("forever", "once", "repeating"),
    "duration_in_months": Whole(least=1),
    "id": Text(longest=200),
    "max_redemptions": Whole(least=1),
    "metadata": Metadata(),
    "name": Text(longest=40),
    "percent_off": Number(),
    "redeem_by": Moment(),
}
UPDATE: Final[dict[str, Field]] = {"metadata": Metadata(), "name": Text(longest=40, is_clearable=True)}
LIST: Final[dict[str, Field]] = {"created": Range()}


def create(peer: Stripe, params: Params) -> JsonObject:
    """A coupon of a percentage or an amount."""
    _check(peer, params)
    coupon_id = params.get("id") or random_text(8).upper()
    if peer.store.find(coupon_id):
        raise invalid("id", f"Coupon already exists: {coupon_id}", "resource_already_exists")
    for product in params.get("applies_to", {}).get("products", []):
        peer.need("product", product, "applies_to[products]")
    peer.store.keep(coupon_id, products=params.get("applies_to", {}).get("products", []))
    percent = params.get("percent_off")
    coupon = {
        "id": coupon_id,
        "object": "coupon",
        "amount_off": params.get("amount_off"),
        "created": peer.store.now(),
        "currency": params.get("currency") if "amount_off" in params else None,
        "duration": params.get("duration", "once"),
        "duration_in_months": params.get("duration_in_months"),
        "livemode": False,
        "max_redemptions": params.get("max_redemptions"),
        "metadata": merged(None, params.get("metadata")),
        "name": params.get("name"),
        "percent_off": None if percent is None else float(percent),
        "redeem_by": params.get("redeem_by"),
        "times_redeemed": 0,
        "valid": True,
    }
    return add(peer, coupon, "coupon.created")


def _check(peer: Stripe, params: Params) -> None:
    if ("percent_off" in params) == ("amount_off" in params):
        raise invalid("percent_off", "Must provide exactly one of `percent_off` and `amount_off`.")
    if "amount_off" in params and "currency" not in params:
        raise required("currency")
    percent = params.get("percent_off", Decimal(1))
    if not 0 < percent <= 100 or percent != round(percent, 2):
        raise invalid("percent_off", "Invalid percent_off: must be above 0, at most 100, with two decimal places.")
    if (params.get("duration") == "repeating") != ("duration_in_months" in params):
        raise invalid(
            "duration_in_months", "`duration_in_months` is required if, and only if, `duration` is repeating."
        )
    if params.get("redeem_by") and params["redeem_by"] <= peer.store.now():
        raise invalid("redeem_by", "Invalid timestamp: must be in the future.")


def _current(peer: Stripe, coupon: JsonObject) -> JsonObject:
    """The coupon with `valid` as it is by now."""
    return coupon | {"valid": is_valid(coupon, peer.store.now())}


def retrieve(peer: Stripe, params: Params, id: str) -> JsonObject:
    """A coupon."""
    return _current(peer, peer.need("coupon", id))


def update(peer: Stripe, params: Params, id: str) -> JsonObject:
    """A new name or metadata; what it is worth stays."""
    coupon = peer.need("coupon", id)
    if "metadata" in params:
        params["metadata"] = merged(coupon["metadata"], params["metadata"])
    return _current(peer, amend(peer, coupon, params, "coupon.updated"))


def list_all(peer: Stripe, params: Params) -> list[JsonObject]:
    """All coupons."""
    created = params.get("created")
    return [_current(peer, coupon) for coupon in peer.store.select("coupon") if within(created, coupon["created"])]


def delete(peer: Stripe, params: Params, id: str) -> JsonObject:
    """Forget a coupon; discounts that it has given go on."""
    coupon = peer.need("coupon", id)
    peer.store.bury(id)
    emit(peer, "coupon.deleted", coupon)
    return {"id": id, "object": "coupon", "deleted": True}


def applies_to(peer: Stripe, coupon: JsonObject) -> dict[str, Any]:
    """The products that it is for, all of them when the list is empty."""
    return {"products": peer.store.kept(coupon["id"]).get("products", [])}


ROUTES: Final = [
    Endpoint("POST", "/v1/coupons", create, CREATE),
    Endpoint("GET", "/v1/coupons", list_all, LIST, is_list=True),
    Endpoint("GET", "/v1/coupons/{id}", retrieve),
    Endpoint("POST", "/v1/coupons/{id}", update, UPDATE),
    Endpoint("DELETE", "/v1/coupons/{id}", delete),
]
EXPANDERS: Final = {("coupon", "applies_to"): applies_to}
