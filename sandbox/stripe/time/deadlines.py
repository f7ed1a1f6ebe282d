"""What is due when: the times when subscriptions, invoices and schedules change by themselves.

None of it is stored: it is computed from the objects each time. A subscription's stored facts say which notices were
sent: `trial_told`, the end of the trial announced, and `upcoming_told`, the renewal announced.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Final

from sandbox.stripe.account.amending import amend
from sandbox.stripe.account.errors import StripeError
from sandbox.stripe.account.events import emit
from sandbox.stripe.account.peer import Stripe
from sandbox.stripe.account.store import JsonObject
from sandbox.stripe.billing import collecting, dunning, invoicing, issuing, pending_updates, states
from sandbox.stripe.billing.periods import DAY, HOUR
from sandbox.stripe.billing.subscription_shapes import period_of
from sandbox.stripe.subscriptions import phases, previews, renewing

PAYMENT_SECONDS: Final = 23 * HOUR  # for a subscription's first payment, and for the one that ends a pause
TRIAL_NOTICE: Final = 3 * DAY
# Which objects can change by themselves, by type.
ALIVE: Final[Mapping[str, str]] = {
    "subscription": "json_extract(body, '$.status') NOT IN ('canceled', 'incomplete_expired')",
    "subscription_schedule": "json_extract(body, '$.status') = 'active'",
    "invoice": (
        "json_extract(body, '$.status') IN ('draft', 'open') AND "
        "coalesce(json_extract(body, '$.automatically_finalizes_at'), json_extract(body, '$.next_payment_attempt'))"
    ),
}


class Kind(IntEnum):
    """Kinds of deadlines, in the order in which they happen at the same moment."""

    PHASE = 1
    UPDATE_EXPIRES = 2
    NEVER_PAID = 3
    NOT_RESUMED = 4
    END = 5
    PERIOD = 6
    COLLECTION = 7
    FINALIZATION = 8
    ATTEMPT = 9
    TRIAL_NOTICE = 10
    UPCOMING = 11


@dataclass(frozen=True, order=True)
class Deadline:
    """Something due for an object at a time."""

    at: int
    kind: Kind
    object_id: str


def earliest(peer: Stripe, clock: str | None, until: int) -> Deadline | None:
    """The first deadline up to a time, for a test clock's objects or, with None, for objects without a clock."""
    found = (deadline for obj in _alive(peer) if obj["test_clock"] == clock for deadline in of(peer, obj))
    return min((deadline for deadline in found if deadline.at <= until), default=None)


def overdue_clocks(peer: Stripe) -> set[str | None]:
    """The test clocks with something overdue; None stands for real time."""
    now = {clock["id"]: clock["frozen_time"] for clock in peer.store.select("test_helpers.test_clock")}
    now[None] = peer.store.now()
    return {
        obj["test_clock"]
        for obj in _alive(peer)
        if any(deadline.at <= now.get(obj["test_clock"], 0) for deadline in of(peer, obj))
    }


def _alive(peer: Stripe) -> Iterator[JsonObject]:
    """Everything that can change by itself."""
    for name, condition in ALIVE.items():
        sql = f"SELECT body FROM stripe_object WHERE object = ? AND {condition}"  # noqa: S608 - the conditions are ours
        for row in peer.database.all(sql, name):
            yield json.loads(row["body"])


def of(peer: Stripe, obj: Mapping[str, Any]) -> Iterator[Deadline]:
    """An object's deadlines."""
    for at, kind in FINDERS[obj["object"]](peer, obj):
        if at is not None:
            yield Deadline(at, kind, obj["id"])


def _of_schedule(peer: Stripe, schedule: Mapping[str, Any]) -> Iterator[tuple[int | None, Kind]]:
    yield schedule["current_phase"]["end_date"], Kind.PHASE


def _of_invoice(peer: Stripe, invoice: Mapping[str, Any]) -> Iterator[tuple[int | None, Kind]]:
    if invoice["status"] == "draft":
        yield invoice["automatically_finalizes_at"], Kind.FINALIZATION
    else:
        yield invoice["next_payment_attempt"], Kind.ATTEMPT


def _of_subscription(peer: Stripe, sub: Mapping[str, Any]) -> Iterator[tuple[int | None, Kind]]:
    if sub["status"] == "incomplete":
        yield sub["created"] + PAYMENT_SECONDS, Kind.NEVER_PAID
        return
    facts = peer.store.kept(sub["id"])
    yield sub["cancel_at"], Kind.END
    if sub["pending_update"]:
        yield sub["pending_update"]["expires_at"], Kind.UPDATE_EXPIRES
    if sub["pause_collection"]:
        yield sub["pause_collection"]["resumes_at"], Kind.COLLECTION
    if sub["status"] == "paused":
        invoice = peer.store.find(facts.get("resumption") or "")
        yield invoice["created"] + PAYMENT_SECONDS if invoice else None, Kind.NOT_RESUMED
        return
    yield period_of(sub)[1], Kind.PERIOD
    yield from _notices(peer, sub, facts)


def _notices(peer: Stripe, sub: Mapping[str, Any], facts: Mapping[str, Any]) -> Iterator[tuple[int | None, Kind]]:
    """Advance notices: the end of a trial and a renewal."""
    if sub["status"] == "trialing" and facts.get("trial_told") != sub["trial_end"]:
        yield sub["trial_end"] - TRIAL_NOTICE, Kind.TRIAL_NOTICE
    start, end = period_of(sub)
    early = end - dunning.upcoming_seconds(peer)
    goes_on = sub["cancel_at"] is None or sub["cancel_at"] > end
    if goes_on and early > start and facts.get("upcoming_told") != end:
        yield early, Kind.UPCOMING


FINDERS: Final[Mapping[str, Callable[[Stripe, Mapping[str, Any]], Iterator[tuple[int | None, Kind]]]]] = {
    "invoice": _of_invoice,
    "subscription": _of_subscription,
    "subscription_schedule": _of_schedule,
}


def carry_out(peer: Stripe, deadline: Deadline) -> None:
    """Run what is due."""
    ACTIONS[deadline.kind](peer, peer.store.get(deadline.object_id))


def _end(peer: Stripe, sub: JsonObject) -> None:
    """End a subscription as scheduled, without a refund."""
    states.end(peer, sub, "cancellation_requested")


def _not_resumed(peer: Stripe, sub: JsonObject) -> None:
    """The invoice that would have ended a pause wasn't paid in time: the subscription stays paused."""
    invoice = peer.store.get(peer.store.kept(sub["id"])["resumption"])
    if invoice["status"] == "open":
        invoicing.void(peer, invoice)
    states.after_void(peer, invoice)


def _resume_collection(peer: Stripe, sub: JsonObject) -> None:
    amend(peer, sub, {"pause_collection": None}, states.UPDATED)


def _attempt(peer: Stripe, invoice: JsonObject) -> None:
    """Retry collection; an invoice that isn't retried automatically was scheduled only this once."""
    collecting.collect(peer, invoice)
    invoice = peer.store.get(invoice["id"])
    if invoice["status"] == "open" and not states.is_retried(peer, invoice):
        amend(peer, invoice, {"next_payment_attempt": None}, "invoice.updated")


def _trial_notice(peer: Stripe, sub: JsonObject) -> None:
    peer.store.keep(sub["id"], trial_told=sub["trial_end"])
    emit(peer, "customer.subscription.trial_will_end", sub)


def _upcoming(peer: Stripe, sub: JsonObject) -> None:
    peer.store.keep(sub["id"], upcoming_told=period_of(sub)[1])
    try:
        emit(peer, "invoice.upcoming", previews.upcoming(peer, sub))
    except StripeError:
        return  # nothing will be invoiced, so there is nothing to announce


ACTIONS: Final[Mapping[Kind, Callable[[Stripe, JsonObject], object]]] = {
    Kind.PHASE: phases.end_phase,
    Kind.UPDATE_EXPIRES: pending_updates.discard,
    Kind.NEVER_PAID: states.expire,
    Kind.NOT_RESUMED: _not_resumed,
    Kind.END: _end,
    Kind.PERIOD: renewing.end_period,
    Kind.COLLECTION: _resume_collection,
    Kind.FINALIZATION: issuing.advance,
    Kind.ATTEMPT: _attempt,
    Kind.TRIAL_NOTICE: _trial_notice,
    Kind.UPCOMING: _upcoming,
}
