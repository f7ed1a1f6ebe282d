"""Prorations to the second: what is credited of an earlier charge, and what the rest of a period costs.

https://docs.stripe.com/billing/subscriptions/prorations · in flexible billing mode a credit is computed from the
original charge, one credit per charge: https://docs.stripe.com/billing/subscriptions/billing-mode/compare
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from decimal import ROUND_HALF_UP, Decimal
from typing import Any


@dataclass(frozen=True)
class Debit:
    """A charge for an item: `amount` cents from `start` to `end`, valid until `until`."""

    amount: int
    start: int
    end: int
    until: int
    quantity: int
    price: str

    def unused(self, at: int) -> int:
        """The cents of it for the time after `at`."""
        since = max(at, self.start)
        return portion(self.amount, self.until - since, self.end - self.start) if since < self.until else 0

    def cut(self, at: int) -> Debit:
        """What is left when the time after `at` is credited."""
        return replace(self, until=min(self.until, max(at, self.start)))

    def as_json(self) -> dict[str, Any]:
        """As stored with the subscription's item."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Debit:
        """From stored JSON, which an earlier sandbox wrote with more keys."""
        return cls(**{field.name: values[field.name] for field in fields(cls)})


@dataclass(frozen=True)
class Credit:
    """The cents to credit for a debit, as a positive number."""

    debit: Debit
    amount: int


def portion(amount: int, seconds: int, of_seconds: int) -> int:
    """The share of `seconds` in an amount for `of_seconds`, in cents, rounded half away from zero."""
    if seconds == of_seconds:
        return amount
    return rounded(Decimal(amount) * seconds / of_seconds)


def rounded(cents: Decimal) -> int:
    """Whole cents, half away from zero, so that a charge and its credit cancel out."""
    return int(cents.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def credits(debits: Iterable[Debit], at: int) -> list[Credit]:
    """The credit for each charge for the time after `at`."""
    found = (Credit(debit, debit.unused(at)) for debit in debits)
    return [credit for credit in found if credit.amount]


def spread(total: int, weights: Sequence[int]) -> list[int]:
    """Split a total in proportion to the weights, to the cent: the largest remainders get the leftover cents."""
    whole = sum(weights)
    if not whole:
        return [0] * len(weights)
    shares = [total * weight // whole for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda place: (-(total * weights[place] % whole), place))
    for place in by_remainder[: total - sum(shares)]:
        shares[place] += 1
    return shares


def price_for(price: Mapping[str, Any], quantity: int) -> int:
    """Cents for that quantity of a price for a whole period."""
    return int(price["unit_amount"]) * quantity
