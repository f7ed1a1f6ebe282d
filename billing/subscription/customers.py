"""The workspace as a customer of Stripe: made before the first Checkout, and once."""

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

    Two at once get the same customer: it is made with the row locked, since Stripe refuses an idempotency key that is
    in use, and under such a key, since a transaction may fail after Stripe has made it.
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
    """A customer that was deleted at Stripe is followed by another.

    For ten minutes only: Stripe repeats what it answered under a key, also if that was a failure of its own.
    """
    last = str(int(entitlement.synced_at.timestamp())) if entitlement.synced_at else "first"
    return f"customer-{tenant.id}-{last}-{int(time()) // KEY_SECONDS}"


def adopt(tenant: Tenant, data: dict[str, Any]) -> str:
    """Take a customer of Stripe for this workspace's, unless it has one; the id of the one it has."""
    with tenant_scope(tenant.id):
        entitlement = locked()
        if entitlement.customer_id:
            return entitlement.customer_id
        customer = mirror.Customer.sync_from_stripe_data(data)
        mirror.Customer.objects.filter(pk=customer.pk).update(subscriber_id=tenant.id)
        entitlement.customer_id = data["id"]
        entitlement.save(update_fields=["customer_id"])
        return entitlement.customer_id
