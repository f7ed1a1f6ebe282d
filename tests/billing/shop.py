"""A workspace that buys seats from the sandbox Stripe, in a time of its own that a test moves."""

from dataclasses import dataclass
from time import time
from typing import Any

import stripe as sdk
from stripe import StripeClient, Subscription

from billing import customers, stripe_ids, sync
from billing.catalogue import EMPLOYEE_MONTH, Plan
from billing.models import Entitlement
from billing.standing import Standing
from tenants.models import Tenant
from tenants.scope import tenant_scope

DAY = 24 * 60 * 60


@dataclass
class Shop:
    """The tenant, and what its owner and Stripe do."""

    api: StripeClient
    tenant: Tenant
    customer_id: str = ""
    clock: str = ""

    def open(self, card: str = "pm_card_visa") -> "Shop":
        """Make the customer, with a test clock and, unless `card` is empty, a card."""
        clock = self.api.v1.test_helpers.test_clocks.create({"frozen_time": int(time())})
        self.clock = clock.id
        customer = self.api.v1.customers.create({"name": self.tenant.name, "test_clock": clock.id})
        self.customer_id = customers.adopt(self.tenant, customer.to_dict(for_json=True))
        if card:
            self.use_card(card)
        return self

    def use_card(self, card: str) -> None:
        """Attach a test card and pay with it from now on."""
        method = self.api.v1.payment_methods.attach(card, {"customer": self.customer_id})
        self.api.v1.customers.update(self.customer_id, {"invoice_settings": {"default_payment_method": method.id}})

    def subscribe(self, seats: int, plan: Plan = EMPLOYEE_MONTH, **more: Any) -> Subscription:
        """Subscribe at Stripe, as Checkout does."""
        items = [{"price": stripe_ids.price_id(plan), "quantity": seats}]
        wanted: Any = {"customer": self.customer_id, "items": items, **more}
        return self.api.v1.subscriptions.create(wanted)

    def sync(self) -> Standing:
        return sync.sync(self.tenant.id)

    @property
    def entitlement(self) -> Entitlement:
        with tenant_scope(self.tenant.id):
            return Entitlement.objects.get()

    @property
    def subscription(self) -> Subscription:
        return self.api.v1.subscriptions.retrieve(self.entitlement.subscription_id)

    def now(self) -> int:
        return self.api.v1.test_helpers.test_clocks.retrieve(self.clock).frozen_time

    def wait(self, days: float) -> None:
        """Move the customer's time on, and let all happen that happens in it."""
        self.api.v1.test_helpers.test_clocks.advance(self.clock, {"frozen_time": self.now() + round(days * DAY)})

    def invoices(self) -> list[sdk.Invoice]:
        """The newest first."""
        return self.api.v1.invoices.list({"customer": self.customer_id}).data
