"""Prices in cents per unit and period, and the older plan objects for them.

https://docs.stripe.com/api/prices · https://docs.stripe.com/api/plans/object
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sandbox.stripe.account.amending import add, amend
from sandbox.stripe.account.errors import invalid
from sandbox.stripe.account.peer import Stripe
from sandbox.stripe.account.store import JsonObject
from sandbox.stripe.api.forms import Field, Flag, Hash, Listed, Metadata, Text, Whole, merged, one_of, required
from sandbox.stripe.api.http import Endpoint, Params
from sandbox.stripe.catalog import products

LARGEST_AMOUNT: Final = 99_999_999
RECURRING: Final[dict[str, Field]] = {
    "interval": one_of("month", "year", is_required=True),
    "interval_count": Whole(least=1, most=1),
    "usage_type": one_of("licensed"),
}
TAX_BEHAVIORS: Final = ("exclusive", "inclusive", "unspecified")
COMMON: Final[dict[str, Field]] = {
    "active": Flag(),
    "metadata": Metadata(),
    "nickname": Text(is_clearable=True),
}
CREATE: Final[dict[str, Field]] = {
    **COMMON,
    "billing_scheme": one_of("per_unit"),
    "currency": one_of("usd", is_required=True),
    "lookup_key": Text(longest=200),
    "product": Text(),
    "product_data": Hash(fields={"metadata": Metadata(), "name": Text(is_required=True)}),
    "recurring": Hash(fields=RECURRING, is_required=True),
    "tax_behavior": one_of(*TAX_BEHAVIORS),
    "transfer_lookup_key": Flag(),
    "unit_amount": Whole(least=0, most=LARGEST_AMOUNT, is_required=True),
}
LIST: Final[dict[str, Field]] = {"active": Flag(), "lookup_keys": Listed(of=Text(), most=10), "product": Text()}


def create(peer: Stripe, params: Params) -> JsonObject:
    """Create a price of a product, or of a new one from `product_data`. Raises StripeError for a lookup key in use."""
    if "product" in params and "product_data" in params:
        raise invalid("product_data", "You may only specify one of these parameters: product, product_data.")
    product = peer.needs("product", params, "product")
    if "product_data" in params:
        product = products.new(peer, params["product_data"])
    if product is None:
        raise required("product")
    return _new(peer, params, product["id"])


def _new(peer: Stripe, values: Mapping[str, Any], product_id: str) -> JsonObject:
    price = {
        "id": peer.store.new_id("price"),
        "object": "price",
        "active": values.get("active", True),
        "billing_scheme": "per_unit",
        "created": peer.store.now(),
        "currency": values["currency"],
        "custom_unit_amount": None,
        "livemode": False,
        "lookup_key": _lookup_key(peer, values),
        "metadata": merged(None, values.get("metadata")),
        "nickname": values.get("nickname"),
        "product": product_id,
        "recurring": {
            "interval": values["recurring"]["interval"],
            "interval_count": 1,
            "meter": None,
            "trial_period_days": None,
            "usage_type": "licensed",
        },
        "tax_behavior": values.get("tax_behavior", "unspecified"),
        "tiers_mode": None,
        "transform_quantity": None,
        "type": "recurring",
        "unit_amount": values["unit_amount"],
        "unit_amount_decimal": str(values["unit_amount"]),
    }
    return add(peer, price, "price.created")


def _lookup_key(peer: Stripe, values: Mapping[str, Any]) -> str | None:
    """The lookup key, moved from the price that has it if `transfer_lookup_key` says so."""
    key: str | None = values.get("lookup_key")
    for other in peer.store.select("price", lookup_key=key) if key else ():
        if not values.get("transfer_lookup_key"):
            raise invalid("lookup_key", f"A price (`{other['id']}`) already uses that lookup key.")
        amend(peer, other, {"lookup_key": None}, "price.updated")
    return key


def retrieve(peer: Stripe, params: Params, id: str) -> JsonObject:
    """A price."""
    return peer.need("price", id)


def update(peer: Stripe, params: Params, id: str) -> JsonObject:
    """Change a price's labels; its amount never changes."""
    price = peer.need("price", id)
    if "metadata" in params:
        params["metadata"] = merged(price["metadata"], params["metadata"])
    return amend(peer, price, params, "price.updated")


def list_all(peer: Stripe, params: Params) -> list[JsonObject]:
    """Prices that match the filters."""
    keys = params.pop("lookup_keys", None)
    return [item for item in peer.store.select("price", **params) if keys is None or item["lookup_key"] in keys]


def plan_of(price: JsonObject) -> JsonObject:
    """A price as a plan object."""
    recurring = price["recurring"]
    same = ("active", "billing_scheme", "created", "currency", "metadata", "nickname", "product", "tiers_mode")
    return {
        "id": price["id"],
        "object": "plan",
        **{name: price[name] for name in same},
        **{
            name: recurring[name] for name in ("interval", "interval_count", "meter", "trial_period_days", "usage_type")
        },
        "amount": price["unit_amount"],
        "amount_decimal": price["unit_amount_decimal"],
        "livemode": False,
        "transform_usage": None,
    }


def _currency_options(peer: Stripe, price: JsonObject) -> JsonObject:
    """What it costs in each currency; the sandbox has only one."""
    copied = ("custom_unit_amount", "tax_behavior", "unit_amount", "unit_amount_decimal")
    return {price["currency"]: {name: price[name] for name in copied}}


def _tiers(peer: Stripe, price: JsonObject) -> None:
    """None, since prices here have no tiers."""


EXPANDERS: Final = {("price", "currency_options"): _currency_options, ("price", "tiers"): _tiers}
ROUTES: Final = [
    Endpoint("POST", "/v1/prices", create, CREATE),
    Endpoint("GET", "/v1/prices", list_all, LIST, is_list=True),
    Endpoint("GET", "/v1/prices/{id}", retrieve),
    Endpoint("POST", "/v1/prices/{id}", update, COMMON),
]
