"""The line items of a Checkout session, and what they come to: today, and at each renewal.

https://docs.stripe.com/api/checkout/sessions/line_items
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sandbox.stripe import catalog, coupons, discounts
from sandbox.stripe.discounting import Reduction
from sandbox.stripe.errors import invalid
from sandbox.stripe.forms import required
from sandbox.stripe.parameters import filled
from sandbox.stripe.peer import Stripe
from sandbox.stripe.proration import price_for
from sandbox.stripe.store import JsonObject

MOST_BY_DEFAULT: Final = 99
Kept = dict[str, Any]


@dataclass(frozen=True)
class Amount:
    """What one line comes to, in the currency's smallest unit, before and after the discount."""

    subtotal: int
    discount: int

    @property
    def total(self) -> int:
        """After the discount. The account is registered for no tax, so there is none."""
        return self.subtotal - self.discount


def new_lines(peer: Stripe, items: Sequence[Mapping[str, Any]]) -> list[Kept]:
    """The lines to keep of a request's items. Raises StripeError for prices that do not go together."""
    lines = [_new_line(peer, item, f"line_items[{place}]") for place, item in enumerate(items)]
    prices = [line["price"] for line in lines]
    if len({price["currency"] for price in prices}) > 1:
        raise invalid("line_items", "All prices on a Checkout Session must have the same currency.")
    rhythms = {(p["recurring"]["interval"], p["recurring"]["interval_count"]) for p in prices if p["recurring"]}
    if not rhythms:
        raise invalid("mode", "You must provide at least one recurring price in `subscription` mode when using prices.")
    if len(rhythms) > 1:
        raise invalid("line_items", "Checkout does not support multiple prices with different billing intervals.")
    return lines


def _new_line(peer: Stripe, item: Mapping[str, Any], param: str) -> Kept:
    price = _price(peer, item, param)
    if "quantity" not in item:
        raise invalid(f"{param}[quantity]", f"Quantity is required. Add `quantity` to `{param}`", "parameter_missing")
    quantity, adjustable = item["quantity"], _adjustable(item, param)
    if quantity < 1:
        message = "This value must be greater than or equal to 1."
        raise invalid(f"{param}[quantity]", message, "parameter_invalid_integer")
    if adjustable and not adjustable["minimum"] <= quantity <= adjustable["maximum"]:
        message = "The quantity must be between the minimum and the maximum of `adjustable_quantity`."
        raise invalid(f"{param}[quantity]", message)
    metadata = item.get("metadata") or {}
    return {"id": peer.store.new_id("li"), "price": price, "quantity": quantity, "adjustable": adjustable} | {
        "metadata": metadata
    }


def _price(peer: Stripe, item: Mapping[str, Any], param: str) -> JsonObject:
    if ("price" in item) == ("price_data" in item):
        raise invalid(param, f"You must provide one of `price` or `price_data` for each line item ({param}).")
    if "price" in item:
        price = peer.need("price", item["price"], f"{param}[price]")
        if not price["active"]:
            message = f"The price specified is inactive. This field only accepts active prices. ({price['id']})"
            raise invalid(f"{param}[price]", message, "price_inactive")
        return price
    data = item["price_data"]
    if ("product" in data) == ("product_data" in data):
        raise required(f"{param}[price_data][product]")
    if "product" in data:
        product = peer.need("product", data["product"], f"{param}[price_data][product]")
    else:
        product = catalog.new_product(peer, data["product_data"])
    return catalog.new_price(peer, {**data, "active": False}, product["id"])


def _adjustable(item: Mapping[str, Any], param: str) -> JsonObject | None:
    given = item.get("adjustable_quantity")
    if not given or not given["enabled"]:
        return None
    bounds = {"minimum": given.get("minimum", 0), "maximum": given.get("maximum", MOST_BY_DEFAULT)}
    if bounds["minimum"] > bounds["maximum"]:
        name = f"{param}[adjustable_quantity][minimum]"
        raise invalid(name, "The minimum must not be greater than the maximum.")
    return {"enabled": True, **bounds}


def amounts(peer: Stripe, lines: Sequence[Kept], coupon: JsonObject | None, *, in_trial: bool) -> list[Amount]:
    """What each line comes to: at a renewal, or today, when recurring ones cost nothing while a trial lasts."""
    subtotals = [0 if in_trial and line["price"]["recurring"] else whole(line) for line in lines]
    off = [0] * len(subtotals)
    if coupon is not None:
        products = frozenset(coupons.applies_to(peer, coupon)["products"])
        off = Reduction("", coupon, products).amounts(subtotals, [line["price"]["product"] for line in lines])
    return [Amount(subtotal, discount) for subtotal, discount in zip(subtotals, off, strict=True)]


def renewal(peer: Stripe, lines: Sequence[Kept], coupon: JsonObject | None) -> int:
    """What every period costs, once the trial is over; a coupon for one payment is not counted."""
    recurring = [line for line in lines if line["price"]["recurring"]]
    lasting = coupon if coupon and coupon["duration"] != "once" else None
    return sum(amount.total for amount in amounts(peer, recurring, lasting, in_trial=False))


def whole(line: Kept) -> int:
    """A line for one period, without any discount."""
    return price_for(line["price"], line["quantity"])


def coupon_of(peer: Stripe, session: JsonObject) -> JsonObject | None:
    """The coupon that a session gives, by itself or through a promotion code."""
    for discount in session["discounts"] or ():
        code = peer.store.find(discount["promotion_code"] or "")
        coupon = peer.store.find(code["promotion"]["coupon"] if code else discount["coupon"])
        return None if coupon is None or coupon.get("deleted") else coupon
    return None


def chosen_discounts(peer: Stripe, params: Mapping[str, Any], customer: JsonObject | None) -> list[JsonObject]:
    """The session's `discounts`. Raises StripeError for what may not be redeemed."""
    chosen = []
    for place, one in enumerate(params.get("discounts", [])):
        param = f"discounts[{place}]"
        if len(one) != 1:
            raise invalid(param, "You must specify exactly one of `coupon` and `promotion_code`.")
        if "promotion_code" in one:
            discounts.usable_code(peer, one["promotion_code"], customer, param=f"{param}[promotion_code]")
        else:
            discounts.usable_coupon(peer, one["coupon"], customer, f"{param}[coupon]")
        chosen.append(filled(("coupon", "promotion_code"), one))
    return chosen


def as_items(lines: Sequence[Kept], shares: Sequence[Amount], names: Mapping[str, str]) -> list[JsonObject]:
    """The line items as the API shows them; `names` are the products' by id."""
    return [
        {
            "id": line["id"],
            "object": "item",
            "adjustable_quantity": line["adjustable"],
            "amount_discount": share.discount,
            "amount_subtotal": share.subtotal,
            "amount_tax": 0,
            "amount_total": share.total,
            "currency": line["price"]["currency"],
            "description": names[line["price"]["product"]],
            "metadata": line["metadata"],
            "price": line["price"],
            "quantity": line["quantity"],
        }
        for line, share in zip(lines, shares, strict=True)
    ]
