"""The sandbox Stripe as one object, which its API, pages and control API share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sandbox.database import Database
from sandbox.faults import Faults
from sandbox.stripe.account.deliveries import Deliveries
from sandbox.stripe.account.errors import missing
from sandbox.stripe.account.store import JsonObject, Store

if TYPE_CHECKING:
    from sandbox.settings import StripeAccount

API_VERSION: Final = "2026-05-27.dahlia"
# Hooks between packages; each passes the object concerned: a payment intent that 3-D Secure ended, successfully or not;
# a customer about to be deleted; a payment method about to be detached.
INTENT_SETTLED: Final = "intent_settled"
CUSTOMER_LEAVING: Final = "customer_leaving"
METHOD_LEAVING: Final = "method_leaving"
Hook = Callable[["Stripe", JsonObject], None]


@dataclass(frozen=True)
class Origin:
    """The current API request, for an event's `request`; both are None when Stripe acts by itself."""

    id: str | None
    idempotency_key: str | None


AUTOMATIC: Final = Origin(None, None)


class Stripe:
    """One account in test mode. `origin` is the current API request, for the events that it causes."""

    def __init__(
        self, account: StripeAccount, database: Database, hooks: Mapping[str, Sequence[Hook]], base_url: str
    ) -> None:
        self.account = account
        self.account_id = account.id
        self.base_url = base_url
        self.api_version = API_VERSION
        self.database = database
        self.store = Store(database)
        self.faults = Faults()
        self.deliveries = Deliveries(database, account.retry_delays, self.store.find, self.store.find)
        self.origin: Origin = AUTOMATIC
        self._hooks = hooks

    def tell(self, hook: str, obj: JsonObject) -> None:
        """Run the functions registered for a hook."""
        for listener in self._hooks.get(hook, ()):
            listener(self, obj)

    def need(self, object_type: str, object_id: str, param: str = "id") -> JsonObject:
        """The object of that type that a request names. Raises StripeError: 404 for the URL's id, else 400."""
        found = self.store.find(object_id)
        if found is None or found["object"] != object_type or found.get("deleted"):
            raise missing(object_type, object_id, param)
        return found

    def needs(self, object_type: str, params: Mapping[str, Any], param: str) -> JsonObject | None:
        """The object that an optional parameter names, or None without it. Raises StripeError."""
        object_id = params.get(param)
        return self.need(object_type, object_id, param) if object_id else None
