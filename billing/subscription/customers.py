"""The workspace as a customer of Stripe: created once, before the first Checkout."""

from time import time
from typing import Any

from djstripe import models as mirror

from billing.models import Entitlement
from billing.stripe import client
from billing.sync.entitlement import locked
from tenants.models import Tenant
from tenants.scope import tenant_scope

KEY_SECONDS = 600


def ensure(tenant: Tenant) -> str:
    """The customer's id at Stripe. Calls Stripe: open no scope around this. Raises billing.errors.BillingError.

    Two callers at once get the same customer. It is created with the row locked, since Stripe refuses an idempotency
    key that is in use, and with such a key, since the transaction may fail after Stripe has created it.
    """
    with client.turn(), tenant_scope(tenant.id):
        entitlement = locked()
        if entitlement.customer_id:
            return entitlement.customer_id
        with client.connected() as api:
            customer = api.v1.customers.create(
                {"name": tenant.name, "email": tenant.email, "metadata": {"workspace": tenant.slug}},
                {"idempotency_key": _key(tenant, entitlement)},
            )
        return adopt(tenant, customer.to_dict(for_json=True))


def _key(tenant: Tenant, entitlement: Entitlement) -> str:
    """A customer that was deleted at Stripe gets a successor.

    A key lasts ten minutes: Stripe repeats its first answer to a key, even if that was a failure of its own.
    """
    last = str(int(entitlement.synced_at.timestamp())) if entitlement.synced_at else "first"
    return f"customer-{tenant.id}-{last}-{int(time()) // KEY_SECONDS}"


def adopt(tenant: Tenant, data: dict[str, Any]) -> str:
    """Make a customer of Stripe's this workspace's, unless it has one. Returns the id of the one it has."""
    with tenant_scope(tenant.id):
        entitlement = locked()
        if entitlement.customer_id:
            return entitlement.customer_id
        customer = mirror.Customer.sync_from_stripe_data(data)
        mirror.Customer.objects.filter(pk=customer.pk).update(subscriber_id=tenant.id)
        entitlement.customer_id = data["id"]
        entitlement.save(update_fields=["customer_id"])
        return entitlement.customer_id
