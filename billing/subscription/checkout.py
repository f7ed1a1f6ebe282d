"""Stripe's Checkout, where a workspace subscribes. https://docs.stripe.com/payments/checkout"""

import logging
from typing import Any

import stripe
from django.conf import settings
from django.utils.translation import ngettext_lazy

from billing import actions, standing
from billing.catalogue import Plan
from billing.models import Entitlement
from billing.standing import Standing
from billing.stripe import ids
from billing.subscription import base, customers
from billing.sync.entitlement import sync
from tenants.audit import journal
from tenants.models import Tenant
from tenants.scope import tenant_scope
from tenants.wordings import Wording

log = logging.getLogger(__name__)

SESSION = "checkout"
"""The parameter that Stripe sends people back with."""
MONTHLY = Wording(
    "billing.checkout_monthly",
    ngettext_lazy("%(seats)d seat, paid monthly.", "%(seats)d seats, paid monthly.", "seats"),
)
YEARLY = Wording(
    "billing.checkout_yearly", ngettext_lazy("%(seats)d seat, paid yearly.", "%(seats)d seats, paid yearly.", "seats")
)


def start(tenant: Tenant, *, plan: Plan, seats: int, return_path: str) -> str:
    """The address of Stripe's page for subscribing. Calls Stripe: open no scope around this.

    return_path: the page here to come back to; after success it also has `checkout=<session>`, for `finish`. An earlier
    page of this workspace that is still open gets closed, so nobody pays twice. Raises billing.errors.BillingError.
    """
    base.standing_for(tenant, standing.SUBSCRIBE)
    customer_id = customers.ensure(tenant)
    if sync(tenant.id).is_live:  # subscribed in another window, whose webhook is still on its way
        base.standing_for(tenant, standing.SUBSCRIBE)
    with base.one_at_a_time(tenant, standing.SUBSCRIBE) as (current, api):
        if current.entitlement.checkout_session_id:
            close(api, current.entitlement.checkout_session_id)
        wanted = _session(customer_id, ids.price_id(plan), seats, tenant, current.entitlement)
        back = f"{settings.PUBLIC_URL}{return_path}"
        joint = "&" if "?" in back else "?"
        pages: Any = {"success_url": f"{back}{joint}{SESSION}={{CHECKOUT_SESSION_ID}}", "cancel_url": back}
        asked: Any = wanted | pages
        session = api.v1.checkout.sessions.create(asked)
        Entitlement.objects.update(checkout_session_id=session.id)
        chosen = YEARLY if plan.is_yearly else MONTHLY
        journal.record(actions.CHECKOUT_STARTED, current.entitlement, detail=chosen(seats=seats))
    return str(session.url)


def close(api: stripe.StripeClient, session_id: str) -> None:
    """Close an open page. One that is paid or expired stays as it is: sync finds the subscription."""
    try:
        api.v1.checkout.sessions.expire(session_id)
    except stripe.InvalidRequestError:
        log.info("Checkout %s was already closed.", session_id)


def _session(customer_id: str, price: str, seats: int, tenant: Tenant, entitlement: Entitlement) -> Any:
    is_first = entitlement.status == Entitlement.Status.NONE
    trial = settings.TRIAL_DAYS if is_first else 0
    subscription: dict[str, Any] = {"metadata": {"workspace": tenant.slug}}
    if trial:
        subscription["trial_period_days"] = trial
        subscription["trial_settings"] = {"end_behavior": {"missing_payment_method": "pause"}}
    needs_card = settings.TRIAL_REQUIRES_CARD or not trial
    tax = {"automatic_tax": {"enabled": True}} if settings.STRIPE_AUTOMATIC_TAX else {}
    return {
        "mode": "subscription",
        "customer": customer_id,
        "client_reference_id": str(tenant.id),
        "line_items": [{"price": price, "quantity": seats}],
        "payment_method_types": ["card"],  # a bank debit cannot pay for more seats at once (billing.stripe.schedules)
        "subscription_data": subscription,
        "payment_method_collection": "always" if needs_card else "if_required",
        "allow_promotion_codes": True,
        "tax_id_collection": {"enabled": True},
        "customer_update": {"name": "auto", "address": "auto"},
        "billing_address_collection": "auto",
        **tax,
    }


def finish(tenant: Tenant, session_id: str) -> Standing:
    """Back from Checkout: the standing by Stripe's word, whether its webhook came or not. Open no scope around this.

    session_id: what Stripe put into the address. It is only a hint: our own customer says whose subscription it is.
    Raises billing.errors.BillingError.
    """
    current = sync(tenant.id)
    with tenant_scope(tenant.id):
        Entitlement.objects.filter(checkout_session_id=session_id).update(checkout_session_id="")
    return current
