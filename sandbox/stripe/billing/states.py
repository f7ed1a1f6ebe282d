"""A subscription's status, and how payments, failed payments and its end change it.

https://docs.stripe.com/billing/subscriptions/overview#subscription-statuses

A subscription's stored facts: `resumption`, the invoice to pay before a paused one resumes, and what
`pending_updates.py` stores.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sandbox.stripe.account.amending import amend
from sandbox.stripe.account.events import emit
from sandbox.stripe.account.peer import Stripe
from sandbox.stripe.account.store import JsonObject
from sandbox.stripe.billing import dunning, invoicing, pending_updates
from sandbox.stripe.billing.invoice_shapes import subscription_of
from sandbox.stripe.billing.subscription_shapes import is_over

UPDATED: Final = "customer.subscription.updated"
SETTLED: Final = frozenset({"paid", "uncollectible"})
FAILING: Final = frozenset({"past_due", "unpaid"})


def save(peer: Stripe, sub: JsonObject) -> JsonObject:
    """Store a changed subscription and send what changed, if anything."""
    return amend(peer, peer.store.get(sub["id"]), sub, UPDATED)


def subscription_for(peer: Stripe, invoice: Mapping[str, Any]) -> JsonObject | None:
    """An invoice's subscription, unless it has ended."""
    sub = peer.store.find(subscription_of(invoice))
    return None if sub is None or is_over(sub) else sub


def invoices_of(peer: Stripe, sub: Mapping[str, Any], **filters: Any) -> list[JsonObject]:
    """A subscription's invoices, newest first."""
    return peer.store.select("invoice", parent__subscription_details__subscription=sub["id"], **filters)


def is_retried(peer: Stripe, invoice: Mapping[str, Any]) -> bool:
    """Whether an invoice that couldn't be collected is retried automatically.

    Not a subscription's first invoice, and not one that an update or a resumption waits for.
    """
    sub = peer.store.find(subscription_of(invoice))
    if sub is None:
        return False
    facts = peer.store.kept(sub["id"])
    deciding = {facts.get("resumption"), pending_updates.invoice_of(facts)}
    return (
        bool(invoice["auto_advance"])
        and sub["status"] not in ("incomplete", "canceled")
        and (invoice["id"] not in deciding)
    )


def after_payment(peer: Stripe, invoice: JsonObject) -> None:
    """An invoice was paid or written off: its subscription starts, continues, resumes or applies an update."""
    sub = subscription_for(peer, invoice)
    if sub is None:
        return
    facts = peer.store.kept(sub["id"])
    if facts.get("resumption") == invoice["id"]:
        resume(peer, sub)
    elif pending_updates.invoice_of(facts) == invoice["id"]:
        pending_updates.apply(peer, sub)
    elif sub["status"] == "incomplete":
        is_trial = sub["trial_end"] is not None and sub["trial_end"] > peer.store.now(sub)
        amend(peer, sub, {"status": "trialing" if is_trial else "active"}, UPDATED)
    else:
        recover(peer, sub)


def recover(peer: Stripe, sub: JsonObject) -> None:
    """Reactivate a subscription once its latest invoice is settled."""
    if sub["status"] not in FAILING:
        return
    latest = next((one for one in invoices_of(peer, sub) if one["status"] not in ("draft", "void")), None)
    if latest is None or latest["status"] in SETTLED:
        amend(peer, sub, {"status": "active"}, UPDATED)


def resume(peer: Stripe, sub: JsonObject) -> None:
    """End a pause."""
    peer.store.keep(sub["id"], resumption=None)
    amend(peer, sub, {"status": "active"}, UPDATED)
    emit(peer, "customer.subscription.resumed", sub)


def after_failure(peer: Stripe, invoice: JsonObject, *, is_last: bool) -> None:
    """An invoice couldn't be collected; `is_last`: it won't be retried."""
    sub = subscription_for(peer, invoice)
    if sub is None or sub["status"] == "incomplete":
        return
    facts = peer.store.kept(sub["id"])
    if pending_updates.invoice_of(facts) == invoice["id"]:
        return
    if sub["status"] != "unpaid":
        amend(peer, sub, {"status": "past_due"}, UPDATED)
    if is_last and facts.get("resumption") != invoice["id"]:
        _give_up(peer, sub)


def _give_up(peer: Stripe, sub: JsonObject) -> None:
    ending = dunning.settings(peer).ending
    if ending == "cancel":
        end(peer, sub, "payment_failed")
    elif ending == "unpaid":
        amend(peer, sub, {"status": "unpaid"}, UPDATED)


def after_void(peer: Stripe, invoice: JsonObject) -> None:
    """An invoice was voided: a subscription waiting for it never starts, and an update waiting for it is dropped."""
    sub = subscription_for(peer, invoice)
    if sub is None:
        return
    facts = peer.store.kept(sub["id"])
    if pending_updates.invoice_of(facts) == invoice["id"]:
        pending_updates.forget(peer, sub)
    elif facts.get("resumption") == invoice["id"]:
        peer.store.keep(sub["id"], resumption=None)
    elif sub["status"] == "incomplete" and sub["latest_invoice"] == invoice["id"]:
        expire(peer, sub)
    else:
        recover(peer, sub)


def expire(peer: Stripe, sub: JsonObject) -> None:
    """End a subscription whose first invoice wasn't paid."""
    now = peer.store.now(sub)
    _close_invoices(peer, sub, is_void=True)
    amend(peer, sub, {"status": "incomplete_expired", "ended_at": now}, UPDATED)
    _leave_schedule(peer, sub)


def end(peer: Stripe, sub: JsonObject, reason: str | None) -> JsonObject:
    """End a subscription now. Its invoices stay as they are but are no longer collected."""
    now = peer.store.now(sub)
    pending_updates.discard(peer, sub)
    _close_invoices(peer, sub, is_void=False)
    _leave_schedule(peer, sub)
    told = sub["cancellation_details"]
    values = {
        "status": "canceled",
        "canceled_at": sub["canceled_at"] or now,
        "cancellation_details": {**told, "reason": told["reason"] or reason},
        "ended_at": now,
        "schedule": None,
    }
    return amend(peer, sub, values, "customer.subscription.deleted")


def _close_invoices(peer: Stripe, sub: JsonObject, *, is_void: bool) -> None:
    for invoice in invoices_of(peer, sub, status="open"):
        if is_void:
            invoicing.void(peer, invoice)
        else:
            amend(peer, invoice, {"auto_advance": False, "next_payment_attempt": None}, "invoice.updated")
    for invoice in invoices_of(peer, sub, status="draft"):
        values = {"auto_advance": False, "automatically_finalizes_at": None}
        amend(peer, invoice, values, "invoice.updated")


def _leave_schedule(peer: Stripe, sub: JsonObject) -> None:
    """End the schedule along with its subscription."""
    schedule = peer.store.find(sub["schedule"] or "")
    if schedule is not None and schedule["status"] in ("active", "not_started"):
        values = {"status": "canceled", "canceled_at": peer.store.now(sub), "current_phase": None}
        amend(peer, schedule, values, "subscription_schedule.canceled")
