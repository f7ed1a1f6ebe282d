"""What is sold: how products and prices are made, and the plans that prices were called before.

https://docs.stripe.com/api/products/object · https://docs.stripe.com/api/prices/object

Left out: tiers, metered usage, amounts that the customer chooses, other currencies of one price, packages of units.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from sandbox.stripe.amending import add, amend
from sandbox.stripe.errors import invalid
from sandbox.stripe.events import emit
from sandbox.stripe.forms import Field, Hash, Number, Whole, merged, one_of, required
from sandbox.stripe.parameters import LARGEST_AMOUNT
from sandbox.stripe.peer import Stripe
from sandbox.stripe.store import JsonObject

INTERVALS: Final = {"day": 1095, "week": 156, "month": 36, "year": 3}  # the most of each, which is three years
TAX_BEHAVIORS: Final = ("exclusive", "inclusive", "unspecified")
# What says how much a price is, also where a request makes a price on its way.
AMOUNT: Final[dict[str, Field]] = {
    "recurring": Hash(
        fields={
            "interval": one_of(*INTERVALS, is_required=True),
            "interval_count": Whole(least=1),
            "trial_period_days": Whole(least=0, most=730),
            "usage_type": one_of("licensed"),
        }
    ),
    "tax_behavior": one_of(*TAX_BEHAVIORS),
    "unit_amount": Whole(least=0, most=LARGEST_AMOUNT),
    "unit_amount_decimal": Number(),
}


def new_product(peer: Stripe, values: Mapping[str, Any]) -> JsonObject:
    """Store a product. Raises StripeError when its id is taken."""
    if "id" in values and peer.store.find(values["id"]):
        raise invalid("id", f"Product already exists: {values['id']}", "resource_already_exists")
    now = peer.store.now()
    product = {
        "id": values.get("id") or peer.store.new_id("prod"),
        "object": "product",
        "active": values.get("active", True),
        "created": now,
        "default_price": None,
        "description": values.get("description"),
        "images": values.get("images", []),
        "livemode": False,
        "marketing_features": values.get("marketing_features", []),
        "metadata": merged(None, values.get("metadata")),
        "name": values["name"],
        "package_dimensions": None,
        "shippable": values.get("shippable"),
        "statement_descriptor": values.get("statement_descriptor"),
        "tax_code": values.get("tax_code"),
        "type": values.get("type", "service"),
        "unit_label": values.get("unit_label"),
        "updated": now,
        "url": values.get("url"),
    }
    return add(peer, product, "product.created")


def new_price(peer: Stripe, values: Mapping[str, Any], product_id: str) -> JsonObject:
    """Store a price of a product. Raises StripeError without an amount, and for a lookup key that is taken."""
    price_id = peer.store.new_id("price")
    amount, exact = _amount(values)
    price = {
        "id": price_id,
        "object": "price",
        "active": values.get("active", True),
        "billing_scheme": "per_unit",
        "created": peer.store.now(),
        "currency": values["currency"],
        "custom_unit_amount": None,
        "livemode": False,
        "lookup_key": _lookup_key(peer, price_id, values),
        "metadata": merged(None, values.get("metadata")),
        "nickname": values.get("nickname"),
        "product": product_id,
        "recurring": _recurring(values.get("recurring")),
        "tax_behavior": values.get("tax_behavior", "unspecified"),
        "tiers_mode": None,
        "transform_quantity": None,
        "type": "recurring" if "recurring" in values else "one_time",
        "unit_amount": amount,
        "unit_amount_decimal": exact,
    }
    add(peer, price, "price.created")
    if price["recurring"]:
        emit(peer, "plan.created", plan_of(price))
    return price


def change_price(peer: Stripe, price: JsonObject, values: Mapping[str, Any]) -> JsonObject:
    """New values for a price. Raises StripeError for a lookup key that is taken, or a second tax behaviour."""
    new = {name: value for name, value in values.items() if name != "transfer_lookup_key"}
    if "metadata" in new:
        new["metadata"] = merged(price["metadata"], new["metadata"])
    if "lookup_key" in new:
        new["lookup_key"] = _lookup_key(peer, price["id"], values)
    if price["tax_behavior"] not in ("unspecified", new.get("tax_behavior", price["tax_behavior"])):
        message = "Once specified as either `inclusive` or `exclusive`, `tax_behavior` cannot be changed."
        raise invalid("tax_behavior", message)
    return amend(peer, price, new, "price.updated")


def _amount(values: Mapping[str, Any]) -> tuple[int | None, str]:
    """`unit_amount`, null for parts of a cent, and `unit_amount_decimal`."""
    if ("unit_amount" in values) == ("unit_amount_decimal" in values):
        message = "You must specify exactly one of `unit_amount` and `unit_amount_decimal`."
        raise invalid("unit_amount", message) if "unit_amount" in values else required("unit_amount")
    exact = Decimal(values.get("unit_amount", values.get("unit_amount_decimal")))
    if exact < 0:
        raise invalid("unit_amount_decimal", "This value must be greater than or equal to 0.")
    whole = int(exact) if exact == exact.to_integral_value() else None
    return whole, str(whole if whole is not None else exact.normalize())


def _recurring(values: Mapping[str, Any] | None) -> JsonObject | None:
    if values is None:
        return None
    interval, count = values["interval"], values.get("interval_count", 1)
    if count > INTERVALS[interval]:
        message = f"The maximum interval_count for interval {interval} is {INTERVALS[interval]}."
        raise invalid("recurring[interval_count]", message)
    return {
        "interval": interval,
        "interval_count": count,
        "meter": None,
        "trial_period_days": values.get("trial_period_days"),
        "usage_type": "licensed",
    }


def _lookup_key(peer: Stripe, price_id: str, values: Mapping[str, Any]) -> str | None:
    """The key, taken away from the price that has it when `transfer_lookup_key` says so."""
    key: str | None = values.get("lookup_key")
    for other in peer.store.select("price", lookup_key=key) if key else ():
        if other["id"] == price_id:
            continue
        if not values.get("transfer_lookup_key"):
            raise invalid("lookup_key", f"A price (`{other['id']}`) already uses that lookup key.")
        amend(peer, other, {"lookup_key": None}, "price.updated")
    return key


def plan_of(price: JsonObject) -> JsonObject:
    """A recurring price as the plan that it is too. https://docs.stripe.com/api/plans/object"""
    recurring = price["recurring"]
    return {
        "id": price["id"],
        "object": "plan",
        "active": price["active"],
        "amount": price["unit_amount"],
        "amount_decimal": price["unit_amount_decimal"],
        "billing_scheme": price["billing_scheme"],
        "created": price["created"],
        "currency": price["currency"],
        "interval": recurring["interval"],
        "interval_count": recurring["interval_count"],
        "livemode": False,
        "metadata": price["metadata"],
        "meter": recurring["meter"],
        "nickname": price["nickname"],
        "product": price["product"],
        "tiers_mode": price["tiers_mode"],
        "transform_usage": None,
        "trial_period_days": recurring["trial_period_days"],
        "usage_type": recurring["usage_type"],
    }
