"""Prices, and the plans that they were called before. https://docs.stripe.com/api/prices"""

from __future__ import annotations

from typing import Final

from sandbox.stripe import catalog
from sandbox.stripe.errors import invalid, missing
from sandbox.stripe.forms import Field, Flag, Hash, Listed, Metadata, Range, Text, one_of, required, within
from sandbox.stripe.http import Endpoint, Params
from sandbox.stripe.parameters import Currency
from sandbox.stripe.peer import Stripe
from sandbox.stripe.store import JsonObject

PRODUCT: Final[dict[str, Field]] = {
    "active": Flag(),
    "id": Text(),
    "metadata": Metadata(),
    "name": Text(is_required=True),
    "statement_descriptor": Text(longest=22),
    "tax_code": Text(),
    "unit_label": Text(longest=12),
}
CREATE: Final[dict[str, Field]] = {
    **catalog.AMOUNT,
    "active": Flag(),
    "billing_scheme": one_of("per_unit"),
    "currency": Currency(is_required=True),
    "lookup_key": Text(longest=200),
    "metadata": Metadata(),
    "nickname": Text(is_clearable=True),
    "product": Text(),
    "product_data": Hash(fields=PRODUCT),
    "transfer_lookup_key": Flag(),
}
UPDATE: Final[dict[str, Field]] = {
    "active": Flag(),
    "lookup_key": Text(longest=200, is_clearable=True),
    "metadata": Metadata(),
    "nickname": Text(is_clearable=True),
    "tax_behavior": one_of(*catalog.TAX_BEHAVIORS),
    "transfer_lookup_key": Flag(),
}
LIST: Final[dict[str, Field]] = {
    "active": Flag(),
    "created": Range(),
    "currency": Currency(),
    "lookup_keys": Listed(of=Text(), most=10),
    "product": Text(),
    "recurring": Hash(fields={"interval": one_of(*catalog.INTERVALS), "usage_type": one_of("licensed", "metered")}),
    "type": one_of("one_time", "recurring"),
}
PLANS: Final[dict[str, Field]] = {"active": Flag(), "created": Range(), "product": Text()}


def create(peer: Stripe, params: Params) -> JsonObject:
    """A price of a product, or of a new one out of `product_data`."""
    if "product" in params and "product_data" in params:
        raise invalid("product_data", "You may only specify one of these parameters: product, product_data.")
    if "product_data" in params:
        return catalog.new_price(peer, params, catalog.new_product(peer, params["product_data"])["id"])
    product = peer.needs("product", params, "product")
    if product is None:
        raise required("product")
    return catalog.new_price(peer, params, product["id"])


def retrieve(peer: Stripe, params: Params, id: str) -> JsonObject:
    """A price."""
    return peer.need("price", id)


def update(peer: Stripe, params: Params, id: str) -> JsonObject:
    """New values for a price; its amount stays what it is."""
    return catalog.change_price(peer, peer.need("price", id), params)


def list_all(peer: Stripe, params: Params) -> list[JsonObject]:
    """Prices that pass the filters."""
    created, keys = params.pop("created", None), params.pop("lookup_keys", None)
    recurring = {f"recurring__{name}": value for name, value in params.pop("recurring", {}).items()}
    found = peer.store.select("price", **params, **recurring)
    return [item for item in found if within(created, item["created"]) and (keys is None or item["lookup_key"] in keys)]


def retrieve_plan(peer: Stripe, params: Params, id: str) -> JsonObject:
    """A recurring price as a plan."""
    price = peer.store.find(id)
    if price is None or price["object"] != "price" or not price["recurring"]:
        raise missing("plan", id)
    return catalog.plan_of(price)


def list_plans(peer: Stripe, params: Params) -> list[JsonObject]:
    """Recurring prices that pass the filters, as plans."""
    created = params.pop("created", None)
    found = peer.store.select("price", type="recurring", **params)
    return [catalog.plan_of(price) for price in found if within(created, price["created"])]


def _currency_options(peer: Stripe, price: JsonObject) -> JsonObject:
    """What it costs in each currency, which is one."""
    copied = ("custom_unit_amount", "tax_behavior", "unit_amount", "unit_amount_decimal")
    return {price["currency"]: {name: price[name] for name in copied}}


def _tiers(peer: Stripe, price: JsonObject) -> None:
    """None: no price here has any."""


EXPANDERS: Final = {("price", "currency_options"): _currency_options, ("price", "tiers"): _tiers}
ROUTES: Final = [
    Endpoint("POST", "/v1/prices", create, CREATE),
    Endpoint("GET", "/v1/prices", list_all, LIST, is_list=True),
    Endpoint("GET", "/v1/prices/{id}", retrieve),
    Endpoint("POST", "/v1/prices/{id}", update, UPDATE),
    Endpoint("GET", "/v1/plans", list_plans, PLANS, is_list=True),
    Endpoint("GET", "/v1/plans/{id}", retrieve_plan),
]
