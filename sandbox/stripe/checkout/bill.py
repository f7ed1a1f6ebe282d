"""What a Checkout session costs, worded for its page."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.stripe.account.peer import Stripe
from sandbox.stripe.account.store import JsonObject
from sandbox.stripe.billing.periods import DAY, interval_of
from sandbox.stripe.checkout import lines as checkout_lines
from sandbox.stripe.checkout import sessions
from sandbox.stripe.checkout.lines import Kept
from sandbox.words import day, money


@dataclass(frozen=True)
class Line:
    """One product."""

    name: str
    unit: str
    quantity: int
    total: str


@dataclass(frozen=True)
class Bill:
    """The left side of the page. `headline` says what for, `price` how much now, `then` what follows.

    With a trial, subtotal and discount are for the first payment after it, whose total is `afterwards`.
    """

    headline: str
    price: str
    rhythm: str
    then: str
    lines: tuple[Line, ...]
    subtotal: str
    discount: tuple[str, str] | None
    tax: str | None
    afterwards: str
    due: str


def bill_of(peer: Stripe, session: JsonObject) -> Bill:
    """A session's bill."""
    lines = sessions.lines_of(peer, session)
    coupon = checkout_lines.coupon_of(peer, session)
    currency = session["currency"]
    every = f"per {interval_of(lines[0]['price'])}"
    cost = money(checkout_lines.renewal(lines, coupon), currency)
    has_trial = sessions.has_trial(peer, session)
    name = _product(peer, lines[0])
    whole = checkout_lines.amounts(lines, coupon, in_trial=False)
    off = sum(amount.discount for amount in whole)
    due = money(session["amount_total"], currency)
    return Bill(
        headline=f"Try {name}" if has_trial else f"Subscribe to {name}",
        price=_free(peer, session) if has_trial else due,
        rhythm="" if has_trial else every,
        then=_then(peer, session, cost, every) if has_trial else "" if cost == due else f"Then {cost} {every}.",
        lines=tuple(_line(peer, line, currency) for line in lines),
        subtotal=money(sum(amount.subtotal for amount in whole), currency),
        discount=(_discount(coupon, currency), money(-off, currency)) if coupon else None,
        tax=money(0, currency) if session["automatic_tax"]["enabled"] else None,
        afterwards=money(sum(amount.total for amount in whole), currency) if has_trial else "",
        due=due,
    )


def _trial_days(peer: Stripe, session: JsonObject) -> int:
    return int(sessions.request_of(peer, session, "subscription_data")["trial_period_days"])


def _free(peer: Stripe, session: JsonObject) -> str:
    days = _trial_days(peer, session)
    return "1 day free" if days == 1 else f"{days} days free"


def _then(peer: Stripe, session: JsonObject, cost: str, every: str) -> str:
    end = peer.store.now(session["customer"]) + _trial_days(peer, session) * DAY
    return f"Then {cost} {every}, from {day(end)}."


def _product(peer: Stripe, line: Kept) -> str:
    return str(peer.store.get(line["price"]["product"]).get("name", "a product"))


def _line(peer: Stripe, line: Kept, currency: str) -> Line:
    price, quantity = line["price"], line["quantity"]
    each = "each " if quantity > 1 else ""
    return Line(
        name=_product(peer, line),
        unit=f"{money(price['unit_amount'], currency)} {each}per {interval_of(price)}",
        quantity=quantity,
        total=money(checkout_lines.whole(line), currency),
    )


def _discount(coupon: JsonObject, currency: str) -> str:
    """What a coupon takes off, and for how long."""
    off = f"{coupon['percent_off']:g}%" if coupon["percent_off"] else money(coupon["amount_off"], currency)
    months = coupon["duration_in_months"]
    spans = {
        "once": "once",
        "forever": "forever",
        "repeating": f"for {months} {'month' if months == 1 else 'months'}",
    }
    return f"{off} off {spans[coupon['duration']]}"
