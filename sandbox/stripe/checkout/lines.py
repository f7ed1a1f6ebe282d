"""A Checkout session's line items, and what they cost today and at each renewal.

https://docs.stripe.com/api/checkout/sessions/line_items
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sandbox.stripe.account.errors import invalid
from sandbox.stripe.account.peer import Stripe
from sandbox.stripe.account.store import JsonObject
from sandbox.stripe.billing.discounting import Reduction
from sandbox.stripe.billing.periods import interval_of
from sandbox.stripe.billing.proration import price_for

Kept = dict[str, Any]


@dataclass(frozen=True)
class Amount:
    """What one line costs, in cents, before and after the discount."""

    subtotal: int
    discount: int

    @property
    def total(self) -> int:
        """After the discount. There is no tax, since the account has no tax registration."""
        return self.subtotal - self.discount


def new_lines(peer: Stripe, items: Sequence[Mapping[str, Any]]) -> list[Kept]:
    """The lines to store for a request's items. Raises StripeError for prices that can't be combined."""
    lines = [_new_line(peer, item, f"line_items[{place}]") for place, item in enumerate(items)]
    if not lines:
        raise invalid("line_items", "You must provide at least one line item.")
    if len({interval_of(line["price"]) for line in lines}) > 1:
        raise invalid("line_items", "Checkout does not support multiple prices with different billing intervals.")
    return lines


def _new_line(peer: Stripe, item: Mapping[str, Any], param: str) -> Kept:
    price = peer.need("price", item["price"], f"{param}[price]")
    if not price["active"]:
        message = f"The price specified is inactive. This field only accepts active prices. ({price['id']})"
        raise invalid(f"{param}[price]", message, "price_inactive")
    return {"id": peer.store.new_id("li"), "price": price, "quantity": item["quantity"]}


def amounts(lines: Sequence[Kept], coupon: JsonObject | None, *, in_trial: bool) -> list[Amount]:
    """What each line costs at a renewal, or today, which is nothing during a trial."""
    subtotals = [0 if in_trial else whole(line) for line in lines]
    off = Reduction("", coupon).amounts(subtotals) if coupon is not None else [0] * len(subtotals)
    return [Amount(subtotal, discount) for subtotal, discount in zip(subtotals, off, strict=True)]


def renewal(lines: Sequence[Kept], coupon: JsonObject | None) -> int:
    """What each period costs after the trial; ignores a coupon for one payment."""
    lasting = coupon if coupon and coupon["duration"] != "once" else None
    return sum(amount.total for amount in amounts(lines, lasting, in_trial=False))


def whole(line: Kept) -> int:
    """A line for one period, without any discount."""
    return price_for(line["price"], line["quantity"])


def coupon_of(peer: Stripe, session: JsonObject) -> JsonObject | None:
    """The coupon of a session's promotion code."""
    for discount in session["discounts"] or ():
        return peer.store.get(peer.store.get(discount["promotion_code"])["promotion"]["coupon"])
    return None


def as_items(peer: Stripe, lines: Sequence[Kept], shares: Sequence[Amount]) -> list[JsonObject]:
    """The line items as the API shows them."""
    return [
        {
            "id": line["id"],
            "object": "item",
            "adjustable_quantity": None,
            "amount_discount": share.discount,
            "amount_subtotal": share.subtotal,
            "amount_tax": 0,
            "amount_total": share.total,
            "currency": line["price"]["currency"],
            "description": peer.store.get(line["price"]["product"]).get("name", ""),
            "metadata": {},
            "price": line["price"],
            "quantity": line["quantity"],
        }
        for line, share in zip(lines, shares, strict=True)
    ]
