"""A subscription's state, cost and next step in words."""

from __future__ import annotations

from typing import Final

from sandbox.stripe.account.store import JsonObject
from sandbox.stripe.billing.periods import interval_of
from sandbox.stripe.billing.proration import price_for
from sandbox.stripe.billing.subscription_shapes import items_of, period_of
from sandbox.words import day, money

STATUSES: Final = {
    "active": ("Active", "b-ok"),
    "canceled": ("Canceled", ""),
    "incomplete": ("Incomplete", "b-warn"),
    "incomplete_expired": ("Expired", ""),
    "past_due": ("Past due", "b-warn"),
    "paused": ("Paused", ""),
    "trialing": ("Trial", "b-info"),
    "unpaid": ("Unpaid", "b-bad"),
}


def cost(sub: JsonObject) -> str:
    """What a subscription costs at each renewal, before discounts."""
    total = sum(price_for(item["price"], item["quantity"]) for item in items_of(sub))
    return f"{money(total, sub['currency'])} per {interval_of(items_of(sub)[0]['price'])}"


def when(sub: JsonObject) -> str:
    """What happens next to a subscription."""
    end = day(period_of(sub)[1])
    if sub["cancel_at"]:
        return f"Ends on {day(sub['cancel_at'])}. It will not renew."
    if sub["status"] == "trialing":
        return f"The trial ends on {end}."
    if sub["status"] in ("past_due", "unpaid", "incomplete"):
        return "A payment is overdue. Pay the open invoice."
    return "It is paused." if sub["status"] == "paused" else f"Renews on {end}."
