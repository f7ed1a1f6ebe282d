"""The invoices of a subscription: what goes on a draft, and how the invoice is issued and collected.

https://docs.stripe.com/billing/invoices/subscription · https://docs.stripe.com/billing/subscriptions/pause-payment
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sandbox.stripe import collecting, discounting, discounts, invoice_shapes, invoicing, pending_updates, states
from sandbox.stripe.amending import amend
from sandbox.stripe.errors import StripeError
from sandbox.stripe.events import emit
from sandbox.stripe.peer import Stripe
from sandbox.stripe.periods import DAY
from sandbox.stripe.store import JsonObject

BEHAVIORS: Final = ("allow_incomplete", "default_incomplete", "error_if_incomplete", "pending_if_incomplete")


def draft(
    peer: Stripe,
    sub: JsonObject,
    reason: str,
    *,
    period: tuple[int, int],
    lines: Sequence[JsonObject] = (),
    with_loose: bool = True,
    at: int | None = None,
    **values: Any,
) -> JsonObject:
    """Store a draft for a subscription: its waiting invoice items and the lines. `sub` itself is not stored.

    It becomes the latest invoice, and coupons for one invoice are used up. `with_loose`: also the invoice items of the
    customer that belong to no subscription. `at`: as if it were made at another time than now.
    """
    customer = peer.store.get(sub["customer"])
    created = peer.store.now(sub) if at is None else at
    items = invoicing.pending(peer, sub["customer"], sub["id"], with_loose=with_loose)
    together = {
        **_values(peer, sub, created),
        "billing_reason": reason,
        "created": created,
        "period_start": period[0],
        "period_end": period[1],
        **values,
    }
    invoice = invoicing.draft(peer, customer, together, lines=lines, items=items)
    sub["latest_invoice"] = invoice["id"]
    _use_up(peer, sub, invoice)
    return invoice


def _values(peer: Stripe, sub: Mapping[str, Any], now: int) -> JsonObject:
    """What an invoice takes over from its subscription."""
    settings = sub["invoice_settings"]
    is_sent = sub["collection_method"] == "send_invoice"
    applying = discounting.reductions(peer, sub["discounts"], now)
    return {
        "automatic_tax": invoice_shapes.automatic_tax(is_enabled=sub["automatic_tax"]["enabled"]),
        "collection_method": sub["collection_method"],
        "currency": sub["currency"],
        "description": settings["description"],
        "discounts": [reduction.discount for reduction in applying],
        "due_date": now + sub["days_until_due"] * DAY if is_sent else None,
        "footer": settings["footer"],
        "parent": invoice_shapes.subscription_details(sub),
    }


def _use_up(peer: Stripe, sub: JsonObject, invoice: Mapping[str, Any]) -> None:
    """End the discounts for one invoice that took something off this one, and those whose time is over."""
    taken = {one["discount"] for one in invoice["total_discount_amounts"] if one["amount"]}
    for discount_id in list(sub["discounts"]):
        discount = peer.store.get(discount_id)
        is_once = discounts.coupon_of(peer, discount)["duration"] == "once"
        if discounting.is_over(discount, invoice["created"]) or (is_once and discount_id in taken):
            sub["discounts"].remove(discount_id)
            discounting.end(peer, discount_id)


def issue(
    peer: Stripe, sub: Mapping[str, Any], invoice: JsonObject, behavior: str, *, off_session: bool = False
) -> None:
    """Finalize a draft at once and collect it as `behavior` says; `sub` is stored. Raises StripeError for 402.

    A subscription whose collection is paused leaves it a draft, writes it off or voids it; one that is sent stays a
    draft for an hour.
    """
    if sub["pause_collection"]:
        put_aside(peer, sub, invoice)
        return
    if sub["collection_method"] == "send_invoice":
        wait(peer, invoice)
        return
    invoice = invoicing.finalize(peer, invoice)
    if behavior == "default_incomplete" and invoice["amount_due"]:
        _wait_for_confirmation(peer, invoice)
        return
    outcome = collecting.collect(peer, invoice, off_session=off_session)
    if behavior == "error_if_incomplete" and invoice["status"] != "paid":
        raise _unpaid(peer, invoice, outcome.error if outcome else collecting.no_method())


def _unpaid(peer: Stripe, invoice: JsonObject, error: StripeError | None) -> StripeError:
    """402 for a request that is undone because its invoice was not paid."""
    error = error or collecting.needs_action(peer, invoice, "subscription")
    error.is_kept = False
    return error


def _wait_for_confirmation(peer: Stripe, invoice: JsonObject) -> None:
    """The customer confirms the payment: until then a subscription that was active before is past due."""
    sub = states.subscription_for(peer, invoice)
    if sub is None or pending_updates.invoice_of(peer.store.kept(sub["id"])) == invoice["id"]:
        return
    if sub["status"] == "active":
        amend(peer, sub, {"status": "past_due"}, states.UPDATED)


def wait(peer: Stripe, invoice: JsonObject) -> None:
    """Leave a draft for an hour, so that it can still be changed."""
    at = peer.store.now(invoice) + invoicing.DRAFT_SECONDS
    amend(peer, invoice, {"automatically_finalizes_at": at}, "invoice.updated")


def put_aside(peer: Stripe, sub: Mapping[str, Any], invoice: JsonObject) -> None:
    """Do with an invoice what the pause of its subscription's collection says."""
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
    """The hour of a draft is over: finalize and collect it, or send it."""
    sub = states.subscription_for(peer, invoice)
    if sub is not None and sub["pause_collection"]:
        put_aside(peer, sub, invoice)
        return
    invoice = invoicing.finalize(peer, invoice)
    if invoice["collection_method"] == "charge_automatically" or not invoice["amount_due"]:
        collecting.collect(peer, invoice)
    else:
        emit(peer, "invoice.sent", invoice)
