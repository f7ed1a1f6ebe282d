"""Everything that the API knows: the endpoints, the properties made on request, and who is told of what."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sandbox.stripe import coupons, prices, products, promotion_codes
from sandbox.stripe.expanding import Expanders
from sandbox.stripe.http import Endpoint
from sandbox.stripe.peer import CUSTOMER_LEAVING, INTENT_SETTLED, Hook

ENDPOINTS: Final[Sequence[Endpoint]] = (
    *products.ROUTES,
    *prices.ROUTES,
    *coupons.ROUTES,
    *promotion_codes.ROUTES,
)
EXPANDERS: Final[Expanders] = {
    **coupons.EXPANDERS,
}
HOOKS: Final[dict[str, Sequence[Hook]]] = {
    INTENT_SETTLED: (),
    CUSTOMER_LEAVING: (),
}
