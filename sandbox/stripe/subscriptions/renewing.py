"""The end of a period: a trial ends, or the subscription renews, pauses or ends.

https://docs.stripe.com/billing/invoices/subscription · https://docs.stripe.com/billing/subscriptions/trials
"""

from __future__ import annotations

from sandbox.stripe.account.events import emit
from sandbox.stripe.account.peer import Stripe
from sandbox.stripe.account.store import JsonObject
from sandbox.stripe.billing import invoicing, issuing, item_lines, periods, states
from sandbox.stripe.billing.item_lines import Span
from sandbox.stripe.billing.periods import interval_of
from sandbox.stripe.billing.subscription_shapes import items_of, period_of
from sandbox.stripe.payments import customers
from sandbox.stripe.subscriptions import changes


def end_period(peer: Stripe, sub: JsonObject) -> None:
    """End a stored subscription's current period."""
    if sub["status"] == "trialing" and not _has_method(peer, sub):
        behavior = sub["trial_settings"]["end_behavior"]["missing_payment_method"]
        if behavior == "cancel":
            states.end(peer, sub, None)
            return
        if behavior == "pause":
            sub["status"] = "paused"
            states.save(peer, sub)
            emit(peer, "customer.subscription.paused", sub)
            return
    renew(peer, sub)


def _has_method(peer: Stripe, sub: JsonObject) -> bool:
    """Whether a subscription has a payment method."""
    own = sub["default_payment_method"] or customers.default_method(peer, peer.store.get(sub["customer"]))
    return own is not None


def renew(peer: Stripe, sub: JsonObject, at: int | None = None) -> JsonObject:
    """Start a stored subscription's next period; returns the draft of its invoice, created now or at another time."""
    old = period_of(sub)
    span = next_span(sub)
    if sub["status"] == "trialing":
        sub["status"] = "active"
    changes.set_period(sub, (span.start, span.end))
    lines = item_lines.lines(peer, sub, span)
    values = _draft_values(sub, peer.store.now(sub) if at is None else at)
    invoice = issuing.draft(peer, sub, "subscription_cycle", period=old, lines=lines, at=at, **values)
    states.save(peer, sub)
    return invoice


def next_span(sub: JsonObject) -> Span:
    """The next period, cut short if the subscription ends within it.

    An interval changed by a schedule's phase keeps the anchor: its first period is the rest of the one around that.
    """
    interval, start = interval_of(items_of(sub)[0]["price"]), period_of(sub)[1]
    whole = periods.around(sub["billing_cycle_anchor"], interval, start)
    ends = sub["cancel_at"]
    is_short = ends is not None and not sub["cancel_at_period_end"] and ends < whole[1]
    return Span(start, ends if is_short else whole[1], *whole)


def _draft_values(sub: JsonObject, now: int) -> JsonObject:
    """A renewal is a draft for an hour; if the subscription is unpaid or keeps drafts, until someone acts."""
    pause = sub["pause_collection"]
    if sub["status"] == "unpaid" or (pause and pause["behavior"] == "keep_as_draft"):
        return {"auto_advance": False}
    at = now + invoicing.DRAFT_SECONDS
    return {"automatically_finalizes_at": at, "next_payment_attempt": at}
