"""Ending and resuming subscriptions by request, and what the end of a customer or of a card means for them.

https://docs.stripe.com/billing/subscriptions/cancel · https://docs.stripe.com/api/subscriptions/resume
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.stripe import billing, changes, collecting, invoicing, item_lines, pending_updates, periods, states
from sandbox.stripe.amending import amend
from sandbox.stripe.errors import invalid
from sandbox.stripe.item_lines import Span
from sandbox.stripe.peer import Stripe
from sandbox.stripe.periods import interval_of
from sandbox.stripe.store import JsonObject
from sandbox.stripe.subscription_shapes import is_over, items_of, period_of

REQUESTED = "cancellation_requested"


def cancel(peer: Stripe, sub: JsonObject, params: Mapping[str, Any]) -> JsonObject:
    """End a subscription now; `prorate` gives back what is unused, `invoice_now` invoices that and all that waits.

    Raises StripeError for one that has ended.
    """
    if is_over(sub):
        raise invalid("id", f"No such subscription: {sub['id']}", "resource_missing")
    if sub["status"] == "incomplete":
        states.expire(peer, sub)
        return sub
    pending_updates.discard(peer, sub)
    if params.get("prorate") and sub["status"] in changes.CHARGED:
        give_back(peer, sub, peer.store.now(sub))
    if params.get("invoice_now") and invoicing.pending(peer, sub["customer"], sub["id"], with_loose=False):
        _last_invoice(peer, sub)
    sub = peer.store.get(sub["id"])
    amend(peer, sub, {"cancel_at": None, "cancel_at_period_end": False, "canceled_at": None}, None)
    return states.end(peer, sub, REQUESTED, params.get("cancellation_details"))


def give_back(peer: Stripe, sub: JsonObject, at: int) -> None:
    """Credit the rest of the period of all items."""
    for item in items_of(sub):
        item_lines.give_back(peer, sub, item, at)


def _last_invoice(peer: Stripe, sub: JsonObject) -> None:
    """Invoice what waits, and collect it once: the subscription ends however that ends."""
    period = (period_of(sub)[0], peer.store.now(sub))
    invoice = billing.draft(peer, sub, "subscription_update", period=period, with_loose=False)
    states.save(peer, sub)
    billing.issue(peer, sub, invoice, "allow_incomplete")


def resume(peer: Stripe, sub: JsonObject, params: Mapping[str, Any]) -> JsonObject:
    """Let a paused subscription go on, with a new period or the one that would be current.

    Its invoice must be paid first, which is the caller's to do: nobody tries by itself, and if nobody has within 23
    hours it is voided and the subscription stays paused. An attempt that fails makes it past due.
    Raises StripeError for one that is not paused, or whose invoices are sent.
    """
    invoice = resumption(peer, sub, params)
    states.save(peer, sub)
    if invoice is None:
        states.resume(peer, sub)
        return sub
    peer.store.keep(sub["id"], resumption=invoice["id"])
    invoice = invoicing.finalize(peer, invoice)
    if not invoice["amount_due"]:
        collecting.settle(peer, invoice)
    return peer.store.get(sub["id"])


def resumption(peer: Stripe, sub: JsonObject, params: Mapping[str, Any]) -> JsonObject | None:
    """Give a paused subscription, which is not stored by that, its new period; the draft for it, unless it is free."""
    if sub["status"] != "paused":
        raise invalid(None, "You can only resume a subscription whose status is `paused`.")
    if sub["collection_method"] == "send_invoice":
        message = "You cannot resume a subscription whose `collection_method` is `send_invoice`."
        raise invalid(None, message)
    if peer.store.kept(sub["id"]).get("resumption"):
        raise invalid(None, "The subscription is being resumed: pay or void the invoice of the resumption.")
    span, period = _resumed_span(peer, sub, params), period_of(sub)
    if params.get("billing_cycle_anchor", "now") == "now":
        sub["billing_cycle_anchor"] = span.start
    changes.set_period(sub, (span.whole_start, span.end))
    if span.whole_start != span.start and params.get("proration_behavior") == "none":
        return None
    lines = item_lines.lines(peer, sub, span)
    return billing.draft(peer, sub, "subscription_update", period=(period[0], span.start), lines=lines)


def _resumed_span(peer: Stripe, sub: JsonObject, params: Mapping[str, Any]) -> Span:
    interval, now = interval_of(items_of(sub)[0]["price"]), peer.store.now(sub)
    if params.get("billing_cycle_anchor", "now") == "now":
        return Span.whole(now, periods.after(now, *interval))
    whole = periods.around(sub["billing_cycle_anchor"], *interval, now)
    at = params.get("proration_date", now)
    if not whole[0] <= at < whole[1]:
        raise invalid("proration_date", "The `proration_date` must be within the current period.")
    return Span(at, whole[1], *whole)


def customer_leaving(peer: Stripe, customer: JsonObject) -> None:
    """A customer is about to be deleted: its subscriptions end at once, and what waits for an invoice is dropped."""
    for sub in peer.store.select("subscription", customer=customer["id"]):
        if not is_over(sub):
            cancel(peer, sub, {})
    for item in peer.store.select("invoiceitem", customer=customer["id"], invoice=None):
        peer.store.remove(item["id"])


def method_leaving(peer: Stripe, method: JsonObject) -> None:
    """A payment method is about to be detached: subscriptions no longer name it."""
    for sub in peer.store.select("subscription", default_payment_method=method["id"]):
        if not is_over(sub):
            amend(peer, sub, {"default_payment_method": None}, states.UPDATED)
