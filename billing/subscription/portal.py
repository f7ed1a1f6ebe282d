"""Stripe's customer portal: cards, invoices, billing details. https://docs.stripe.com/customer-management"""

from typing import Any

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from billing import actions
from billing.models import Entitlement
from billing.stripe import client, ids
from billing.subscription.base import NotOfferedError
from tenants.audit import journal
from tenants.models import Tenant
from tenants.scope import tenant_scope
from tenants.wordings import Wording

NOTHING_TO_MANAGE = Wording(
    "billing.nothing_to_manage", _("There is nothing to manage at Stripe yet: subscribe first.")
)
UPDATE_CARD = "payment_method_update"


def start(tenant: Tenant, *, return_path: str, flow: str = "") -> str:
    """The address of the portal, or of one thing in it (`flow`: UPDATE_CARD). Calls Stripe: open no scope around this.

    Raises billing.errors.BillingError; NotOfferedError before the first Checkout.
    """
    with tenant_scope(tenant.id):
        entitlement = Entitlement.objects.first()
    if entitlement is None or not entitlement.customer_id:
        raise NotOfferedError(NOTHING_TO_MANAGE())
    return_url = f"{settings.PUBLIC_URL}{return_path}"
    wanted: dict[str, Any] = {"customer": entitlement.customer_id, "return_url": return_url}
    wanted["configuration"] = ids.portal_configuration_id()
    if flow:
        done = {"type": "redirect", "redirect": {"return_url": return_url}}
        wanted["flow_data"] = {"type": flow, "after_completion": done}
    with client.connected() as api:
        session = api.v1.billing_portal.sessions.create(wanted)  # type: ignore[arg-type]  # it is a plain dict
    with tenant_scope(tenant.id):
        journal.record(actions.PORTAL_OPENED, entitlement)
    return str(session.url)
