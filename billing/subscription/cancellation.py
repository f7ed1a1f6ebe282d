"""Canceling at the end of the period, undoing that, and resuming after a pause.

https://docs.stripe.com/billing/subscriptions/cancel
"""

from collections.abc import Mapping
from typing import Any

import stripe

from billing import actions, standing
from billing.errors import CardDeclinedError
from billing.models import Entitlement
from billing.standing import Standing
from billing.stripe import schedules
from billing.subscription import base
from billing.sync import cards
from billing.sync.entitlement import after_change
from tenants.audit import journal
from tenants.models import Tenant

AT_ONCE = frozenset({Entitlement.Status.INCOMPLETE, Entitlement.Status.PAUSED, Entitlement.Status.UNPAID})
"""States without a paid period that is still running."""


def cancel(tenant: Tenant) -> Standing:
    """End the subscription when the paid period ends. Calls Stripe: open no scope around this.

    Raises billing.errors.BillingError.
    """
    with base.one_at_a_time(tenant, standing.CANCEL) as (current, api):
        subscription = base.fetched(api, current.entitlement)
        with schedules.replaced(api, subscription):
            if subscription["status"] in AT_ONCE:
                api.v1.subscriptions.cancel(subscription["id"], {"prorate": False})
            else:
                api.v1.subscriptions.update(subscription["id"], {"cancel_at_period_end": True})
        journal.record(actions.SUBSCRIPTION_CANCELED, current.entitlement)
    return after_change(tenant.id)


def resume(tenant: Tenant) -> Standing:
    """Undo a cancellation, or resume after a trial that ended without a card. The same rules apply.

    Raises CardDeclinedError if the first invoice after a pause is not paid: the subscription stays paused then, and the
    invoice can still be paid.
    """
    try:
        with base.one_at_a_time(tenant, standing.RESUME) as (current, api):
            subscription = base.fetched(api, current.entitlement)
            ends = subscription["cancel_at_period_end"] or subscription["cancel_at"]
            if subscription["status"] == Entitlement.Status.PAUSED and not ends:
                _go_on(api, current.entitlement)
            else:
                _take_back(api, subscription)
            journal.record(actions.SUBSCRIPTION_RESUMED, current.entitlement)
    except CardDeclinedError:
        after_change(tenant.id)
        raise
    return after_change(tenant.id)


def _go_on(api: stripe.StripeClient, entitlement: Entitlement) -> None:
    """End the pause, and pay for the period that begins now. https://docs.stripe.com/api/subscriptions/resume"""
    wanted: Any = {"billing_cycle_anchor": "now", "proration_behavior": "create_prorations"}
    api.v1.subscriptions.resume(entitlement.subscription_id, wanted)
    latest = api.v1.subscriptions.retrieve(entitlement.subscription_id, {"expand": ["latest_invoice"]}).latest_invoice
    if isinstance(latest, stripe.Invoice) and latest.status == "open":
        cards.pay(api, str(latest.id), entitlement.payment_method_id)


def _take_back(api: stripe.StripeClient, subscription: Mapping[str, Any]) -> None:
    """Stripe's own portal sets a date instead of the flag; each is undone in its own way."""
    taken_back: Any = {"cancel_at_period_end": False} if subscription["cancel_at_period_end"] else {"cancel_at": ""}
    api.v1.subscriptions.update(subscription["id"], taken_back)
