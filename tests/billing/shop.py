"""A workspace that buys seats at Stripe, on its own test clock."""

from dataclasses import dataclass
from time import time
from typing import Any

import stripe as sdk
from stripe import StripeClient, Subscription

from billing.catalogue import EMPLOYEE_MONTH, Plan
from billing.models import Entitlement
from billing.standing import Standing
from billing.stripe import ids
from billing.subscription import customers
from billing.subscription.base import Shown
from billing.sync.entitlement import sync
from tenants.models import Tenant
from tenants.scope import tenant_scope
from tests.waiting import eventually

DAY = 24 * 60 * 60
ADVANCE_SECONDS = 300
"""The sandbox advances a clock immediately; Stripe takes longer the more happens on the way."""


@dataclass
class Shop:
    """The tenant, with actions of its owner and of Stripe."""

    api: StripeClient
    tenant: Tenant
    customer_id: str = ""
    clock: str = ""

    def open(self, card: str = "pm_card_visa") -> "Shop":
        """Create the customer with a test clock and, unless `card` is empty, a card."""
        clock = self.api.v1.test_helpers.test_clocks.create(
            {"frozen_time": int(time()), "name": name_of_clock(self.tenant)}
        )
        self.clock = clock.id
        customer = self.api.v1.customers.create({"name": self.tenant.name, "test_clock": clock.id})
        self.customer_id = customers.adopt(self.tenant, customer.to_dict(for_json=True))
        if card:
            self.use_card(card)
        return self

    def use_card(self, card: str) -> None:
        """Attach a test card and make it the default."""
        method = self.api.v1.payment_methods.attach(card, {"customer": self.customer_id})
        self.api.v1.customers.update(self.customer_id, {"invoice_settings": {"default_payment_method": method.id}})

    def subscribe(self, seats: int, plan: Plan = EMPLOYEE_MONTH, **more: Any) -> Subscription:
        """Subscribe at Stripe, as Checkout does."""
        items = [{"price": ids.price_id(plan), "quantity": seats}]
        wanted: Any = {"customer": self.customer_id, "items": items, **more}
        return self.api.v1.subscriptions.create(wanted)

    def sync(self) -> Standing:
        return sync(self.tenant.id)

    @property
    def entitlement(self) -> Entitlement:
        with tenant_scope(self.tenant.id):
            return Entitlement.objects.get()

    @property
    def subscription(self) -> Subscription:
        return self.api.v1.subscriptions.retrieve(self.entitlement.subscription_id)

    def now(self) -> int:
        return self.api.v1.test_helpers.test_clocks.retrieve(self.clock).frozen_time

    def shown(self) -> Shown:
        """The current state, as if it had just been shown on the page."""
        return Shown.of(self.subscription.to_dict(for_json=True), self.now())

    def wait(self, days: float) -> None:
        """Advance the customer's time and let everything due happen."""
        self.api.v1.test_helpers.test_clocks.advance(self.clock, {"frozen_time": self.now() + round(days * DAY)})
        eventually(self._has_arrived, within=ADVANCE_SECONDS, what=f"the end of moving {self.clock} by {days} days")

    def _has_arrived(self) -> bool:
        """Whether the clock has finished advancing. https://docs.stripe.com/api/test_clocks/object#test_clock_object-status"""
        clock = self.api.v1.test_helpers.test_clocks.retrieve(self.clock)
        assert clock.status != "internal_failure", f"Stripe failed to advance {self.clock}: run the test again."
        return clock.status == "ready"

    def invoices(self) -> list[sdk.Invoice]:
        """The customer's invoices, newest first."""
        return self.api.v1.invoices.list({"customer": self.customer_id}).data


def name_of_clock(tenant: Tenant) -> str:
    """The name that identifies a workspace's test clocks in an account that others use too."""
    return f"Roster's tests, workspace {tenant.id}"
