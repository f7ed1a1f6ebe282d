"""Which of a subscription's items are ours: the same subscription may charge for other things at Stripe.

What is not ours is shown and left alone: never counted as seats, never changed, never dropped.
https://docs.stripe.com/billing/subscriptions/multiple-products
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from billing.catalogue import plan_of_price
from billing.errors import UnknownPriceError

Json = Mapping[str, Any]


def is_ours(price: Json) -> bool:
    """Is this price in the catalogue, or was it?"""
    try:
        plan_of_price(price)
    except UnknownPriceError:
        return False
    return True


def ours(subscription: Json) -> list[Json]:
    """The items for AI employees."""
    return [item for item in subscription["items"]["data"] if is_ours(item["price"])]


def others(subscription: Json) -> list[Json]:
    """The items for something else."""
    return [item for item in subscription["items"]["data"] if not is_ours(item["price"])]


def seats(items: Sequence[Json]) -> int:
    """How many seats they are for."""
    return sum(item.get("quantity") or 0 for item in items)


def described(item: Json) -> dict[str, Any]:
    """What a page shows of something that is not ours. Amounts are text, since the column is JSON.

    The keys are in the order that Postgres returns them, short ones first, so that an unchanged item compares equal.
    """
    price = item["price"]
    cents, recurring = price.get("unit_amount"), price.get("recurring") or {}
    return {
        "usd": "" if cents is None or price.get("currency") != "usd" else str(Decimal(cents).scaleb(-2)),
        "name": str(price.get("nickname") or price.get("lookup_key") or price["id"])[:120],
        "interval": str(recurring.get("interval", "")),
        "quantity": item.get("quantity") or 1,
    }


def price_ids(items: Sequence[Json]) -> set[str]:
    """The ids of their prices."""
    return {str(item["price"]["id"]) for item in items}
