"""What discounts take off: from the lines of an invoice, and from the charge for one item of a subscription.

https://docs.stripe.com/billing/subscriptions/coupons: discounts apply one after the other, each to what is left.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sandbox.stripe import coupons, discounts
from sandbox.stripe.errors import invalid
from sandbox.stripe.events import emit
from sandbox.stripe.peer import Stripe
from sandbox.stripe.proration import rounded, spread
from sandbox.stripe.store import JsonObject

Choices = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Reduction:
    """A discount that applies: its coupon and the products that it is for, all of them when there are none."""

    discount: str
    coupon: JsonObject
    products: frozenset[str]

    def amounts(self, weights: Sequence[int], products: Sequence[str | None]) -> list[int]:
        """Cents to take off each of some amounts, whose products are given beside them."""
        fitting = [self._weight(weight, product) for weight, product in zip(weights, products, strict=True)]
        whole = sum(fitting)
        if self.coupon["percent_off"] is not None:
            off = rounded(Decimal(whole) * Decimal(str(self.coupon["percent_off"])) / 100)
        else:
            off = min(self.coupon["amount_off"], whole)
        return spread(off, fitting)

    def _weight(self, weight: int, product: str | None) -> int:
        return max(weight, 0) if not self.products or product in self.products else 0


def reductions(peer: Stripe, discount_ids: Iterable[str], at: int | None = None) -> list[Reduction]:
    """Some discounts, or those out of them that still apply at a time."""
    found = [peer.store.get(discount_id) for discount_id in discount_ids]
    return [_reduction(peer, discount) for discount in found if at is None or not is_over(discount, at)]


def is_over(discount: Mapping[str, Any], at: int) -> bool:
    """Whether the time of a discount is over."""
    return discount["end"] is not None and at >= discount["end"]


def _reduction(peer: Stripe, discount: JsonObject) -> Reduction:
    coupon = discounts.coupon_of(peer, discount)
    return Reduction(discount["id"], coupon, frozenset(coupons.applies_to(peer, coupon)["products"]))


def reduce_lines(lines: Sequence[JsonObject], applying: Iterable[Reduction]) -> None:
    """Write on each line what the discounts take off it."""
    products = [_product(line) for line in lines]
    for reduction in applying:
        weights = [_left(line) if line["discountable"] else 0 for line in lines]
        for line, amount in zip(lines, reduction.amounts(weights, products), strict=True):
            if line["discountable"] and (amount or line["amount"]):
                line["discount_amounts"].append({"amount": amount, "discount": reduction.discount})
                line["pretax_credit_amounts"].append(_pretax(amount, reduction.discount))


def _product(line: JsonObject) -> str | None:
    return str(line["pricing"]["price_details"]["product"]) if line["pricing"] else None


def _left(line: JsonObject) -> int:
    return net(line) if line["amount"] > 0 else 0


def net(line: Mapping[str, Any]) -> int:
    """A line's amount after its discounts."""
    return int(line["amount"] - sum(one["amount"] for one in line["discount_amounts"]))


def _pretax(amount: int, discount: str) -> JsonObject:
    return {"amount": amount, "credit_balance_transaction": None, "discount": discount, "type": "discount"}


def totals(lines: Iterable[JsonObject]) -> dict[str, int]:
    """What each discount takes off altogether."""
    sums: dict[str, int] = {}
    for line in lines:
        for one in line["discount_amounts"]:
            sums[one["discount"]] = sums.get(one["discount"], 0) + one["amount"]
    return sums


def pretax_totals(sums: Mapping[str, int]) -> list[JsonObject]:
    """The same, as credits before tax."""
    return [_pretax(amount, discount) for discount, amount in sums.items()]


def redeem_all(peer: Stripe, choices: Choices, customer: JsonObject, currency: str, **place: Any) -> list[str]:
    """The ids of discounts for what a request names: coupons, promotion codes, or discounts that are there already.

    `place` says where they belong, such as `subscription`. Raises StripeError for what may not be redeemed.
    """
    return [_redeem(peer, choice, f"discounts[{n}]", customer, currency, place) for n, choice in enumerate(choices)]


def _redeem(
    peer: Stripe, choice: Mapping[str, Any], param: str, customer: JsonObject, currency: str, place: Mapping[str, Any]
) -> str:
    if len(choice) != 1:
        raise invalid(param, "You must specify exactly one of `coupon`, `discount` and `promotion_code`.")
    if "discount" in choice:
        return str(peer.need("discount", choice["discount"], f"{param}[discount]")["id"])
    code = None
    if "promotion_code" in choice:
        code = discounts.usable_code(peer, choice["promotion_code"], customer, param=f"{param}[promotion_code]")
    coupon_id = code["promotion"]["coupon"] if code else choice["coupon"]
    coupon = discounts.usable_coupon(peer, coupon_id, customer, f"{param}[coupon]")
    if coupon["currency"] not in (None, currency):
        message = f"The coupon's currency ({coupon['currency']}) is not the currency of the subscription ({currency})."
        raise invalid(param, message)
    discount = discounts.redeem(peer, coupon, customer=customer, promotion_code=code, **place)
    return str(discount["id"])


def end(peer: Stripe, discount_id: str) -> None:
    """Tell that a discount is over; what refers to it keeps its id."""
    emit(peer, "customer.discount.deleted", peer.store.get(discount_id))
