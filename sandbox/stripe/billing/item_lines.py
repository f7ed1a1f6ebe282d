"""What a subscription's items cost: lines for whole periods, invoice items for charges and credits within one.

Each item's stored facts are its `debits`: charges that are still valid. Credits are computed from them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sandbox.stripe.account.amending import add
from sandbox.stripe.account.peer import Stripe
from sandbox.stripe.account.store import JsonObject
from sandbox.stripe.billing import invoice_shapes
from sandbox.stripe.billing.discounting import net, reductions
from sandbox.stripe.billing.periods import day_in_words, interval_of
from sandbox.stripe.billing.proration import Credit, Debit, credits, portion, price_for
from sandbox.stripe.billing.subscription_shapes import items_of
from sandbox.words import money

TIMES: Final = "\N{MULTIPLICATION SIGN}"


@dataclass(frozen=True)
class Span:
    """The time to charge for, and the whole period the price covers, which is longer when only part is charged."""

    start: int
    end: int
    whole_start: int
    whole_end: int

    @classmethod
    def whole(cls, start: int, end: int) -> Span:
        """A whole period."""
        return cls(start, end, start, end)

    @property
    def period(self) -> JsonObject:
        """As shown on a line."""
        return {"end": self.end, "start": self.start}

    def part_of(self, amount: int) -> int:
        """The span's share of the amount for a whole period."""
        return portion(amount, self.end - self.start, self.whole_end - self.whole_start)


def product_name(peer: Stripe, price: Mapping[str, Any]) -> str:
    """The name of a price's product."""
    product = peer.store.find(price["product"]) or {}
    return str(product.get("name", price["product"]))


def _counted(name: str, quantity: int) -> str:
    return name if quantity == 1 else f"{quantity} {TIMES} {name}"


def _priced(price: Mapping[str, Any]) -> str:
    """A price with its interval: $49.00 / month."""
    return f"{money(price['unit_amount'], price['currency'])} / {interval_of(price)}"


def lines(peer: Stripe, sub: Mapping[str, Any], span: Span, *, is_trial: bool = False) -> list[JsonObject]:
    """A line for each of a subscription's items, newest first; a trial is free."""
    return [_line(peer, sub, item, span, is_trial=is_trial) for item in reversed(items_of(sub))]


def _line(peer: Stripe, sub: Mapping[str, Any], item: Mapping[str, Any], span: Span, *, is_trial: bool) -> JsonObject:
    price, quantity, name = item["price"], item["quantity"], product_name(peer, item["price"])
    description = f"{quantity} {TIMES} {name} (at {_priced(price)})"
    values = {
        "amount": 0 if is_trial else span.part_of(price_for(price, quantity)),
        "description": f"Trial period for {name}" if is_trial else description,
        "discountable": True,
        "discounts": item["discounts"],
        "metadata": dict(sub["metadata"]),
        "parent": invoice_shapes.line_parent(sub["id"], item["id"]),
        "period": span.period,
        "pricing": invoice_shapes.pricing(price, price["unit_amount_decimal"]),
        "quantity": quantity,
        "subscription": sub["id"],
    }
    return invoice_shapes.line(peer.store.new_id("il"), price["currency"], values)


def charged(peer: Stripe, invoice: Mapping[str, Any]) -> None:
    """Store what an invoice charges for whole periods, since later credits are computed from it."""
    for line in invoice["lines"]["data"]:
        details = line["parent"] and line["parent"]["subscription_item_details"]
        if details and not details["proration"]:
            _remember(peer, details["subscription_item"], [_debit_of(line)])


def _debit_of(line: Mapping[str, Any]) -> Debit:
    period = line["period"]
    return Debit(
        amount=net(line),
        start=period["start"],
        end=period["end"],
        until=period["end"],
        quantity=line["quantity"],
        price=line["pricing"]["price_details"]["price"],
    )


def _remember(peer: Stripe, item_id: str, debits: Iterable[Debit]) -> None:
    peer.store.keep(item_id, debits=[debit.as_json() for debit in debits])


def debits_of(peer: Stripe, item_id: str) -> list[Debit]:
    """An item's charges that are still valid."""
    return [Debit.from_json(values) for values in peer.store.kept(item_id).get("debits", [])]


def give_back(peer: Stripe, sub: Mapping[str, Any], item: Mapping[str, Any], at: int) -> list[JsonObject]:
    """Invoice items that credit what was charged for an item's time after `at`."""
    debits = debits_of(peer, item["id"])
    _remember(peer, item["id"], [debit.cut(at) for debit in debits])
    return [_credit_item(peer, sub, item, credit, at) for credit in credits(debits, at)]


def _credit_item(peer: Stripe, sub: Mapping[str, Any], item: Mapping[str, Any], credit: Credit, at: int) -> JsonObject:
    debit = credit.debit
    price = peer.store.find(debit.price) or item["price"]
    name = _counted(product_name(peer, price), debit.quantity)
    since = max(at, debit.start)
    values = {
        "amount": -credit.amount,
        "description": f"Unused time on {name} after {day_in_words(since)}",
        "period": {"end": debit.until, "start": since},
        "pricing": invoice_shapes.pricing(price, price["unit_amount_decimal"]),
        "quantity": debit.quantity,
    }
    return _add_item(peer, sub, item["id"], values)


def charge_rest(peer: Stripe, sub: Mapping[str, Any], item: Mapping[str, Any], span: Span) -> list[JsonObject]:
    """Invoice items that charge an item for the rest of a period, at its price and quantity, less discounts."""
    price, quantity = item["price"], item["quantity"]
    amount = span.part_of(_reduced(peer, sub, item, span.start))
    if not amount:
        return []
    name = _counted(product_name(peer, price), quantity)
    values = {
        "amount": amount,
        "description": f"Remaining time on {name} after {day_in_words(span.start)}",
        "period": span.period,
        "pricing": invoice_shapes.pricing(price, price["unit_amount_decimal"]),
        "quantity": quantity,
    }
    made = _add_item(peer, sub, item["id"], values)
    debit = Debit(amount, span.start, span.end, span.end, quantity, price["id"])
    _remember(peer, item["id"], [*debits_of(peer, item["id"]), debit])
    return [made]


def _reduced(peer: Stripe, sub: Mapping[str, Any], item: Mapping[str, Any], at: int) -> int:
    """What a whole period of an item costs after the discounts that continue."""
    items = items_of(sub)
    amounts = [price_for(one["price"], one["quantity"]) for one in items]
    for reduction in reductions(peer, sub["discounts"], at):
        if reduction.coupon["duration"] != "once":
            off = reduction.amounts(amounts)
            amounts = [amount - less for amount, less in zip(amounts, off, strict=True)]
    return next(amount for one, amount in zip(items, amounts, strict=True) if one["id"] == item["id"])


def _add_item(peer: Stripe, sub: Mapping[str, Any], item_id: str, values: Mapping[str, Any]) -> JsonObject:
    customer = peer.store.get(sub["customer"])
    together = {
        **values,
        "currency": sub["currency"],
        "metadata": dict(sub["metadata"]),
        "parent": invoice_shapes.item_parent(sub["id"], item_id),
    }
    made = invoice_shapes.invoice_item(peer.store.new_id("ii"), customer, peer.store.now(customer), together)
    return add(peer, made, "invoiceitem.created")


def line_of_item(peer: Stripe, item: Mapping[str, Any]) -> JsonObject:
    """The line that an invoice item becomes."""
    parent = item["parent"]["subscription_details"]
    subscription = parent["subscription"]
    names = ("amount", "description", "discountable", "discounts", "metadata", "period", "pricing", "quantity")
    values = {
        **{name: item[name] for name in names},
        "parent": invoice_shapes.line_parent(subscription, parent["subscription_item"], invoice_item=item["id"]),
        "subscription": subscription,
    }
    return invoice_shapes.line(peer.store.new_id("il"), item["currency"], values)
