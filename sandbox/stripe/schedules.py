"""Subscription schedules. https://docs.stripe.com/api/subscription_schedules

Left out: schedules that begin a subscription of their own; phases with new discounts, fees or settings of invoices.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sandbox.stripe import changes, ending, item_changes, periods, phases, schedule_shapes, states
from sandbox.stripe.amending import add, amend
from sandbox.stripe.errors import StripeError, invalid
from sandbox.stripe.forms import Field, Flag, Hash, Listed, Metadata, Moment, Range, Text, Whole, merged, one_of, within
from sandbox.stripe.http import Endpoint, Params
from sandbox.stripe.parameters import Currency
from sandbox.stripe.peer import Stripe
from sandbox.stripe.store import JsonObject

ITEM: Final[dict[str, Field]] = {
    "metadata": Metadata(),
    "price": Text(is_required=True),
    "quantity": Whole(least=0, most=item_changes.MOST_QUANTITY),
}
DURATION: Final[dict[str, Field]] = {
    "interval": one_of("day", "week", "month", "year", is_required=True),
    "interval_count": Whole(least=1),
}
PHASE: Final[dict[str, Field]] = {
    "currency": Currency(),
    "description": Text(longest=500, is_clearable=True),
    "discounts": Listed(of=Hash(fields={"discount": Text(is_required=True)}), is_clearable=True),
    "duration": Hash(fields=DURATION),
    "end_date": Moment(words=("now",)),
    "items": Listed(of=Hash(fields=ITEM), is_required=True, most=item_changes.MOST),
    "metadata": Metadata(),
    "proration_behavior": one_of(*changes.PRORATIONS),
    "start_date": Moment(words=("now",)),
    "trial_end": Moment(),
}
UPDATE: Final[dict[str, Field]] = {
    "end_behavior": one_of("cancel", "release"),
    "metadata": Metadata(),
    "phases": Listed(of=Hash(fields=PHASE), most=10),
    "proration_behavior": one_of(*changes.PRORATIONS),
}
LIST: Final[dict[str, Field]] = {
    "canceled_at": Range(),
    "completed_at": Range(),
    "created": Range(),
    "customer": Text(),
    "released_at": Range(),
    "scheduled": Flag(),
}
CANCEL: Final[dict[str, Field]] = {"invoice_now": Flag(), "prorate": Flag()}
TIMES: Final = ("canceled_at", "completed_at", "created", "released_at")
ALIVE: Final = frozenset({"active", "not_started"})


def create(peer: Stripe, params: Params) -> JsonObject:
    """A schedule that takes over a subscription."""
    sub = peer.need("subscription", params["from_subscription"], "from_subscription")
    if sub["schedule"] is not None:
        message = (
            "You cannot migrate a subscription that is already attached to a schedule: the subscription is managed by "
            f"`{sub['schedule']}`."
        )
        raise invalid("from_subscription", message)
    if not phases.may_be_scheduled(sub) or sub["cancel_at_period_end"]:
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


def list_all(peer: Stripe, params: Params) -> list[JsonObject]:
    """Schedules that pass the filters; `scheduled`: those that have not begun."""
    ranges = {name: params.pop(name) for name in TIMES if name in params}
    is_waiting = params.pop("scheduled", None)
    found = peer.store.select("subscription_schedule", **params)
    return [
        one
        for one in found
        if all(one[name] is not None and within(bounds, one[name]) for name, bounds in ranges.items())
        and is_waiting in (None, one["status"] == "not_started")
    ]


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
    """New phases, all that are not over yet; a change of the current one takes place at once."""
    schedule = _need_alive(peer, id, "update")
    values: JsonObject = {name: params[name] for name in ("end_behavior",) if name in params}
    if "metadata" in params:
        values["metadata"] = merged(schedule["metadata"], params["metadata"])
    if "phases" not in params:
        return amend(peer, schedule, values, phases.UPDATED)
    planned = _planned(peer, schedule, params["phases"])
    before = schedule_shapes.current_phase(schedule) or {}
    current = planned[0]
    values |= {"phases": planned, "current_phase": schedule_shapes.span(current)}
    amend(peer, schedule, values, phases.UPDATED)
    if any(current[name] != before.get(name) for name in ("items", "discounts")):
        sub = peer.store.get(schedule["subscription"])
        phases.enter(peer, sub, current, params.get("proration_behavior", "create_prorations"))
    return peer.store.get(id)


def _planned(peer: Stripe, schedule: JsonObject, wanted: Sequence[Mapping[str, Any]]) -> list[JsonObject]:
    """The phases of a request with all their dates. Raises StripeError for dates that do not follow each other."""
    current, now = schedule["current_phase"], peer.store.now(schedule)
    sub = peer.store.get(schedule["subscription"])
    planned: list[JsonObject] = []
    for place, one in enumerate(wanted):
        where = f"phases[{place}]"
        start = _moment(one.get("start_date"), now)
        if not planned:
            _check_first(start, current, where)
        earliest = planned[-1]["end_date"] if planned else current["start_date"]
        if start not in (None, earliest):
            raise invalid(
                f"{where}[start_date]", "The `start_date` of a phase must be the `end_date` of the one before."
            )
        planned.append(_phase(peer, sub, one, earliest, now, where))
    if not planned or planned[0]["end_date"] < now:
        raise invalid("phases", "You can not remove the current phase, nor end it in the past.")
    return planned


def _check_first(start: int | None, current: Mapping[str, Any], where: str) -> None:
    if start is None:
        message = (
            "The subscription schedule update is missing at least one phase with a `start_date` to anchor end dates to."
        )
        raise invalid("phases", message)
    if start != current["start_date"]:
        raise invalid(f"{where}[start_date]", "You can not modify the start date of the current phase.")


def _moment(value: int | str | None, now: int) -> int | None:
    return now if value == "now" else int(value) if value is not None else None


def _phase(peer: Stripe, sub: JsonObject, wanted: Mapping[str, Any], start: int, now: int, where: str) -> JsonObject:
    items = [_item(peer, one, f"{where}[items][{place}]") for place, one in enumerate(wanted["items"])]
    if not items:
        raise invalid(f"{where}[items]", "A phase must have at least one item.")
    end = _moment(wanted.get("end_date"), now)
    if end is not None and "duration" in wanted:
        raise invalid(f"{where}[duration]", "You may only specify one of these parameters: duration, end_date.")
    if end is None:
        duration = wanted.get("duration") or peer.store.get(items[0]["price"])["recurring"]
        end = periods.after(start, duration["interval"], duration.get("interval_count", 1))
    if end <= start:
        raise _not_after(where)
    names = ("description", "metadata", "proration_behavior", "trial_end")
    values = {"currency": sub["currency"], **{name: wanted[name] for name in names if name in wanted}}
    values["discounts"] = [_discount(sub, one["discount"], where) for one in wanted.get("discounts") or ()]
    return schedule_shapes.phase(start, end, items, values)


def _discount(sub: Mapping[str, Any], discount: str, where: str) -> JsonObject:
    """One of the subscription's own, which a phase has to name to keep it."""
    if discount not in sub["discounts"]:
        raise invalid(f"{where}[discounts]", f"No such discount: '{discount}'")
    return schedule_shapes.discount(discount)


def _not_after(where: str) -> StripeError:
    return invalid(f"{where}[end_date]", "The `end_date` of a phase must be after its `start_date`.")


def _item(peer: Stripe, wanted: Mapping[str, Any], where: str) -> JsonObject:
    price = item_changes.price_of(peer, wanted, where)
    return schedule_shapes.item(price["id"], wanted.get("quantity", 1), merged(None, wanted.get("metadata")))


def release(peer: Stripe, params: Params, id: str) -> JsonObject:
    """Let the subscription go on by itself, as it is now."""
    return phases.release(peer, _need_alive(peer, id, "release"))


def cancel(peer: Stripe, params: Params, id: str) -> JsonObject:
    """End the schedule and its subscription at once."""
    schedule = _need_alive(peer, id, "cancel")
    ending.cancel(peer, peer.store.get(schedule["subscription"]), params)
    return peer.store.get(id)


ROUTES: Final = [
    Endpoint("POST", "/v1/subscription_schedules", create, {"from_subscription": Text(is_required=True)}),
    Endpoint("GET", "/v1/subscription_schedules", list_all, LIST, is_list=True),
    Endpoint("GET", "/v1/subscription_schedules/{id}", retrieve),
    Endpoint("POST", "/v1/subscription_schedules/{id}", update, UPDATE),
    Endpoint("POST", "/v1/subscription_schedules/{id}/release", release, {"preserve_cancel_date": Flag()}),
    Endpoint("POST", "/v1/subscription_schedules/{id}/cancel", cancel, CANCEL),
]
