"""Test clocks, which advance everything that belongs to them, and the ticker for everything else.

https://docs.stripe.com/api/test_clocks · https://docs.stripe.com/billing/testing/test-clocks
"""

from __future__ import annotations

import asyncio
import logging
from typing import Final

from sandbox.stripe.account.amending import add, amend
from sandbox.stripe.account.errors import invalid
from sandbox.stripe.account.peer import Stripe
from sandbox.stripe.account.store import JsonObject
from sandbox.stripe.api.forms import Field, Moment, Text
from sandbox.stripe.api.http import Endpoint, Params
from sandbox.stripe.billing import periods, subscription_shapes
from sandbox.stripe.billing.periods import DAY, interval_of
from sandbox.stripe.billing.subscription_shapes import is_over, items_of
from sandbox.stripe.time import deadlines

logger = logging.getLogger(__name__)

KIND: Final = "test_helpers.test_clock"
KEPT_DAYS: Final = 30
TICK_SECONDS: Final = 0.5
MOST_STEPS: Final = 20_000
BELONGINGS: Final = ("subscription", "subscription_schedule", "invoice", "invoiceitem")
CREATE: Final[dict[str, Field]] = {"frozen_time": Moment(is_required=True), "name": Text(longest=300)}


def create(peer: Stripe, params: Params) -> JsonObject:
    """Create a clock stopped at a time."""
    now, clock_id = peer.store.now(), peer.store.new_id("clock")
    deleted = now + KEPT_DAYS * DAY
    clock = subscription_shapes.test_clock(clock_id, now, params["frozen_time"], params.get("name"), deleted)
    return add(peer, clock, f"{KIND}.created")


def _adopt(peer: Stripe, clock: JsonObject, customer: JsonObject) -> None:
    """Move a customer without a clock, and everything the customer has, to this clock."""
    for name in BELONGINGS:
        for obj in peer.store.select(name, customer=customer["id"]):
            peer.store.put({**obj, "test_clock": clock["id"]})
    amend(peer, customer, {"test_clock": clock["id"]}, "customer.updated")


def retrieve(peer: Stripe, params: Params, id: str) -> JsonObject:
    """A clock."""
    return peer.need(KIND, id)


def advance(peer: Stripe, params: Params, id: str) -> JsonObject:
    """Advance a clock to a later time; as in Stripe, the answer says advancing and the clock is ready afterwards."""
    clock, until = peer.need(KIND, id), params["frozen_time"]
    if until <= clock["frozen_time"]:
        raise invalid("frozen_time", "The test clock can only be advanced to a time after its current frozen time.")
    latest = _latest(peer, clock)
    if until > latest:
        message = (
            "Cannot advance the test clock more than two intervals of its shortest subscription at a time, or two "
            f"years without one: {latest} at most."
        )
        raise invalid("frozen_time", message)
    answer = {**clock, "status": "advancing"}
    advance_to(peer, clock, until)
    return answer


def _latest(peer: Stripe, clock: JsonObject) -> int:
    """The latest time that a clock can be advanced to at once."""
    now = clock["frozen_time"]
    subs = [sub for sub in peer.store.select("subscription", test_clock=clock["id"]) if not is_over(sub)]
    intervals = {interval_of(items_of(sub)[0]["price"]) for sub in subs} or {"year"}
    return min(periods.boundary(now, interval, 2) for interval in intervals)


def advance_to(peer: Stripe, clock: JsonObject, until: int) -> JsonObject:
    """Advance a clock to a time; everything due on the way happens at its own time, in order."""
    clock = amend(peer, clock, {"status": "advancing"}, f"{KIND}.advancing")
    run(peer, clock["id"], until)
    clock = peer.store.get(clock["id"])
    return amend(peer, clock, {"frozen_time": until, "status": "ready"}, f"{KIND}.ready")


def advance_customer(peer: Stripe, customer_id: str, until: int) -> JsonObject:
    """Advance one customer's time, without limit; a customer without a clock gets one first. Raises ValueError."""
    customer = peer.need("customer", customer_id, "customer")
    now = peer.store.now(customer)
    if until <= now:
        raise ValueError(f"The customer's time is {now}: it can only be advanced to a later one.")
    if customer["test_clock"] is None:
        clock = create(peer, {"frozen_time": now})
        _adopt(peer, clock, customer)
    else:
        clock = peer.store.get(customer["test_clock"])
    return advance_to(peer, clock, until)


def run(peer: Stripe, clock_id: str | None, until: int) -> None:
    """Run everything due up to a time, in order, including what follows from it."""
    for _ in range(MOST_STEPS):
        deadline = deadlines.earliest(peer, clock_id, until)
        if deadline is None:
            return
        if clock_id is not None:
            clock = peer.store.get(clock_id)
            peer.store.put({**clock, "frozen_time": max(clock["frozen_time"], deadline.at)})
        deadlines.carry_out(peer, deadline)
    raise RuntimeError(f"Time can't pass {deadline}: what is due there stays due.")


async def tick(peer: Stripe) -> None:
    """Run forever what is due in real time, and what requests made due on a clock."""
    while True:
        try:
            _tick(peer)
        except Exception:  # a defect in one object must not stop time for all others
            logger.exception("time could not pass for all subscriptions of the sandbox Stripe")
        await asyncio.sleep(TICK_SECONDS)


def _tick(peer: Stripe) -> None:
    for clock_id in deadlines.overdue_clocks(peer):
        with peer.store.transaction():
            run(peer, clock_id, peer.store.now(clock_id))


ROUTES: Final = [
    Endpoint("POST", "/v1/test_helpers/test_clocks", create, CREATE),
    Endpoint("GET", "/v1/test_helpers/test_clocks/{id}", retrieve),
    Endpoint("POST", "/v1/test_helpers/test_clocks/{id}/advance", advance, {"frozen_time": Moment(is_required=True)}),
]
