"""Which of a subscription's items are ours: somebody at Stripe may charge other things by the same subscription.

What is not ours is shown and left alone: never counted as seats, never changed, never given up.
https://docs.stripe.com/billing/subscriptions/multiple-products
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from billing.catalogue import plan_of_price
from billing.errors import UnknownPriceError

Json = Mapping[str, Any]


def is_ours(price: Json) -> bool:
    """Is this a price of the catalogue, now or before?"""
    try:
        plan_of_price(price)
    except UnknownPriceError:
        return False
    return True


def ours(subscription: Json) -> list[Json]:
    """The items of AI employees."""
    return [item for item in subscription["items"]["data"] if is_ours(item["price"])]


def others(subscription: Json) -> list[Json]:
    """The items of something else."""
    return [item for item in subscription["items"]["data"] if not is_ours(item["price"])]


def seats(items: Sequence[Json]) -> int:
    """How many they are for."""
    return sum(item.get("quantity") or 0 for item in items)


def described(item: Json) -> dict[str, Any]:
    """What a page tells of something that is not ours: amounts as text, for the row is JSON.

    The names stand in the order in which Postgres gives them back, the short ones first: nothing has changed then.
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
    """The prices that they have."""
    return {str(item["price"]["id"]) for item in items}
