"""A subscription's invoices: what goes on a draft, and how it is issued and collected.

https://docs.stripe.com/billing/invoices/subscription · https://docs.stripe.com/billing/subscriptions/pause-payment
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sandbox.stripe.account.amending import amend
from sandbox.stripe.account.peer import Stripe
from sandbox.stripe.account.store import JsonObject
from sandbox.stripe.billing import (
    collecting,
    discounting,
    discounts,
    invoice_shapes,
    invoicing,
    pending_updates,
    states,
)

BEHAVIORS: Final = ("allow_incomplete", "default_incomplete", "pending_if_incomplete")


def draft(
    peer: Stripe,
    sub: JsonObject,
    reason: str,
    *,
    period: tuple[int, int],
    lines: Sequence[JsonObject] = (),
    at: int | None = None,
    **values: Any,
) -> JsonObject:
    """Store a draft for a subscription: its pending prorations and the lines. Doesn't store `sub` itself.

    It becomes the latest invoice and uses up coupons for one invoice. `at`: as if created at another time than
    now.
    """
    customer = peer.store.get(sub["customer"])
    created = peer.store.now(sub) if at is None else at
    together = {
        **_values(peer, sub, created),
        "billing_reason": reason,
        "created": created,
        "period_start": period[0],
        "period_end": period[1],
        **values,
    }
    invoice = invoicing.draft(peer, customer, together, lines, invoicing.pending(peer, sub))
    sub["latest_invoice"] = invoice["id"]
    _use_up(peer, sub, invoice)
    return invoice


def _values(peer: Stripe, sub: Mapping[str, Any], now: int) -> JsonObject:
    """What an invoice copies from its subscription."""
    applying = discounting.reductions(peer, sub["discounts"], now)
    return {
        "automatic_tax": invoice_shapes.automatic_tax(is_enabled=sub["automatic_tax"]["enabled"]),
        "collection_method": sub["collection_method"],
        "currency": sub["currency"],
        "discounts": [reduction.discount for reduction in applying],
        "parent": invoice_shapes.subscription_details(sub),
    }


def _use_up(peer: Stripe, sub: JsonObject, invoice: Mapping[str, Any]) -> None:
    """End the once-only discounts that reduced this invoice, and those that have expired."""
    taken = {one["discount"] for one in invoice["total_discount_amounts"] if one["amount"]}
    for discount_id in list(sub["discounts"]):
        discount = peer.store.get(discount_id)
        is_once = discounts.coupon_of(peer, discount)["duration"] == "once"
        if discounting.is_over(discount, invoice["created"]) or (is_once and discount_id in taken):
            sub["discounts"].remove(discount_id)
            discounting.end(peer, discount_id)


def issue(peer: Stripe, sub: Mapping[str, Any], invoice: JsonObject, behavior: str) -> None:
    """Finalize a draft now and collect it as `behavior` says; stores `sub`.

    If the subscription's collection is paused, it is left a draft, written off or voided.
    """
    if sub["pause_collection"]:
        put_aside(peer, sub, invoice)
        return
    invoice = invoicing.finalize(peer, invoice)
    if behavior == "default_incomplete" and invoice["amount_due"]:
        _wait_for_confirmation(peer, invoice)
        return
    collecting.collect(peer, invoice, off_session=False)


def _wait_for_confirmation(peer: Stripe, invoice: JsonObject) -> None:
    """The customer must confirm the payment; until then a subscription that was active is past due."""
    sub = states.subscription_for(peer, invoice)
    if sub is None or pending_updates.invoice_of(peer.store.kept(sub["id"])) == invoice["id"]:
        return
    if sub["status"] == "active":
        amend(peer, sub, {"status": "past_due"}, states.UPDATED)


def put_aside(peer: Stripe, sub: Mapping[str, Any], invoice: JsonObject) -> None:
    """Handle an invoice as its subscription's paused collection says."""
    behavior = sub["pause_collection"]["behavior"]
    if behavior == "keep_as_draft":
        values = {"auto_advance": False, "automatically_finalizes_at": None}
        amend(peer, invoice, values, "invoice.updated")
        return
    invoice = invoicing.finalize(peer, invoice)
    if not invoice["amount_due"]:
        collecting.settle(peer, invoice)
    elif behavior == "void":
        invoicing.void(peer, invoice)
        states.after_void(peer, invoice)
    else:
        invoicing.write_off(peer, invoice)
        states.after_payment(peer, invoice)


def advance(peer: Stripe, invoice: JsonObject) -> None:
    """A draft's hour is over: finalize and collect it."""
    sub = states.subscription_for(peer, invoice)
    if sub is not None and sub["pause_collection"]:
        put_aside(peer, sub, invoice)
        return
    collecting.collect(peer, invoicing.finalize(peer, invoice))
