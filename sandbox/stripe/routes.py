"""Everything that the API knows: the endpoints, the properties made on request, and who is told of what."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sandbox.stripe.expanding import Expanders
from sandbox.stripe.http import Endpoint
from sandbox.stripe.peer import CUSTOMER_LEAVING, INTENT_SETTLED, Hook

ENDPOINTS: Final[Sequence[Endpoint]] = ()
EXPANDERS: Final[Expanders] = {}
HOOKS: Final[dict[str, Sequence[Hook]]] = {
    INTENT_SETTLED: (),
    CUSTOMER_LEAVING: (),
}
