"""The status of a subscription: what payments, their failure and the end do to it.

https://docs.stripe.com/billing/subscriptions/overview#subscription-statuses

The facts beside a subscription: `resumption`, the invoice that must be paid before a paused one goes on; and what
`pending_updates.py` keeps.
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
    """Store a changed subscription and tell what changed, if anything did."""
    return amend(peer, peer.store.get(sub["id"]), sub, UPDATED)


def subscription_for(peer: Stripe, invoice: Mapping[str, Any]) -> JsonObject | None:
    """The subscription of an invoice, unless it has ended."""
    sub = peer.store.find(subscription_of(invoice))
    return None if sub is None or is_over(sub) else sub


def invoices_of(peer: Stripe, sub: Mapping[str, Any], **filters: Any) -> list[JsonObject]:
    """The invoices of a subscription, newest first."""
    return peer.store.select("invoice", parent__subscription_details__subscription=sub["id"], **filters)


def is_retried(peer: Stripe, invoice: Mapping[str, Any]) -> bool:
    """Whether an invoice that could not be collected is tried again by itself.

    Not the first one of a subscription, nor one that decides whether an update or a resumption takes place.
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
    """An invoice has been paid, or written off: its subscription begins, goes on, resumes or takes an update on."""
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
    """Make a subscription active again once its latest invoice is settled."""
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
    """An invoice could not be collected; `is_last`: it will not be tried again."""
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
    """An invoice was voided: a subscription that waits for it never begins, an update for it is given up."""
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
    """End a subscription whose first invoice was not paid."""
    now = peer.store.now(sub)
    _close_invoices(peer, sub, is_void=True)
    amend(peer, sub, {"status": "incomplete_expired", "ended_at": now}, UPDATED)
    _leave_schedule(peer, sub)


def end(peer: Stripe, sub: JsonObject, reason: str | None) -> JsonObject:
    """End a subscription now. Its invoices stay as they are, but nobody collects them any more."""
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
    """A schedule ends with its subscription."""
    schedule = peer.store.find(sub["schedule"] or "")
    if schedule is not None and schedule["status"] in ("active", "not_started"):
        values = {"status": "canceled", "canceled_at": peer.store.now(sub), "current_phase": None}
        amend(peer, schedule, values, "subscription_schedule.canceled")
