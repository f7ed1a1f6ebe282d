"""The time from a manual seat change in Stripe's Dashboard until it is enforced here."""

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
    "always_invoice": "billed immediately",
}


@dataclass(frozen=True)
class Way:
    """One change's timing, in seconds from Stripe's event; all clocks are this machine's."""

    whole: float
    """Until the number of seats is committed here and quota.seats() returns it."""
    kept: float
    """Until the webhook has stored the event and answered."""

    @property
    def syncing(self) -> float:
        return self.whole - self.kept


@dataclass(frozen=True)
class Enforcement:
    """The measurements. `fetches`: seconds for a sync's requests to Stripe, with no other requests running."""

    ways: dict[Billing, list[Way]]
    fetches: list[float]


@dataclass(frozen=True)
class Subscriber:
    """A paying workspace, its subscription at Stripe through the official SDK, and the row that holds its quota."""

    stack: Stack
    api: httpx.Client
    stripe: StripeClient
    subscription: Subscription
    law: psycopg.Connection[tuple[int]]
    pause: threading.Event = field(default_factory=threading.Event)

    def change(self, seats: int, billing: Billing) -> Way:
        """Change the quantity at Stripe, and wait until it applies here and everything is idle again."""
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
        """The time when the row has this number; polling one row is cheap."""
        deadline = time.time() + GIVE_UP_SECONDS
        while self._seats() != seats:
            assert time.time() < deadline, f"{seats} seats did not arrive; see {self.stack.log}"
            self.pause.wait(LOOK_EVERY_SECONDS)
        return time.time()

    def _seats(self) -> int:
        """What quota.seats() counts while nothing is owed, as the application's role in the workspace's scope."""
        found = self.law.execute("SELECT seats FROM billing_entitlement WHERE status = 'active'").fetchone()
        return found[0] if found else 0

    def _is_quiet(self) -> bool:
        """Whether every event has arrived and every task it started has ended. The sweep handles failures."""
        waiting = """
            SELECT 1 FROM djstripe_webhookeventtrigger WHERE valid AND NOT processed AND exception = ''
            UNION ALL SELECT 1 FROM billing_syncrequest
        """
        return not any(each.pending_webhooks for each in self._events()) and not self.stack.query(waiting)

    def _events(self) -> list[Event]:
        """Stripe's newest events, more than one change can cause."""
        return self.stripe.v1.events.list({"limit": 20}).data

    def _delivery(self, seats: int) -> dict[str, Any]:
        """Stripe's record of the change's event: when it was created and when it was answered."""
        updates = [each for each in self._events() if each.type == "customer.subscription.updated"]
        told = next(each for each in updates if "items" in (each.data.previous_attributes or {}))
        assert told.data.object["items"]["data"][0]["quantity"] == seats
        [sent] = self.stack.look("stripe/control/deliveries", event=told.id)["deliveries"]
        assert [each["status"] for each in sent["attempts"]] == [200], sent
        return dict(sent)

    def fetch(self) -> float:
        """Seconds for the requests of billing/stripe/reading.py in each sync."""
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
    """Make that many changes of each kind, each when everything is idle after the previous one."""
    with temporary_stack(TRIAL_DAYS="0") as stack, subscribed(stack) as subscriber:
        numbers = cycle(range(2, 10))
        _change(subscriber, islice(numbers, WARM_UP), "always_invoice")  # warm up connections and modules
        ways = {billing: _change(subscriber, islice(numbers, changes), billing) for billing in KINDS}
        subscriber.fetch()
        return Enforcement(ways, [subscriber.fetch() for _ in range(changes)])


@contextmanager
def subscribed(stack: Stack) -> Iterator[Subscriber]:
    """A workspace that subscribes as people do: through the API's Checkout link, with a card."""
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
    """The table's rows: each kind with its parts, then the limits."""
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
