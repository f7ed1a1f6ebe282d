"""Invoice previews: apply the change, draft its invoice, and roll everything back.

https://docs.stripe.com/api/invoices/create_preview · so a preview equals, to the cent, the invoice that the same
request creates with the same `proration_date`.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any, Final, NoReturn

from sandbox.stripe.account.errors import INVALID, StripeError
from sandbox.stripe.account.peer import Stripe
from sandbox.stripe.account.store import JsonObject, random_text
from sandbox.stripe.api.forms import Field, Hash, Listed, Moment, Text, one_of
from sandbox.stripe.api.http import Endpoint
from sandbox.stripe.billing import states
from sandbox.stripe.billing.subscription_shapes import is_over, period_of
from sandbox.stripe.subscriptions import changes, item_changes, phases, renewing, schedule_shapes

DETAILS: Final[dict[str, Field]] = {
    "billing_cycle_anchor": one_of("now", "unchanged"),
    "items": Listed(of=Hash(fields=item_changes.CHANGED_ITEM), most=item_changes.MOST),
    "proration_behavior": one_of(*changes.PRORATIONS),
    "proration_date": Moment(),
}
CREATE: Final[dict[str, Field]] = {
    "customer": Text(),
    "subscription": Text(is_required=True),
    "subscription_details": Hash(fields=DETAILS),
}
Params = Mapping[str, Any]


class UndoneError(Exception):
    """Carries the previewed invoice out of the transaction that it rolls back."""

    def __init__(self, invoice: JsonObject) -> None:
        super().__init__(invoice["id"])
        self.invoice = invoice


def create(peer: Stripe, params: Params) -> JsonObject:
    """The invoice that a change, or the next renewal, would create. Raises StripeError."""
    try:
        _make_and_undo(peer, params)
    except UndoneError as made:
        return _shown(made.invoice, params)


def _make_and_undo(peer: Stripe, params: Params) -> NoReturn:
    with peer.store.transaction():
        raise UndoneError(_preview(peer, params))


def upcoming(peer: Stripe, sub: JsonObject) -> JsonObject:
    """The invoice of a subscription's next renewal, without an id, as invoice.upcoming sends it."""
    invoice = create(peer, {"subscription": sub["id"]})
    del invoice["id"]
    return invoice


def _preview(peer: Stripe, params: Params) -> JsonObject:
    """The invoice that a change creates right away, or else the next renewal's."""
    sub = peer.need("subscription", params["subscription"], "subscription")
    if is_over(sub) or params.get("customer", sub["customer"]) != sub["customer"]:
        raise _none_upcoming(sub)
    change = changes.carry_out(peer, sub, params.get("subscription_details", {}))
    if change.invoice is not None:
        return change.invoice
    return _of_renewal(peer, states.save(peer, change.sub))


def _none_upcoming(sub: JsonObject) -> StripeError:
    """404: there is no upcoming invoice."""
    message = f"No upcoming invoices for customer: {sub['customer']}"
    return StripeError(404, INVALID, message, "invoice_upcoming_none")


def _of_renewal(peer: Stripe, sub: JsonObject) -> JsonObject:
    end, ends = period_of(sub)[1], sub["cancel_at"]
    if sub["status"] == "paused" or (ends is not None and ends <= end):
        raise _none_upcoming(sub)
    _enter_next_phase(peer, sub, end)
    return renewing.renew(peer, peer.store.get(sub["id"]), end)


def _enter_next_phase(peer: Stripe, sub: JsonObject, end: int) -> None:
    """The renewal includes the schedule's changes at the period's end."""
    schedule = peer.store.find(sub["schedule"] or "")
    following = schedule and schedule_shapes.next_phase(schedule)
    if following and following["start_date"] == end:
        item_changes.change(peer, sub, phases.wanted(sub, following))
        states.save(peer, sub)


def _shown(invoice: JsonObject, params: Params) -> JsonObject:
    """A draft as a preview: with ids that don't exist, dated when it would be created."""
    preview = copy.deepcopy(invoice)
    invoice_id = f"upcoming_in_{random_text(24)}"
    preview.update(
        id=invoice_id,
        automatically_finalizes_at=None,
        billing_reason="upcoming",
        ending_balance=None,
        status="draft",
    )
    at = params.get("subscription_details", {}).get("proration_date")
    if at is not None:
        preview["parent"]["subscription_details"]["subscription_proration_date"] = at
    for line in preview["lines"]["data"]:
        line.update(id=f"il_tmp_{line['id'].removeprefix('il_')}", invoice=invoice_id)
    return preview


ROUTES: Final = [Endpoint("POST", "/v1/invoices/create_preview", create, CREATE)]
