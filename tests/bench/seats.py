"""From a change of the seats at Stripe, as a hand in its dashboard makes it, until they are the law here."""

import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import cycle, islice
from typing import Any, Literal

import httpx
import psycopg
from stripe import Event, StripeClient, Subscription

from tests.bench.figures import Spread
from tests.flow.office import api_of
from tests.sandbox.stripe_person import VISA, Person
from tests.stack import Stack
from tests.temporary import temporary_stack
from tests.waiting import eventually

WARM_UP = 5
LOOK_EVERY_SECONDS = 0.002
GIVE_UP_SECONDS = 60.0
Billing = Literal["create_prorations", "always_invoice"]
KINDS: dict[Billing, str] = {
    "create_prorations": "billed with the next invoice",
    "always_invoice": "billed at once",
}


@dataclass(frozen=True)
class Way:
    """One change's way, as seconds from the moment of Stripe's event; all clocks are this machine's."""

    whole: float
    """Until the number of seats is committed here: from then on quota.seats() says it."""
    kept: float
    """Until the webhook has stored the event and answered."""

    @property
    def syncing(self) -> float:
        return self.whole - self.kept


@dataclass(frozen=True)
class Enforcement:
    """What was measured. `fetches`: seconds for what a sync has to ask Stripe, asked by nobody else meanwhile."""

    ways: dict[Billing, list[Way]]
    fetches: list[float]


@dataclass(frozen=True)
class Subscriber:
    """A workspace that pays, its subscription at Stripe by the official SDK, and the row that the law is read from."""

    stack: Stack
    api: httpx.Client
    stripe: StripeClient
    subscription: Subscription
    law: psycopg.Connection[tuple[int]]
    pause: threading.Event = field(default_factory=threading.Event)

    def change(self, seats: int, billing: Billing) -> Way:
        """Change the quantity at Stripe, and wait until it holds here and all is quiet again."""
        item = self.subscription["items"].data[0].id
        wanted: Any = {"items": [{"id": item, "quantity": seats}], "proration_behavior": billing}
        self.stripe.v1.subscriptions.update(self.subscription.id, wanted)
        held = self._wait_for(seats)
        eventually(self._is_quiet, within=GIVE_UP_SECONDS, what=f"the end of all tasks; see {self.stack.log}")
        told = self.api.get("billing/subscription").json()
        assert (told["seats"], told["paid_seats"]) == (seats, seats), told
        sent = self._delivery(seats)
        return Way(whole=held - sent["created"], kept=sent["attempts"][0]["at"] - sent["created"])

    def _wait_for(self, seats: int) -> float:
        """The time at which the law has this number: a glance at one row costs next to nothing."""
        deadline = time.time() + GIVE_UP_SECONDS
        while self._seats() != seats:
            assert time.time() < deadline, f"{seats} seats did not come; see {self.stack.log}"
            self.pause.wait(LOOK_EVERY_SECONDS)
        return time.time()

    def _seats(self) -> int:
        """As quota.seats() counts them while nothing is owed, as the role that serves and in the workspace's scope."""
        found = self.law.execute("SELECT seats FROM billing_entitlement WHERE status = 'active'").fetchone()
        return found[0] if found else 0

    def _is_quiet(self) -> bool:
        """Has every event arrived, and every task that it woke come to its end? What failed is the sweep's."""
        waiting = """
            SELECT 1 FROM djstripe_webhookeventtrigger WHERE valid AND NOT processed AND exception = ''
            UNION ALL SELECT 1 FROM billing_syncrequest
        """
        return not any(each.pending_webhooks for each in self._events()) and not self.stack.query(waiting)

    def _events(self) -> list[Event]:
        """Stripe's newest events, more than one change can make."""
        return self.stripe.v1.events.list({"limit": 20}).data

    def _delivery(self, seats: int) -> dict[str, Any]:
        """Stripe's record of the event that told of the change: when it was made, and when it was answered."""
        updates = [each for each in self._events() if each.type == "customer.subscription.updated"]
        told = next(each for each in updates if "items" in (each.data.previous_attributes or {}))
        assert told.data.object["items"]["data"][0]["quantity"] == seats
        [sent] = self.stack.look("stripe/control/deliveries", event=told.id)["deliveries"]
        assert [each["status"] for each in sent["attempts"]] == [200], sent
        return dict(sent)

    def fetch(self) -> float:
        """Seconds for what billing/stripe/reading.py asks Stripe in each sync."""
        customer: Any = self.subscription.customer
        expanded = ["data.default_payment_method", "data.schedule", "data.latest_invoice"]
        begun = time.perf_counter()
        self.stripe.v1.customers.retrieve(customer)
        self.stripe.v1.customers.retrieve(
            customer, {"expand": ["test_clock", "invoice_settings.default_payment_method"]}
        )
        self.stripe.v1.subscriptions.list({"customer": customer, "status": "all", "limit": 100, "expand": expanded})
        self.stripe.v1.invoices.create_preview({"customer": customer, "subscription": self.subscription.id})
        return time.perf_counter() - begun


def measure(changes: int) -> Enforcement:
    """Make so many changes of each kind, each when all is quiet after the one before."""
    with temporary_stack(TRIAL_DAYS="0") as stack, _subscribed(stack) as subscriber:
        numbers = cycle(range(2, 10))
        _change(subscriber, islice(numbers, WARM_UP), "always_invoice")  # connections are made, modules loaded
        ways = {billing: _change(subscriber, islice(numbers, changes), billing) for billing in KINDS}
        subscriber.fetch()
        return Enforcement(ways, [subscriber.fetch() for _ in range(changes)])


@contextmanager
def _subscribed(stack: Stack) -> Iterator[Subscriber]:
    """A workspace that subscribes as people do: by the API's way to Checkout, and a card there."""
    slug, api = api_of(stack)
    answer = api.post("billing/checkout", json={"plan": "employee_month", "seats": 1})
    assert answer.status_code == 200, answer.text
    buyer = Person(stack.sandbox_url)
    buyer.open(answer.json()["url"])
    buyer.press("Subscribe", card=VISA, email=f"owner@{slug}.example")
    key, url = stack.generated["STRIPE_SECRET_KEY"], f"{stack.sandbox_url}/stripe"
    stripe = StripeClient(key, base_addresses={"api": url}, max_network_retries=0)
    [subscription] = stripe.v1.subscriptions.list().data
    [tenant] = stack.query("SELECT id FROM tenants_tenant WHERE slug = %s", [slug])
    with psycopg.connect(stack.generated["DATABASE_URL"], autocommit=True) as law:
        law.execute("SELECT set_config('app.tenant_id', %s, false)", [str(tenant["id"])])
        yield Subscriber(stack, api, stripe, subscription, law)


def _change(subscriber: Subscriber, numbers: Iterable[int], billing: Billing) -> list[Way]:
    return [subscriber.change(seats, billing) for seats in numbers]


def rows(found: Enforcement) -> list[list[str]]:
    """The table's rows: each kind with its parts, then the limit."""
    limit = Spread(found.fetches)
    lines = []
    for billing, name in KINDS.items():
        ways = found.ways[billing]
        lines.append(_row(name, [way.whole for way in ways], limit))
        lines += [_row(f"    {label}", [getattr(way, part) for way in ways], limit) for part, label in PARTS.items()]
    return [*lines, _row("limit: the fetches of one sync, bare", found.fetches, limit)]


def _row(name: str, seconds: list[float], limit: Spread) -> list[str]:
    spread = Spread(seconds)
    return [name, *spread.cells(), f"{spread.median / limit.median:.1f}"]


PARTS = {"kept": "until the event is stored", "syncing": "until the sync is done"}
RATIO = "by the limit"
