"""How much discounts take off invoice lines and the charge for a subscription item.

https://docs.stripe.com/billing/subscriptions/coupons: discounts apply one after another, each to the remaining amount.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sandbox.stripe.account.errors import invalid
from sandbox.stripe.account.events import emit
from sandbox.stripe.account.peer import Stripe
from sandbox.stripe.account.store import JsonObject
from sandbox.stripe.billing import discounts
from sandbox.stripe.billing.proration import rounded, spread

Choices = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Reduction:
    """A discount that applies, with its coupon."""

    discount: str
    coupon: JsonObject

    def amounts(self, weights: Sequence[int]) -> list[int]:
        """Cents to take off each amount."""
        fitting = [max(weight, 0) for weight in weights]
        whole = sum(fitting)
        if self.coupon["percent_off"] is not None:
            off = rounded(Decimal(whole) * Decimal(str(self.coupon["percent_off"])) / 100)
        else:
            off = min(self.coupon["amount_off"], whole)
        return spread(off, fitting)


def reductions(peer: Stripe, discount_ids: Iterable[str], at: int | None = None) -> list[Reduction]:
    """The discounts, limited to those that still apply at `at` if given."""
    found = [peer.store.get(discount_id) for discount_id in discount_ids]
    applying = [discount for discount in found if at is None or not is_over(discount, at)]
    return [Reduction(discount["id"], discounts.coupon_of(peer, discount)) for discount in applying]


def is_over(discount: Mapping[str, Any], at: int) -> bool:
    """Whether a discount has ended."""
    return discount["end"] is not None and at >= discount["end"]


def reduce_lines(lines: Sequence[JsonObject], applying: Iterable[Reduction]) -> None:
    """Set on each line what the discounts take off."""
    for reduction in applying:
        weights = [net(line) if line["discountable"] else 0 for line in lines]
        for line, amount in zip(lines, reduction.amounts(weights), strict=True):
            if line["discountable"] and (amount or line["amount"]):
                line["discount_amounts"].append({"amount": amount, "discount": reduction.discount})
                line["pretax_credit_amounts"].append(_pretax(amount, reduction.discount))


def net(line: Mapping[str, Any]) -> int:
    """A line's amount after its discounts."""
    return int(line["amount"] - sum(one["amount"] for one in line["discount_amounts"]))


def _pretax(amount: int, discount: str) -> JsonObject:
    return {"amount": amount, "credit_balance_transaction": None, "discount": discount, "type": "discount"}


def totals(lines: Iterable[JsonObject]) -> dict[str, int]:
    """What each discount takes off in total."""
    sums: dict[str, int] = {}
    for line in lines:
        for one in line["discount_amounts"]:
            sums[one["discount"]] = sums.get(one["discount"], 0) + one["amount"]
    return sums


def pretax_totals(sums: Mapping[str, int]) -> list[JsonObject]:
    """The same, as credits before tax."""
    return [_pretax(amount, discount) for discount, amount in sums.items()]


def redeem_all(peer: Stripe, choices: Choices, customer: JsonObject, subscription: str) -> list[str]:
    """The ids of a subscription's discounts from a request's coupons, promotion codes or existing discounts.

    Raises StripeError for any that don't exist.
    """
    return [_redeem(peer, choice, f"discounts[{n}]", customer, subscription) for n, choice in enumerate(choices)]


def _redeem(peer: Stripe, choice: Mapping[str, Any], param: str, customer: JsonObject, subscription: str) -> str:
    if len(choice) != 1:
        raise invalid(param, "You must specify exactly one of `coupon`, `discount` and `promotion_code`.")
    if "discount" in choice:
        return str(peer.need("discount", choice["discount"], f"{param}[discount]")["id"])
    code = None
    if "promotion_code" in choice:
        code = peer.need("promotion_code", choice["promotion_code"], f"{param}[promotion_code]")
    coupon = peer.need("coupon", code["promotion"]["coupon"] if code else choice["coupon"], f"{param}[coupon]")
    made = discounts.redeem(peer, coupon, customer=customer, subscription=subscription, promotion_code=code)
    return str(made["id"])


def end(peer: Stripe, discount_id: str) -> None:
    """Send that a discount has ended; objects that refer to it keep its id."""
    emit(peer, "customer.discount.deleted", peer.store.get(discount_id))
