"""The subscription items of a request: which prices can be combined, and what changes.

https://docs.stripe.com/billing/subscriptions/quantities · https://docs.stripe.com/billing/subscriptions/multiple-products

Left out: items with different intervals in one subscription, and discounts of single items.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sandbox.stripe.account.errors import invalid
from sandbox.stripe.account.peer import Stripe
from sandbox.stripe.account.store import JsonObject
from sandbox.stripe.api.forms import Field, Flag, Text, Whole
from sandbox.stripe.billing import subscription_shapes
from sandbox.stripe.billing.periods import interval_of
from sandbox.stripe.billing.subscription_shapes import items_of
from sandbox.stripe.catalog import prices

MOST: Final = 20
MOST_QUANTITY: Final = 999_999_999
ITEM: Final[dict[str, Field]] = {
    "price": Text(),
    "quantity": Whole(least=0, most=MOST_QUANTITY),
}
CHANGED_ITEM: Final[dict[str, Field]] = {**ITEM, "deleted": Flag(), "id": Text()}
Wanted = Mapping[str, Any]


@dataclass(frozen=True)
class Difference:
    """The items that a change keeps, adds and removes; a changed item is in `gone` as before and in `new` as after."""

    gone: Sequence[JsonObject]
    new: Sequence[JsonObject]


def price_of(peer: Stripe, wanted: Wanted, param: str) -> JsonObject:
    """The recurring price that an item names. Raises StripeError."""
    if "price" not in wanted:
        raise invalid(f"{param}[price]", f"Missing required param: {param}[price].", "parameter_missing")
    price = peer.need("price", wanted["price"], f"{param}[price]")
    if not price["active"]:
        message = "The price specified is inactive. This field only accepts active prices."
        raise invalid(f"{param}[price]", message)
    return price


def new_item(peer: Stripe, sub: Mapping[str, Any], wanted: Wanted, period: tuple[int, int], param: str) -> JsonObject:
    """A new subscription item, not stored yet. Raises StripeError."""
    price = price_of(peer, wanted, param)
    item_id = peer.store.new_id("si")
    made = subscription_shapes.item(item_id, price, sub["id"], period, peer.store.now(sub))
    return {**made, "quantity": wanted.get("quantity", 1)}


def check(items: Sequence[JsonObject]) -> None:
    """Raises StripeError for items that can't be in one subscription."""
    prices = [item["price"] for item in items]
    if not prices:
        message = "A subscription must have at least one active plan. All plans have been removed."
        raise invalid("items", message)
    if len(prices) > MOST:
        raise invalid("items", f"A subscription can have up to {MOST} items.")
    if len({interval_of(price) for price in prices}) > 1:
        raise invalid("items", "The sandbox only supports subscriptions whose prices all have the same interval.")
    for price in prices:
        if [one["id"] for one in prices].count(price["id"]) > 1:
            raise invalid("items", f"Cannot add multiple subscription items with the same plan: {price['id']}")


def change(peer: Stripe, sub: JsonObject, wanted: Sequence[Wanted]) -> Difference:
    """Apply the requested changes to a subscription that isn't stored yet. Raises StripeError."""
    items = {item["id"]: item for item in items_of(sub)}
    before = copy.deepcopy(items)
    for place, one in enumerate(wanted):
        where = f"items[{place}]"
        item = _known(items, one, where)
        if item is None:
            made = new_item(peer, sub, one, subscription_shapes.period_of(sub), where)
            items[made["id"]] = made
        elif one.get("deleted"):
            del items[item["id"]]
        else:
            _amend(peer, item, one, where)
    check(list(items.values()))
    sub["items"] = subscription_shapes.items_list(sub["id"], list(items.values()))
    return Difference(
        gone=[old for old in before.values() if _terms(items.get(old["id"])) != _terms(old)],
        new=[new for new in items.values() if _terms(before.get(new["id"])) != _terms(new)],
    )


def _terms(item: Mapping[str, Any] | None) -> tuple[str, int] | None:
    """What determines an item's charge."""
    return (item["price"]["id"], item["quantity"]) if item else None


def _known(items: Mapping[str, JsonObject], wanted: Wanted, where: str) -> JsonObject | None:
    if "id" not in wanted:
        return None
    if wanted["id"] not in items:
        raise invalid(f"{where}[id]", f"No such subscription item: '{wanted['id']}'", "resource_missing")
    return items[wanted["id"]]


def _amend(peer: Stripe, item: JsonObject, wanted: Wanted, where: str) -> None:
    if "price" in wanted:
        item["price"] = price_of(peer, wanted, where)
        item["plan"] = prices.plan_of(item["price"])
    if "quantity" in wanted:
        item["quantity"] = wanted["quantity"]
