"""More or fewer seats. More are billed and available at once; fewer take effect when the period ends
(billing.stripe.schedules).

https://docs.stripe.com/billing/subscriptions/upgrade-downgrade
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import stripe

from billing import actions, quota, standing
from billing.standing import Standing
from billing.stripe import client, reading, schedules
from billing.subscription import base
from billing.subscription.base import Shown
from billing.sync import entitlement
from tenants.audit import journal
from tenants.models import Tenant
from tenants.scope import tenant_scope


@dataclass(frozen=True)
class SeatChange:
    """What a change would do. Amounts in USD, calculated by Stripe.

    due_now_usd: charged at once. next_invoice_usd: the total of the next regular invoice. takes_effect_at: None if at
    once. pauses, returns: names of AI employees. shown: pass it to `apply`, so that what is charged is what was shown.
    """

    seats_now: int
    seats: int
    due_now_usd: Decimal
    next_invoice_usd: Decimal
    next_invoice_at: datetime | None
    takes_effect_at: datetime | None
    pauses: tuple[str, ...]
    returns: tuple[str, ...]
    shown: Shown

    @property
    def is_increase(self) -> bool:
        return self.seats > self.seats_now


def preview_seats(tenant: Tenant, seats: int) -> SeatChange:
    """What a change would cost and do. Calls Stripe: open no scope around this. Raises billing.errors.BillingError."""
    current = base.standing_for(tenant, standing.CHANGE_SEATS)
    with client.connected() as api:
        subscription = base.fetched(api, current.entitlement)
        at = base.moment(api, subscription)
        before = base.seats_in(subscription)
        is_increase = seats > before
        is_charged = is_increase and subscription["status"] != "trialing" and not subscription.get("pause_collection")
        due = _due_now(api, subscription, seats, at) if is_charged else Decimal(0)
        later = _later(api, subscription, seats)
    with tenant_scope(tenant.id):
        pauses, returns = quota.who_pauses(seats), quota.who_returns(seats)
    return SeatChange(
        seats_now=before,
        seats=seats,
        due_now_usd=due,
        next_invoice_usd=later,
        next_invoice_at=current.entitlement.period_end,
        takes_effect_at=None if is_increase else current.entitlement.period_end,
        pauses=pauses,
        returns=returns,
        shown=Shown.of(subscription, at),
    )


def _due_now(api: stripe.StripeClient, subscription: Mapping[str, Any], seats: int, at: int) -> Decimal:
    """What `always_invoice` charges at this moment: https://docs.stripe.com/api/invoices/create_preview"""
    details: Any = {"items": _items(subscription, seats), "proration_behavior": "always_invoice", "proration_date": at}
    wanted: Any = {"subscription": subscription["id"], "subscription_details": details}
    return reading.usd(api.v1.invoices.create_preview(wanted).amount_due)


def _later(api: stripe.StripeClient, subscription: Mapping[str, Any], seats: int) -> Decimal:
    """The total of the next regular invoice, at the subscription's price, promotions included."""
    details: Any = {"items": _items(subscription, seats), "proration_behavior": "none"}
    wanted: Any = {"subscription": subscription["id"], "subscription_details": details}
    return reading.usd(api.v1.invoices.create_preview(wanted).amount_due)


def _items(subscription: Mapping[str, Any], seats: int) -> list[dict[str, Any]]:
    """One item with all seats. More items of ours, which only a person at Stripe can have added, go. Others stay."""
    first, *more = base.own_items(subscription)
    return [{"id": first["id"], "quantity": seats}, *({"id": each["id"], "deleted": True} for each in more)]


def apply_seats(tenant: Tenant, seats: int, shown: Shown) -> Standing:
    """Change the seats, if it is what was shown. Calls Stripe: open no scope around this.

    Raises billing.errors.BillingError: nothing has changed then, or, with StripeDownError, the next sync finds out.
    """
    with base.one_at_a_time(tenant, standing.CHANGE_SEATS) as (current, api):
        subscription = base.fetched(api, current.entitlement)
        at = base.shown_at(api, subscription, shown)
        before = base.seats_in(subscription)
        if seats >= before:
            _grow(api, subscription, seats, at)
        else:
            schedules.plan(api, subscription, seats)
        journal.record(actions.SEATS_CHANGED, current.entitlement, changes={"seats": [before, seats]})
    return entitlement.after_change(tenant.id)


def _grow(api: stripe.StripeClient, subscription: dict[str, Any], seats: int, at: int) -> None:
    if seats == base.seats_in(subscription):
        schedules.release(api, subscription)
        return
    wanted: Any = {
        "items": _items(subscription, seats),
        "proration_behavior": "always_invoice",
        "payment_behavior": "pending_if_incomplete",
        "expand": ["latest_invoice"],
    }
    if subscription["status"] != "trialing":  # nothing is prorated in a trial
        wanted["proration_date"] = at
    with schedules.replaced(api, subscription):
        changed = api.v1.subscriptions.update(subscription["id"], wanted)
    schedules.require_paid(api, subscription, changed)


def keep_current_seats(tenant: Tenant) -> Standing:
    """Drop a planned decrease. Calls Stripe: open no scope around this. Raises billing.errors.BillingError."""
    with base.one_at_a_time(tenant, standing.CHANGE_SEATS) as (current, api):
        schedules.release(api, base.fetched(api, current.entitlement))
        journal.record(actions.SEATS_KEPT, current.entitlement)
    return entitlement.after_change(tenant.id)
