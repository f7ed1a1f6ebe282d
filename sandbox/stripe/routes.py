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
    customer_balance,
    customers,
    disputes,
    ending,
    invoice_items,
    invoice_payments,
    invoices,
    method_routes,
    payment_intents,
    portal,
    prices,
    products,
    promotion_codes,
    refunds,
    schedules,
    setup_intents,
    subscription_items,
    subscriptions,
    tax_ids,
    webhooks,
)
from sandbox.stripe.expanding import Expanders
from sandbox.stripe.http import Endpoint
from sandbox.stripe.peer import CUSTOMER_LEAVING, INTENT_SETTLED, METHOD_LEAVING, Hook

ENDPOINTS: Final[Sequence[Endpoint]] = (
    *products.ROUTES,
    *prices.ROUTES,
    *coupons.ROUTES,
    *promotion_codes.ROUTES,
    *customers.ROUTES,
    *customer_balance.ROUTES,
    *tax_ids.ROUTES,
    *method_routes.ROUTES,
    *payment_intents.ROUTES,
    *setup_intents.ROUTES,
    *charges.ROUTES,
    *refunds.ROUTES,
    *disputes.ROUTES,
    *accounts.ROUTES,
    *checkout.ROUTES,
    *portal.ROUTES,
    *subscriptions.ROUTES,
    *subscription_items.ROUTES,
    *schedules.ROUTES,
    *invoices.ROUTES,
    *invoice_items.ROUTES,
    *invoice_payments.ROUTES,
    *clocks.ROUTES,
    *webhooks.ROUTES,
)
EXPANDERS: Final[Expanders] = {
    **checkout.EXPANDERS,
    **coupons.EXPANDERS,
    **prices.EXPANDERS,
    **customers.EXPANDERS,
    **invoice_payments.EXPANDERS,
}
HOOKS: Final[dict[str, Sequence[Hook]]] = {
    INTENT_SETTLED: (collecting.intent_settled,),
    CUSTOMER_LEAVING: (ending.customer_leaving,),
    METHOD_LEAVING: (ending.method_leaving,),
}
