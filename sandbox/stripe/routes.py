"""Everything that the API knows: the endpoints, the properties made on request, and who is told of what."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sandbox.stripe import (
    accounts,
    charges,
    checkout,
    clocks,
    collecting,
    coupons,
    customers,
    ending,
    invoice_payments,
    invoices,
    payment_methods,
    payments,
    portal,
    prices,
    products,
    refunds,
    schedules,
    subscriptions,
    webhooks,
)
from sandbox.stripe.expanding import Expanders
from sandbox.stripe.http import Endpoint
from sandbox.stripe.peer import CUSTOMER_LEAVING, INTENT_SETTLED, METHOD_LEAVING, Hook

ENDPOINTS: Final[Sequence[Endpoint]] = (
    *products.ROUTES,
    *prices.ROUTES,
    *coupons.ROUTES,
    *customers.ROUTES,
    *payment_methods.ROUTES,
    *payments.ROUTES,
    *charges.ROUTES,
    *refunds.ROUTES,
    *accounts.ROUTES,
    *checkout.ROUTES,
    *portal.ROUTES,
    *subscriptions.ROUTES,
    *schedules.ROUTES,
    *invoices.ROUTES,
    *invoice_payments.ROUTES,
    *clocks.ROUTES,
    *webhooks.ROUTES,
)
EXPANDERS: Final[Expanders] = {
    **checkout.EXPANDERS,
    **prices.EXPANDERS,
    **customers.EXPANDERS,
}
HOOKS: Final[dict[str, Sequence[Hook]]] = {
    INTENT_SETTLED: (collecting.intent_settled,),
    CUSTOMER_LEAVING: (ending.customer_leaving,),
    METHOD_LEAVING: (ending.method_leaving,),
}
