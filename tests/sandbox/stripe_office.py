"""A customer of the sandbox Stripe on a test clock, and what it buys: monthly or yearly seats."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest
import stripe as sdk
from stripe import Customer, Invoice, Price, StripeClient, Subscription, SubscriptionItem

HOUR = 3600
DAY = 24 * HOUR
JANUARY = 1767225600  # 1 January 2026, 0:00 UTC
FEBRUARY = JANUARY + 31 * DAY
MARCH = FEBRUARY + 28 * DAY
MONTHLY, YEARLY = 4900, 49000


@dataclass
class Office:
    """A customer with a test clock, and the prices of seats."""

    stripe: StripeClient
    customer: Customer
    monthly: Price
    yearly: Price

    @property
    def clock(self) -> str:
        """The id of the test clock."""
        return str(self.customer.test_clock)

    @property
    def now(self) -> int:
        """The customer's time."""
        return self.stripe.v1.test_helpers.test_clocks.retrieve(self.clock).frozen_time

    @property
    def balance(self) -> int:
        """The customer's balance, negative for a credit."""
        return self.stripe.v1.customers.retrieve(self.customer.id).balance or 0

    def wait_until(self, moment: int) -> None:
        """Advance the customer's time to a moment."""
        answer = self.stripe.v1.test_helpers.test_clocks.advance(self.clock, {"frozen_time": moment})
        assert answer.status == "advancing"
        clock = self.stripe.v1.test_helpers.test_clocks.retrieve(self.clock)
        assert (clock.status, clock.frozen_time) == ("ready", moment)

    def wait(self, seconds: float) -> None:
        """Advance the customer's time by some seconds."""
        self.wait_until(self.now + round(seconds))

    def subscribe(self, seats: int = 1, **more: Any) -> Subscription:
        """Subscribe to monthly seats, unless `more` says otherwise."""
        items = [{"price": self.monthly.id, "quantity": seats}]
        values: Any = {"customer": self.customer.id, "items": items, **more}
        return self.stripe.v1.subscriptions.create(values)

    def change(self, sub: Subscription, seats: int, **more: Any) -> Subscription:
        """Change the number of seats."""
        return self.update(sub, items=[{"id": item_of(sub).id, "quantity": seats}], **more)

    def update(self, sub: Subscription, **values: Any) -> Subscription:
        """Change anything else."""
        wanted: Any = values
        return self.stripe.v1.subscriptions.update(sub.id, wanted)

    def preview(self, sub: Subscription, **details: Any) -> Invoice:
        """What a change would cost."""
        values: Any = {"subscription": sub.id, "subscription_details": details} if details else {"subscription": sub.id}
        return self.stripe.v1.invoices.create_preview(values)

    def fresh(self, sub: Subscription) -> Subscription:
        """The subscription as it is now."""
        return self.stripe.v1.subscriptions.retrieve(sub.id)

    def invoices(self, sub: Subscription) -> list[Invoice]:
        """Its invoices, oldest first."""
        return self.stripe.v1.invoices.list({"subscription": sub.id, "limit": 100}).data[::-1]

    def latest(self, sub: Subscription) -> Invoice:
        """Its newest invoice."""
        return self.stripe.v1.invoices.retrieve(self.invoices(sub)[-1].id)

    def pays_with(self, card: str) -> str:
        """Save a card and make it the customer's default; returns its id."""
        method = self.stripe.v1.payment_methods.attach(card, {"customer": self.customer.id})
        self.stripe.v1.customers.update(self.customer.id, {"invoice_settings": {"default_payment_method": method.id}})
        return method.id

    def events(self, *kinds: str) -> list[sdk.Event]:
        """This customer's events of these types (or all), oldest first."""
        return [one for one in self._all_events() if not kinds or one.type in kinds]

    def _all_events(self) -> list[sdk.Event]:
        found = []
        for event in self.stripe.v1.events.list({"limit": 100}).auto_paging_iter():
            if self._is_own(event):
                found.append(event)
                if event.type == "customer.created":
                    break
        return found[::-1]

    def _is_own(self, event: sdk.Event) -> bool:
        told: Any = event.data.object
        return self.customer.id in (told.get("customer"), told.get("id"))

    def told(self, *prefixes: str) -> list[str]:
        """The types of this customer's events with these prefixes, oldest first."""
        return [str(one.type) for one in self.events() if str(one.type).startswith(prefixes)]


def open_office(stripe: StripeClient, card: str | None = "pm_card_visa", at: int = JANUARY) -> Office:
    """A customer with a card (unless it is None) and its own clock."""
    clock = stripe.v1.test_helpers.test_clocks.create({"frozen_time": at})
    values: Any = {"email": "ada@example.com", "name": "Ada", "test_clock": clock.id}
    if card:
        values |= {"payment_method": card, "invoice_settings": {"default_payment_method": card}}
    product = stripe.v1.products.create({"name": "AI employee"})
    customer = stripe.v1.customers.create(values)
    return Office(
        stripe, customer, _price(stripe, product.id, MONTHLY, "month"), _price(stripe, product.id, YEARLY, "year")
    )


def _price(stripe: StripeClient, product: str, amount: int, interval: Any) -> Price:
    recurring: Any = {"interval": interval}
    return stripe.v1.prices.create(
        {"product": product, "currency": "usd", "unit_amount": amount, "recurring": recurring}
    )


def item_of(sub: Subscription) -> SubscriptionItem:
    """The only item of a subscription."""
    items = sub["items"].data
    assert len(items) == 1
    item: SubscriptionItem = items[0]
    return item


def period_of(sub: Subscription) -> tuple[int, int]:
    """Start and end of the current period."""
    item = item_of(sub)
    return item.current_period_start, item.current_period_end


def amounts(invoice: Invoice) -> list[int]:
    """The amounts of an invoice's lines."""
    return [line.amount for line in invoice.lines.data]


def words(lines: Sequence[Any]) -> list[str]:
    """The descriptions of lines."""
    return [str(line.description) for line in lines]


def refused(call: Any, *args: Any) -> sdk.InvalidRequestError:
    """The error of a call that must fail as invalid."""
    with pytest.raises(sdk.InvalidRequestError) as error:
        call(*args)
    return error.value


def declined(call: Any, *args: Any) -> sdk.CardError:
    """The error of a call that must fail with 402."""
    with pytest.raises(sdk.CardError) as error:
        call(*args)
    assert error.value.http_status == 402
    return error.value
