"""Canceling and resuming subscriptions by request, and what a deleted customer or detached card does to them.

https://docs.stripe.com/billing/subscriptions/cancel · https://docs.stripe.com/api/subscriptions/resume
"""

from __future__ import annotations

from sandbox.stripe.account.amending import amend
from sandbox.stripe.account.errors import invalid
from sandbox.stripe.account.peer import Stripe
from sandbox.stripe.account.store import JsonObject
from sandbox.stripe.billing import collecting, invoicing, issuing, item_lines, pending_updates, periods, states
from sandbox.stripe.billing.item_lines import Span
from sandbox.stripe.billing.periods import interval_of
from sandbox.stripe.billing.subscription_shapes import is_over, items_of, period_of
from sandbox.stripe.subscriptions import changes


def cancel(peer: Stripe, sub: JsonObject) -> JsonObject:
    """End a subscription now, without a refund. Raises StripeError for one that has ended."""
    if is_over(sub):
        raise invalid("id", f"No such subscription: {sub['id']}", "resource_missing")
    if sub["status"] == "incomplete":
        states.expire(peer, sub)
        return sub
    pending_updates.discard(peer, sub)
    sub = peer.store.get(sub["id"])
    amend(peer, sub, {"cancel_at": None, "cancel_at_period_end": False, "canceled_at": None}, None)
    return states.end(peer, sub, "cancellation_requested")


def resume(peer: Stripe, sub: JsonObject) -> JsonObject:
    """Resume a paused subscription with a new period.

    The caller must pay its invoice first: it isn't collected automatically, and if it isn't paid within 23 hours it is
    voided and the subscription stays paused. A failed attempt makes it past due.
    Raises StripeError for one that isn't paused.
    """
    if sub["status"] != "paused":
        raise invalid(None, "You can only resume a subscription whose status is `paused`.")
    if peer.store.kept(sub["id"]).get("resumption"):
        raise invalid(None, "The subscription is being resumed: pay or void the invoice of the resumption.")
    interval, now, old = interval_of(items_of(sub)[0]["price"]), peer.store.now(sub), period_of(sub)
    span = Span.whole(now, periods.after(now, interval))
    sub["billing_cycle_anchor"] = now
    changes.set_period(sub, (span.start, span.end))
    lines = item_lines.lines(peer, sub, span)
    invoice = issuing.draft(peer, sub, "subscription_update", period=(old[0], now), lines=lines)
    states.save(peer, sub)
    peer.store.keep(sub["id"], resumption=invoice["id"])
    invoice = invoicing.finalize(peer, invoice)
    if not invoice["amount_due"]:
        collecting.settle(peer, invoice)
    return peer.store.get(sub["id"])


def customer_leaving(peer: Stripe, customer: JsonObject) -> None:
    """A customer is about to be deleted: end its subscriptions now."""
    for sub in peer.store.select("subscription", customer=customer["id"]):
        if not is_over(sub):
            cancel(peer, sub)


def method_leaving(peer: Stripe, method: JsonObject) -> None:
    """A payment method is about to be detached: remove it from subscriptions."""
    for sub in peer.store.select("subscription", default_payment_method=method["id"]):
        if not is_over(sub):
            amend(peer, sub, {"default_payment_method": None}, states.UPDATED)
