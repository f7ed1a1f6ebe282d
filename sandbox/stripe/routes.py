"""The API's registry: endpoints, expandable properties, and the functions that hooks run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sandbox.stripe.account.peer import CUSTOMER_LEAVING, INTENT_SETTLED, METHOD_LEAVING, Hook
from sandbox.stripe.api import accounts, webhooks
from sandbox.stripe.api.expanding import Expanders
from sandbox.stripe.api.http import Endpoint
from sandbox.stripe.billing import collecting, invoices
from sandbox.stripe.catalog import coupons, prices, products
from sandbox.stripe.checkout import sessions as checkout_sessions
from sandbox.stripe.payments import charges, customers, intents, methods, refunds
from sandbox.stripe.portal import sessions as portal_sessions
from sandbox.stripe.subscriptions import ending, previews, schedules, subscriptions
from sandbox.stripe.time import clocks

ENDPOINTS: Final[Sequence[Endpoint]] = (
    *products.ROUTES,
    *prices.ROUTES,
    *coupons.ROUTES,
    *customers.ROUTES,
    *methods.ROUTES,
    *intents.ROUTES,
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
