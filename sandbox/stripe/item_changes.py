"""The items of a subscription as a request wants them: which prices may go together, and what changes.

https://docs.stripe.com/billing/subscriptions/quantities · https://docs.stripe.com/billing/subscriptions/multiple-products

Left out: items with different intervals in one subscription, and discounts of single items.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sandbox.stripe import catalog, subscription_shapes
from sandbox.stripe.errors import invalid
from sandbox.stripe.forms import Field, Flag, Hash, Metadata, Text, Whole, merged
from sandbox.stripe.parameters import Currency
from sandbox.stripe.peer import Stripe
from sandbox.stripe.periods import interval_of
from sandbox.stripe.store import JsonObject
from sandbox.stripe.subscription_shapes import items_of

MOST: Final = 20
MOST_QUANTITY: Final = 999_999_999
PRICE_DATA: Final = Hash(
    fields={**catalog.AMOUNT, "currency": Currency(is_required=True), "product": Text(is_required=True)}
)
ITEM: Final[dict[str, Field]] = {
    "metadata": Metadata(),
    "price": Text(),
    "price_data": PRICE_DATA,
    "quantity": Whole(least=0, most=MOST_QUANTITY),
}
CHANGED_ITEM: Final[dict[str, Field]] = {**ITEM, "deleted": Flag(), "id": Text()}
Wanted = Mapping[str, Any]


@dataclass(frozen=True)
class Difference:
    """What a change of items leaves, adds and takes away; a changed item is in `gone` as it was, in `new` as it is."""

    gone: Sequence[JsonObject]
    new: Sequence[JsonObject]


def price_of(peer: Stripe, wanted: Wanted, param: str) -> JsonObject:
    """The recurring price that an item names or describes. Raises StripeError."""
    if "price_data" in wanted:
        data = wanted["price_data"]
        product = peer.need("product", data["product"], f"{param}[price_data][product]")
        price = catalog.new_price(peer, data, product["id"])
    elif "price" in wanted:
        price = peer.need("price", wanted["price"], f"{param}[price]")
    else:
        raise invalid(f"{param}[price]", f"Missing required param: {param}[price].", "parameter_missing")
    if not price["active"]:
        message = "The price specified is inactive. This field only accepts active prices."
        raise invalid(f"{param}[price]", message)
    if price["type"] != "recurring":
        message = (
            "The price specified is set to `type=one_time` but this field only accepts prices with `type=recurring`."
        )
        raise invalid(f"{param}[price]", message)
    return price


def new_item(peer: Stripe, sub: Mapping[str, Any], wanted: Wanted, period: tuple[int, int], param: str) -> JsonObject:
    """An item for a subscription, not stored yet. Raises StripeError."""
    price = price_of(peer, wanted, param)
    values = {"quantity": wanted.get("quantity", 1), "metadata": merged(None, wanted.get("metadata"))}
    item_id = peer.store.new_id("si")
    peer.store.keep(item_id, subscription=sub["id"])
    return subscription_shapes.item(item_id, price, sub["id"], period, values, peer.store.now(sub))


def check(items: Sequence[JsonObject], param: str = "items") -> None:
    """Raises StripeError for items that cannot be together in a subscription."""
    prices = [item["price"] for item in items]
    if not prices:
        message = "A subscription must have at least one active plan. All plans have been removed."
        raise invalid(param, message)
    if len(prices) > MOST:
        raise invalid(param, f"A subscription can have up to {MOST} items.")
    if len({price["currency"] for price in prices}) > 1:
        raise invalid(param, "All prices of a subscription must use the same currency.")
    if len({interval_of(price) for price in prices}) > 1:
        raise invalid(param, "The sandbox plays subscriptions whose prices all have the same interval.")
    for price in prices:
        if [one["id"] for one in prices].count(price["id"]) > 1:
            raise invalid(param, f"Cannot add multiple subscription items with the same plan: {price['id']}")


def change(peer: Stripe, sub: JsonObject, wanted: Sequence[Wanted], param: str = "items") -> Difference:
    """Put the wanted changes on a subscription that is not stored yet. Raises StripeError."""
    items = {item["id"]: item for item in items_of(sub)}
    before = copy.deepcopy(items)
    for place, one in enumerate(wanted):
        where = f"{param}[{place}]"
        item = _known(items, one, where)
        if item is None:
            made = new_item(peer, sub, one, subscription_shapes.period_of(sub), where)
            items[made["id"]] = made
        elif one.get("deleted"):
            del items[item["id"]]
        else:
            _amend(peer, item, one, where)
    check(list(items.values()), param)
    sub["items"] = subscription_shapes.items_list(sub["id"], list(items.values()))
    return Difference(
        gone=[old for old in before.values() if _terms(items.get(old["id"])) != _terms(old)],
        new=[new for new in items.values() if _terms(before.get(new["id"])) != _terms(new)],
    )


def _terms(item: Mapping[str, Any] | None) -> tuple[str, int] | None:
    """What an item's charge follows from."""
    return (item["price"]["id"], item["quantity"]) if item else None


def _known(items: Mapping[str, JsonObject], wanted: Wanted, where: str) -> JsonObject | None:
    if "id" not in wanted:
        return None
    if wanted["id"] not in items:
        raise invalid(f"{where}[id]", f"No such subscription item: '{wanted['id']}'", "resource_missing")
    return items[wanted["id"]]


def _amend(peer: Stripe, item: JsonObject, wanted: Wanted, where: str) -> None:
    if "price" in wanted or "price_data" in wanted:
        item["price"] = price_of(peer, wanted, where)
        item["plan"] = catalog.plan_of(item["price"])
    if "quantity" in wanted:
        item["quantity"] = wanted["quantity"]
    if "metadata" in wanted:
        item["metadata"] = merged(item["metadata"], wanted["metadata"])
