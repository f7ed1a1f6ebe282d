"""The end of a workspace at Stripe: nobody is charged for what is gone, and its mirror here goes too.

Stripe keeps the invoices, as the law requires.
"""

import logging
from typing import Any
from uuid import UUID

import stripe

from billing.models import Entitlement
from billing.stripe import client
from billing.subscription import checkout
from billing.sync import mirror
from tenants.scope import tenant_scope

log = logging.getLogger(__name__)


def leave(tenant_id: UUID) -> None:
    """Delete the workspace's customers at Stripe, then here. Calls Stripe: open no scope around this.

    Raises billing.errors.BillingError: the deletion waits then, or Stripe would keep charging.
    """
    for customer_id in _customers(tenant_id):
        if client.is_configured():
            _delete(customer_id)
        else:
            log.error("Customer %s was not deleted at Stripe, because STRIPE_SECRET_KEY is no longer set.", customer_id)
        mirror.forget_customer(customer_id)


def _customers(tenant_id: UUID) -> set[str]:
    with tenant_scope(tenant_id):
        named = Entitlement.objects.exclude(customer_id="").values_list("customer_id", flat=True)
        return {*named, *mirror.customers_of(tenant_id)}


def _delete(customer_id: str) -> None:
    """Close the pages where something could be bought, then end all subscriptions and remove cards and address.

    https://docs.stripe.com/api/customers/delete
    """
    with client.connected() as api:
        try:
            wanted: Any = {"customer": customer_id, "status": "open"}
            for session in api.v1.checkout.sessions.list(wanted).auto_paging_iter():
                checkout.close(api, session.id)
            api.v1.customers.delete(customer_id)
        except stripe.InvalidRequestError as error:
            if error.code != "resource_missing":
                raise
