"""Previews of invoices: the change is carried out, its invoice drafted, and all of it undone.

https://docs.stripe.com/api/invoices/create_preview · so a preview is the invoice that the same request would make, to
the cent, when it names the same `proration_date`.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any, Final, NoReturn

from sandbox.stripe import (
    billing,
    changes,
    creating,
    ending,
    invoice_items,
    invoicing,
    item_changes,
    phases,
    renewing,
    schedule_shapes,
    states,
    subscription_settings,
)
from sandbox.stripe.errors import StripeError, invalid
from sandbox.stripe.forms import Field, Flag, Hash, Listed, Metadata, Moment, Text, Whole, merged, one_of, required
from sandbox.stripe.parameters import Currency
from sandbox.stripe.peer import Stripe
from sandbox.stripe.store import JsonObject, random_text
from sandbox.stripe.subscription_shapes import is_over, period_of

DETAILS: Final[dict[str, Field]] = {
    "billing_cycle_anchor": Moment(words=("now", "unchanged")),
    "cancel_at": Moment(words=subscription_settings.PERIOD_ENDS, is_clearable=True),
    "cancel_at_period_end": Flag(),
    "cancel_now": Flag(),
    "items": Listed(of=Hash(fields=item_changes.CHANGED_ITEM), most=item_changes.MOST),
    "proration_behavior": one_of(*changes.PRORATIONS),
    "proration_date": Moment(),
    "resume_at": one_of("now"),
    "trial_end": Moment(words=("now",)),
}
ONE_ITEM: Final[dict[str, Field]] = {
    "amount": Whole(),
    "currency": Currency(),
    "description": Text(),
    "discountable": Flag(),
    "metadata": Metadata(),
    "quantity": Whole(least=0),
}
CREATE: Final[dict[str, Field]] = {
    "automatic_tax": subscription_settings.AUTOMATIC_TAX,
    "currency": Currency(),
    "customer": Text(),
    "discounts": subscription_settings.DISCOUNTS,
    "invoice_items": Listed(of=Hash(fields=ONE_ITEM), most=250),
    "preview_mode": one_of("next"),
    "subscription": Text(),
    "subscription_details": Hash(fields=DETAILS),
}
# Of these, what a subscription that is not there yet can be previewed with.
FOR_NEW: Final = frozenset(
    {"billing_cycle_anchor", "cancel_at", "cancel_at_period_end", "items", "proration_behavior", "trial_end"}
)
Params = Mapping[str, Any]


class UndoneError(Exception):
    """Carries the previewed invoice out of the transaction that it undoes."""

    def __init__(self, invoice: JsonObject) -> None:
        super().__init__(invoice["id"])
        self.invoice = invoice


def create(peer: Stripe, params: Params) -> JsonObject:
    """The invoice that a change, a new subscription, or the next renewal would make. Raises StripeError."""
    try:
        _make_and_undo(peer, params)
    except UndoneError as made:
        return _shown(made.invoice, params)


def _make_and_undo(peer: Stripe, params: Params) -> NoReturn:
    with peer.store.transaction():
        raise UndoneError(_preview(peer, params))


def upcoming(peer: Stripe, sub: JsonObject) -> JsonObject:
    """The invoice of a subscription's next renewal, without an id: what invoice.upcoming tells."""
    invoice = create(peer, {"subscription": sub["id"]})
    del invoice["id"]
    return invoice


def _preview(peer: Stripe, params: Params) -> JsonObject:
    details = params.get("subscription_details", {})
    sub = peer.needs("subscription", params, "subscription")
    customer = peer.needs("customer", params, "customer") or (sub and peer.store.get(sub["customer"]))
    if customer is None:
        raise required("customer")
    if sub is not None and (is_over(sub) or sub["customer"] != customer["id"]):
        raise none_upcoming(customer["id"])
    for one in params.get("invoice_items", []):
        _add_item(peer, customer, one)
    if sub is not None:
        return _of_subscription(peer, sub, params, details)
    if details.get("items"):
        return _of_new(peer, customer, params, details)
    return _of_pending(peer, customer)


def none_upcoming(customer: str) -> StripeError:
    """404: nothing will be invoiced."""
    return StripeError(404, "invalid_request_error", f"No upcoming invoices for customer: {customer}", NONE_UPCOMING)


NONE_UPCOMING: Final = "invoice_upcoming_none"


def _add_item(peer: Stripe, customer: JsonObject, wanted: Params) -> None:
    values = {**wanted, "currency": wanted.get("currency") or customer["currency"] or "usd"}
    if "amount" not in wanted:
        raise required("invoice_items[amount]")
    invoice_items.add_item(peer, customer, {**values, "metadata": merged(None, wanted.get("metadata"))})


def _of_new(peer: Stripe, customer: JsonObject, params: Params, details: Params) -> JsonObject:
    """The first invoice of a subscription that is not there yet."""
    strange = details.keys() - FOR_NEW
    if strange:
        raise invalid(f"subscription_details[{min(strange)}]", "This parameter needs a `subscription`.")
    settings = {name: params[name] for name in ("automatic_tax", "currency", "discounts") if name in params}
    values = {**settings, **details, "customer": customer["id"], "payment_behavior": "default_incomplete"}
    return creating.draft(peer, values)[1]


def _of_pending(peer: Stripe, customer: JsonObject) -> JsonObject:
    """The invoice of what waits for a customer without a subscription."""
    items = invoicing.pending(peer, customer["id"], None)
    if not items:
        raise none_upcoming(customer["id"])
    now = peer.store.now(customer)
    values = {"billing_reason": "manual", "currency": items[0]["currency"], "period_end": now, "period_start": now}
    return invoicing.draft(peer, customer, values, items=items)


def _of_subscription(peer: Stripe, sub: JsonObject, params: Params, details: Params) -> JsonObject:
    """What a change invoices at once, or else the renewal after it."""
    if details.get("cancel_now"):
        return _of_end(peer, sub, details)
    if details.get("resume_at"):
        return _of_resumption(peer, sub, details)
    changed = {name: value for name, value in details.items() if name not in ("cancel_now", "resume_at")}
    changed |= {name: params[name] for name in ("automatic_tax", "discounts") if name in params}
    change = changes.carry_out(peer, sub, changed)
    if change.invoice is not None:
        return change.invoice
    return _of_renewal(peer, states.save(peer, change.sub))


def _of_resumption(peer: Stripe, sub: JsonObject, details: Params) -> JsonObject:
    names = ("billing_cycle_anchor", "proration_behavior", "proration_date")
    invoice = ending.resumption(peer, sub, {name: details[name] for name in names if name in details})
    if invoice is None:
        raise none_upcoming(sub["customer"])
    return invoice


def _of_end(peer: Stripe, sub: JsonObject, details: Params) -> JsonObject:
    """The invoice of an immediate end, with credits unless it is said otherwise."""
    if details.get("proration_behavior") != "none":
        ending.give_back(peer, sub, details.get("proration_date", peer.store.now(sub)))
    if not invoicing.pending(peer, sub["customer"], sub["id"], with_loose=False):
        raise none_upcoming(sub["customer"])
    period = (period_of(sub)[0], peer.store.now(sub))
    return billing.draft(peer, sub, "subscription_update", period=period, with_loose=False)


def _of_renewal(peer: Stripe, sub: JsonObject) -> JsonObject:
    end = period_of(sub)[1]
    ends = sub["cancel_at"]
    if sub["status"] == "paused" or (ends is not None and ends <= end):
        raise none_upcoming(sub["customer"])
    _enter_next_phase(peer, sub, end)
    return renewing.renew(peer, peer.store.get(sub["id"]), end)


def _enter_next_phase(peer: Stripe, sub: JsonObject, end: int) -> None:
    """What a schedule changes at the period's end is part of the renewal."""
    schedule = peer.store.find(sub["schedule"] or "")
    following = schedule and schedule_shapes.next_phase(schedule)
    if following and following["start_date"] == end:
        item_changes.change(peer, sub, phases.wanted(sub, following))
        states.save(peer, sub)


def _shown(invoice: JsonObject, params: Params) -> JsonObject:
    """A draft as a preview: with ids that name nothing, as of the moment when it would be made."""
    preview = copy.deepcopy(invoice)
    invoice_id = f"upcoming_in_{random_text(24)}"
    preview.update(
        id=invoice_id,
        automatically_finalizes_at=None,
        billing_reason="upcoming",
        ending_balance=None,
        hosted_invoice_url=None,
        invoice_pdf=None,
        number=None,
        status="draft",
    )
    at = params.get("subscription_details", {}).get("proration_date")
    if preview["parent"] and at is not None:
        preview["parent"]["subscription_details"]["subscription_proration_date"] = at
    for line in preview["lines"]["data"]:
        line.update(id=f"il_tmp_{line['id'].removeprefix('il_')}", invoice=invoice_id)
    return preview
