"""Paying what is open, with the card that there is now.

A new card pays the next invoice by itself, and the open one only when Stripe tries it again, which may be days later.
"""

from typing import Any

from billing import actions, changing, standing, sync
from billing.standing import Standing
from tenants import audit
from tenants.models import Tenant


def pay_open(tenant: Tenant) -> Standing:
    """Charge the open invoice now. Calls Stripe: open no scope around this.

    Raises billing.errors.BillingError: CardDeclinedError if the bank says no, or wants to see the customer.
    """
    with changing.one_at_a_time(tenant, standing.PAY) as (now, api):
        subscription = changing.fetched(api, now.entitlement)
        invoice: Any = subscription["latest_invoice"]
        if invoice and api.v1.invoices.retrieve(invoice).status == "open":
            api.v1.invoices.pay(invoice)
            audit.record(actions.INVOICE_PAID, now.entitlement)
    return sync.sync(tenant.id)
