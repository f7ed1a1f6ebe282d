"""Subscription updates that apply only once their invoice is paid.

https://docs.stripe.com/billing/subscriptions/pending-updates · the subscription's stored facts hold, as `pending`:
the invoice, the subscription's values after the update, and what is then charged for its items.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sandbox.stripe.account.amending import amend
from sandbox.stripe.account.events import emit
from sandbox.stripe.account.peer import Stripe
from sandbox.stripe.account.store import JsonObject
from sandbox.stripe.billing import invoicing
from sandbox.stripe.billing.periods import HOUR
from sandbox.stripe.billing.subscription_shapes import items_of, period_of

EXPIRY_SECONDS: Final = 23 * HOUR
UPDATED: Final = "customer.subscription.updated"
# What such an update may change.
VALUES: Final = ("billing_cycle_anchor", "items", "status", "trial_end", "trial_start")
Debits = Mapping[str, Any]


def debits(peer: Stripe, sub: Mapping[str, Any]) -> JsonObject:
    """What is charged for each item, to restore later."""
    return {item["id"]: peer.store.kept(item["id"]).get("debits", []) for item in items_of(sub)}


def restore(peer: Stripe, kept: Debits) -> None:
    """Restore what is charged for each item."""
    for item_id, values in kept.items():
        peer.store.keep(item_id, debits=values)


def hold(peer: Stripe, changed: JsonObject, invoice: JsonObject, debits_before: Debits) -> None:
    """Hold an update until its invoice is paid; the stored subscription is still unchanged."""
    after = {"invoice": invoice["id"], "values": {name: changed[name] for name in VALUES}}
    peer.store.keep(changed["id"], pending={**after, "debits": debits(peer, changed)})
    restore(peer, debits_before)


def show(peer: Stripe, sub: JsonObject) -> JsonObject:
    """Show a held update on the subscription: its invoice wasn't paid right away."""
    held = peer.store.kept(sub["id"])["pending"]
    values, now = held["values"], peer.store.now(sub)
    ends = [now + EXPIRY_SECONDS, period_of(sub)[1], *([sub["trial_end"]] if sub["status"] == "trialing" else [])]
    is_same_anchor = values["billing_cycle_anchor"] == sub["billing_cycle_anchor"]
    pending = {
        "billing_cycle_anchor": None if is_same_anchor else values["billing_cycle_anchor"],
        "discount": None,
        "discounts": None,
        "expires_at": min(ends),
        "metadata": None,
        "subscription_items": values["items"]["data"],
        "trial_end": values["trial_end"] if values["trial_end"] != sub["trial_end"] else None,
        "trial_from_plan": None,
    }
    return amend(peer, sub, {"latest_invoice": held["invoice"], "pending_update": pending}, UPDATED)


def invoice_of(facts: Mapping[str, Any]) -> str | None:
    """The invoice that an update waits for, from its subscription's facts."""
    held = facts.get("pending")
    return held["invoice"] if held else None


def apply(peer: Stripe, sub: JsonObject) -> JsonObject:
    """Apply a held update: its invoice was paid."""
    held = peer.store.kept(sub["id"])["pending"]
    was_shown = sub["pending_update"] is not None
    peer.store.keep(sub["id"], pending=None)
    restore(peer, held["debits"])
    values = {**held["values"], "latest_invoice": held["invoice"], "pending_update": None}
    amend(peer, sub, values, UPDATED)
    if was_shown:
        emit(peer, "customer.subscription.pending_update_applied", sub)
    return sub


def forget(peer: Stripe, sub: JsonObject) -> None:
    """Drop a held update whose invoice is already void."""
    peer.store.keep(sub["id"], pending=None)
    if sub["pending_update"] is not None:
        amend(peer, sub, {"pending_update": None}, UPDATED)
        emit(peer, "customer.subscription.pending_update_expired", sub)


def discard(peer: Stripe, sub: JsonObject) -> None:
    """Drop the held update, if any, and void its invoice."""
    invoice = peer.store.find(invoice_of(peer.store.kept(sub["id"])) or "")
    if invoice is None:
        return
    if invoice["status"] == "open":
        invoicing.void(peer, invoice)
    forget(peer, sub)
