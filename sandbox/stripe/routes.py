"""Everything that the API knows: the endpoints, the properties made on request, and who is told of what."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sandbox.stripe import (
    accounts,
    charges,
    clocks,
    collecting,
    coupons,
    customers,
    ending,
    invoices,
    payment_methods,
    payments,
    previews,
    prices,
    products,
    refunds,
    schedules,
    subscriptions,
    webhooks,
)
from sandbox.stripe import checkout as checkout_sessions
from sandbox.stripe import portal as portal_sessions
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
    *checkout_sessions.ROUTES,
    *portal_sessions.ROUTES,
    *subscriptions.ROUTES,
    *schedules.ROUTES,
    *invoices.ROUTES,
    *previews.ROUTES,
    *clocks.ROUTES,
    *webhooks.ROUTES,
)
EXPANDERS: Final[Expanders] = {
    **checkout_sessions.EXPANDERS,
    **prices.EXPANDERS,
    **customers.EXPANDERS,
}
HOOKS: Final[dict[str, Sequence[Hook]]] = {
    INTENT_SETTLED: (collecting.intent_settled,),
    CUSTOMER_LEAVING: (ending.customer_leaving,),
    METHOD_LEAVING: (ending.method_leaving,),
}
