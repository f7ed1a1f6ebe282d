"""From monthly to yearly and back. It is billed at once, minus what is left of the period.

https://docs.stripe.com/billing/subscriptions/change-price
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from billing import actions, standing
from billing.catalogue import Plan
from billing.standing import Standing
from billing.stripe import client, ids, reading, schedules
from billing.subscription import base
from billing.subscription.base import Shown
from billing.sync import entitlement
from tenants.audit import journal
from tenants.models import Tenant


@dataclass(frozen=True)
class PlanSwitch:
    """What a switch would do: `due_now_usd` is charged at once, `credit_usd` comes off the next invoices.

    shown: pass it to `apply`, so that what is charged is what was shown.
    """

    plan: Plan
    due_now_usd: Decimal
    credit_usd: Decimal
    shown: Shown


def preview_switch(tenant: Tenant, plan: Plan) -> PlanSwitch:
    """What a switch would cost. Calls Stripe: open no scope around this. Raises billing.errors.BillingError."""
    current = base.standing_for(tenant, standing.SWITCH_PLAN)
    with client.connected() as api:
        subscription = base.fetched(api, current.entitlement)
        at = base.moment(api, subscription)
        wanted: Any = {"items": _items(subscription, ids.price_id(plan)), **_proration(subscription, at)}
        invoice = api.v1.invoices.create_preview({"subscription": subscription["id"], "subscription_details": wanted})
    is_charged = subscription["status"] != "trialing" and not subscription.get("pause_collection")
    due = invoice.amount_due if is_charged else 0
    credit = max(0, -(invoice.total or 0))
    return PlanSwitch(plan, reading.usd(due), reading.usd(credit), Shown.of(subscription, at))


def apply_switch(tenant: Tenant, plan: Plan, shown: Shown) -> Standing:
    """Switch, if it is what was shown. Calls Stripe: open no scope around this.

    Raises billing.errors.BillingError: nothing has changed then, or, with StripeDownError, the next sync finds out.
    """
    with base.one_at_a_time(tenant, standing.SWITCH_PLAN) as (current, api):
        subscription = base.fetched(api, current.entitlement)
        at = base.shown_at(api, subscription, shown)
        wanted: Any = {
            "items": _items(subscription, ids.price_id(plan)),
            "payment_behavior": "pending_if_incomplete",
            "expand": ["latest_invoice"],
            **_proration(subscription, at),
        }
        with schedules.replaced(api, subscription):
            changed = api.v1.subscriptions.update(subscription["id"], wanted)
        schedules.require_paid(api, subscription, changed)
        changes = {"plan": [current.entitlement.plan, plan.lookup_key]}
        journal.record(actions.PLAN_SWITCHED, current.entitlement, changes=changes)
    return entitlement.after_change(tenant.id)


def _items(subscription: Mapping[str, Any], price: str) -> list[dict[str, Any]]:
    return [{"id": item["id"], "price": price, "quantity": item["quantity"]} for item in base.own_items(subscription)]


def _proration(subscription: Mapping[str, Any], at: int) -> dict[str, Any]:
    """A new period begins now, since a new interval alone keeps the anchor. A trial goes on, and nothing is prorated.

    https://docs.stripe.com/billing/subscriptions/billing-mode/compare
    """
    if subscription["status"] == "trialing":
        return {"proration_behavior": "none"}
    return {"billing_cycle_anchor": "now", "proration_behavior": "always_invoice", "proration_date": at}
