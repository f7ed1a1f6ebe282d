"""Everything that the API knows: the endpoints, the properties made on request, and who is told of what."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sandbox.stripe import (
    accounts,
    charges,
    coupons,
    customer_balance,
    customers,
    disputes,
    method_routes,
    payment_intents,
    prices,
    products,
    promotion_codes,
    refunds,
    setup_intents,
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
    *webhooks.ROUTES,
)
EXPANDERS: Final[Expanders] = {
    **coupons.EXPANDERS,
    **customers.EXPANDERS,
}
HOOKS: Final[dict[str, Sequence[Hook]]] = {
    INTENT_SETTLED: (),
    CUSTOMER_LEAVING: (),
    METHOD_LEAVING: (),
}
