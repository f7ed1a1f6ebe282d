"""Schedules that manage a subscription and change its items at the period's end.

https://docs.stripe.com/api/subscription_schedules
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sandbox.stripe.account.amending import add, amend
from sandbox.stripe.account.errors import invalid
from sandbox.stripe.account.peer import Stripe
from sandbox.stripe.account.store import JsonObject
from sandbox.stripe.api.forms import Field, Hash, Listed, Moment, Text, Whole, one_of
from sandbox.stripe.api.http import Endpoint, Params
from sandbox.stripe.billing import periods, states
from sandbox.stripe.billing.subscription_shapes import is_over
from sandbox.stripe.subscriptions import changes, item_changes, phases, schedule_shapes

ITEM: Final[dict[str, Field]] = {
    "price": Text(is_required=True),
    "quantity": Whole(least=0, most=item_changes.MOST_QUANTITY),
}
DURATION: Final[dict[str, Field]] = {
    "interval": one_of("month", "year", is_required=True),
    "interval_count": Whole(least=1, most=1),
}
PHASE: Final[dict[str, Field]] = {
    "discounts": Listed(of=Hash(fields={"discount": Text(is_required=True)})),
    "duration": Hash(fields=DURATION),
    "end_date": Moment(),
    "items": Listed(of=Hash(fields=ITEM), is_required=True, most=item_changes.MOST),
    "proration_behavior": one_of(*changes.PRORATIONS),
    "start_date": Moment(),
    "trial_end": Moment(),
}
UPDATE: Final[dict[str, Field]] = {
    "end_behavior": one_of("release"),
    "phases": Listed(of=Hash(fields=PHASE), most=10, is_required=True),
    "proration_behavior": one_of(*changes.PRORATIONS),
}
ALIVE: Final = frozenset({"active", "not_started"})


def create(peer: Stripe, params: Params) -> JsonObject:
    """Create a schedule from a subscription."""
    sub = peer.need("subscription", params["from_subscription"], "from_subscription")
    if sub["schedule"] is not None:
        message = (
            "You cannot migrate a subscription that is already attached to a schedule: the subscription is managed by "
            f"`{sub['schedule']}`."
        )
        raise invalid("from_subscription", message)
    if is_over(sub) or sub["status"] in ("incomplete", "paused") or sub["cancel_at_period_end"]:
        message = "You cannot migrate a subscription that has ended, has not begun, or is set to cancel at period end."
        raise invalid("from_subscription", message)
    schedule_id, now = peer.store.new_id("sub_sched"), peer.store.now(sub)
    schedule = schedule_shapes.schedule(schedule_id, sub, now, [phases.of_subscription(sub)])
    add(peer, schedule, "subscription_schedule.created")
    amend(peer, sub, {"schedule": schedule_id}, states.UPDATED)
    return schedule


def retrieve(peer: Stripe, params: Params, id: str) -> JsonObject:
    """A schedule."""
    return peer.need("subscription_schedule", id)


def _need_alive(peer: Stripe, schedule_id: str, verb: str) -> JsonObject:
    schedule = peer.need("subscription_schedule", schedule_id)
    if schedule["status"] not in ALIVE:
        message = (
            f"You cannot {verb} a subscription schedule that is currently in the `{schedule['status']}` status. It can "
            "only be in `not_started` or `active` status."
        )
        raise invalid(None, message)
    return schedule


def update(peer: Stripe, params: Params, id: str) -> JsonObject:
    """Replace the phases after the current one, which can't change."""
    schedule = _need_alive(peer, id, "update")
    planned = _planned(peer, schedule, params["phases"])
    current = schedule_shapes.current_phase(schedule) or {}
    if any(planned[0][name] != current.get(name) for name in ("items", "discounts", "end_date")):
        raise invalid("phases[0]", "The sandbox can't change a schedule's current phase.")
    return amend(peer, schedule, {"phases": planned}, phases.UPDATED)


def _planned(peer: Stripe, schedule: JsonObject, wanted: Sequence[Mapping[str, Any]]) -> list[JsonObject]:
    """A request's phases with all their dates. Raises StripeError for dates that leave gaps or overlap."""
    sub, earliest = peer.store.get(schedule["subscription"]), schedule["current_phase"]["start_date"]
    planned: list[JsonObject] = []
    for place, one in enumerate(wanted):
        where = f"phases[{place}]"
        start = one.get("start_date")
        if start is None and not planned:
            raise invalid("phases", NO_ANCHOR)
        if start not in (None, earliest):
            message = "The `start_date` of a phase must be the `end_date` of the one before, or of the current phase."
            raise invalid(f"{where}[start_date]", message)
        planned.append(_phase(peer, sub, one, earliest, where))
        earliest = planned[-1]["end_date"]
    if not planned:
        raise invalid("phases", "You can not remove the current phase, nor end it in the past.")
    return planned


NO_ANCHOR: Final = (
    "The subscription schedule update is missing at least one phase with a `start_date` to anchor end dates to."
)


def _phase(peer: Stripe, sub: JsonObject, wanted: Mapping[str, Any], start: int, where: str) -> JsonObject:
    items = [_item(peer, one, f"{where}[items][{place}]") for place, one in enumerate(wanted["items"])]
    if not items:
        raise invalid(f"{where}[items]", "A phase must have at least one item.")
    end = wanted.get("end_date")
    if end is not None and "duration" in wanted:
        raise invalid(f"{where}[duration]", "You may only specify one of these parameters: duration, end_date.")
    if end is None:
        duration = wanted.get("duration") or peer.store.get(items[0]["price"])["recurring"]
        end = periods.after(start, duration["interval"])
    if end <= start:
        raise invalid(f"{where}[end_date]", "The `end_date` of a phase must be after its `start_date`.")
    names = ("proration_behavior", "trial_end")
    values = {"currency": sub["currency"], **{name: wanted[name] for name in names if name in wanted}}
    values["discounts"] = [_discount(sub, one["discount"], where) for one in wanted.get("discounts", ())]
    return schedule_shapes.phase(start, end, items, values)


def _discount(sub: Mapping[str, Any], discount: str, where: str) -> JsonObject:
    """One of the subscription's discounts, which a phase must name to keep."""
    if discount not in sub["discounts"]:
        raise invalid(f"{where}[discounts]", f"No such discount: '{discount}'")
    return schedule_shapes.discount(discount)


def _item(peer: Stripe, wanted: Mapping[str, Any], where: str) -> JsonObject:
    price = item_changes.price_of(peer, wanted, where)
    return schedule_shapes.item(price["id"], wanted.get("quantity", 1))


def release(peer: Stripe, params: Params, id: str) -> JsonObject:
    """Release the subscription, which continues as it is."""
    return phases.release(peer, _need_alive(peer, id, "release"))


ROUTES: Final = [
    Endpoint("POST", "/v1/subscription_schedules", create, {"from_subscription": Text(is_required=True)}),
    Endpoint("GET", "/v1/subscription_schedules/{id}", retrieve),
    Endpoint("POST", "/v1/subscription_schedules/{id}", update, UPDATE),
    Endpoint("POST", "/v1/subscription_schedules/{id}/release", release),
]
