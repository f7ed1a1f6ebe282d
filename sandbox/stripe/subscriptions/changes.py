"""Changing a subscription: the prorations of a change, when a new period starts, and what is invoiced right away.

https://docs.stripe.com/billing/subscriptions/change · https://docs.stripe.com/billing/subscriptions/prorations
https://docs.stripe.com/billing/subscriptions/pending-updates
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sandbox.stripe.account.errors import invalid
from sandbox.stripe.account.peer import Stripe
from sandbox.stripe.account.store import JsonObject
from sandbox.stripe.billing import issuing, item_lines, pending_updates, periods, states
from sandbox.stripe.billing.item_lines import Span
from sandbox.stripe.billing.periods import interval_of
from sandbox.stripe.billing.subscription_shapes import is_over, items_of, period_of
from sandbox.stripe.subscriptions import item_changes, settings
from sandbox.stripe.subscriptions.item_changes import Difference

PRORATIONS: Final = ("always_invoice", "create_prorations", "none")
CHARGED: Final = frozenset({"active", "past_due", "unpaid"})
# What may change if the change waits for payment, and what may change before the first payment.
PENDING: Final = frozenset(
    {"billing_cycle_anchor", "items", "payment_behavior", "proration_behavior", "proration_date"}
)
INCOMPLETE: Final = frozenset({"default_payment_method", "metadata"})
ENDED: Final = frozenset({"metadata"})
Params = Mapping[str, Any]


@dataclass(frozen=True)
class Terms:
    """How a change is charged: with prorations or not, as of when, and what happens if its invoice isn't paid."""

    proration: str
    at: int
    behavior: str


@dataclass(frozen=True)
class Change:
    """A change that is applied except for collecting its invoice: the subscription after it, not stored yet."""

    sub: JsonObject
    invoice: JsonObject | None
    terms: Terms


def update(peer: Stripe, sub: JsonObject, params: Params) -> JsonObject:
    """Change a stored subscription as a request says, invoice what is due now, and collect it.

    Returns the subscription. Raises StripeError if that isn't allowed.
    """
    debits = pending_updates.debits(peer, sub)
    change = carry_out(peer, sub, params)
    terms, invoice = change.terms, change.invoice
    if invoice is None:
        return states.save(peer, change.sub)
    if terms.behavior == "pending_if_incomplete" and not change.sub["pause_collection"]:
        return _only_if_paid(peer, change.sub, invoice, debits, terms)
    states.save(peer, change.sub)
    issuing.issue(peer, change.sub, invoice, terms.behavior)
    return peer.store.get(sub["id"])


def carry_out(peer: Stripe, sub: JsonObject, params: Params) -> Change:
    """Apply a request to a subscription; returns it with the draft of what is invoiced now. Raises StripeError."""
    _check(sub, params)
    if "items" in params:
        pending_updates.discard(peer, sub)
    terms, changed = _terms(peer, sub, params), copy.deepcopy(sub)
    settings.put_on(peer, changed, params)
    difference = item_changes.change(peer, changed, params.get("items", []))
    if params.get("billing_cycle_anchor") == "now" and sub["status"] in CHARGED:
        return Change(changed, _begin_period(peer, sub, changed, terms), terms)
    _follow_interval(peer, changed, sub)
    return Change(changed, _prorate(peer, sub, changed, difference, terms), terms)


def _check(sub: Mapping[str, Any], params: Params) -> None:
    """Raises StripeError for changes that the subscription's state, or waiting for the payment, doesn't allow."""
    if is_over(sub) and params.keys() - ENDED:
        message = "A canceled subscription can only update its cancellation_details and metadata."
        raise invalid(None, message)
    if sub["status"] == "incomplete" and params.keys() - INCOMPLETE:
        strange = ", ".join(sorted(params.keys() - INCOMPLETE))
        raise invalid(None, f"You cannot update {strange} on a subscription whose status is `incomplete`.")
    strange = ", ".join(sorted(params.keys() - PENDING))
    if params.get("payment_behavior") == "pending_if_incomplete" and strange:
        message = f"When `payment_behavior` is set to `pending_if_incomplete`, you cannot pass: {strange}."
        raise invalid("payment_behavior", message)


def _terms(peer: Stripe, sub: Mapping[str, Any], params: Params) -> Terms:
    at, (start, end) = params.get("proration_date"), period_of(sub)
    if at is not None and not start <= at <= end:
        message = "The `proration_date` must be within the current period of the subscription."
        raise invalid("proration_date", message)
    return Terms(
        proration=params.get("proration_behavior", "create_prorations"),
        at=peer.store.now(sub) if at is None else at,
        behavior=params.get("payment_behavior", "allow_incomplete"),
    )


def _follow_interval(peer: Stripe, changed: JsonObject, sub: Mapping[str, Any]) -> None:
    """After an interval change the current period is the one around the anchor, which stays; a trial ends as before.

    https://docs.stripe.com/billing/subscriptions/billing-mode/compare
    """
    interval = interval_of(items_of(changed)[0]["price"])
    if interval == interval_of(items_of(sub)[0]["price"]) or sub["status"] not in CHARGED:
        return
    start, end = periods.around(changed["billing_cycle_anchor"], interval, peer.store.now(sub))
    set_period(changed, (max(start, sub["start_date"]), end))


def set_period(sub: JsonObject, period: tuple[int, int]) -> None:
    """Set the period of all items, and move a cancellation at the period's end along."""
    for item in items_of(sub):
        item.update(current_period_start=period[0], current_period_end=period[1])
    if sub["cancel_at_period_end"]:
        sub["cancel_at"] = period[1]


def _begin_period(peer: Stripe, sub: JsonObject, changed: JsonObject, terms: Terms) -> JsonObject:
    """Credit the rest of the old period and charge a new one that starts now; returns the draft."""
    if terms.proration != "none":
        for item in items_of(sub):
            item_lines.give_back(peer, sub, item, terms.at)
    now = peer.store.now(sub)
    end = periods.after(now, interval_of(items_of(changed)[0]["price"]))
    changed.update(billing_cycle_anchor=now)
    set_period(changed, (now, end))
    lines = item_lines.lines(peer, changed, Span.whole(now, end))
    return issuing.draft(peer, changed, "subscription_update", period=(period_of(sub)[0], now), lines=lines)


def _prorate(
    peer: Stripe, sub: JsonObject, changed: JsonObject, difference: Difference, terms: Terms
) -> JsonObject | None:
    """Credits and charges for the rest of the period, and their draft if they are invoiced right away."""
    if terms.proration == "none" or sub["status"] not in CHARGED:
        return None
    made = [line for item in difference.gone for line in item_lines.give_back(peer, sub, item, terms.at)]
    for item in difference.new:
        made += item_lines.charge_rest(peer, changed, item, _rest_of_period(changed, terms.at))
    if not made or terms.proration != "always_invoice":
        return None
    period = (period_of(sub)[0], peer.store.now(sub))
    return issuing.draft(peer, changed, "subscription_update", period=period)


def _rest_of_period(sub: Mapping[str, Any], at: int) -> Span:
    """The time from `at` to the end of the current period, as part of the whole one."""
    price = items_of(sub)[0]["price"]
    whole = periods.around(sub["billing_cycle_anchor"], interval_of(price), at)
    return Span(at, period_of(sub)[1], *whole)


def _only_if_paid(
    peer: Stripe, changed: JsonObject, invoice: JsonObject, debits: JsonObject, terms: Terms
) -> JsonObject:
    """Apply the change if its invoice is paid now; otherwise hold it on the subscription."""
    pending_updates.hold(peer, changed, invoice, debits)
    issuing.issue(peer, changed, invoice, terms.behavior)
    sub = peer.store.get(changed["id"])
    held = pending_updates.invoice_of(peer.store.kept(sub["id"]))
    return pending_updates.show(peer, sub) if held else sub
