"""What a subscription schedule does when a phase is over, and how it lets go of its subscription.

https://docs.stripe.com/billing/subscriptions/subscription-schedules
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sandbox.stripe import changes, item_changes, schedule_shapes, states, subscription_settings, subscription_shapes
from sandbox.stripe.amending import amend
from sandbox.stripe.forms import merged
from sandbox.stripe.peer import Stripe
from sandbox.stripe.store import JsonObject
from sandbox.stripe.subscription_shapes import items_of, period_of

UPDATED: Final = "subscription_schedule.updated"


def end_phase(peer: Stripe, schedule: JsonObject) -> None:
    """The current phase of a stored schedule is over: the next one begins, or the schedule has done its work."""
    following = schedule_shapes.next_phase(schedule)
    if following is None:
        _finish(peer, schedule)
        return
    amend(peer, schedule, {"current_phase": schedule_shapes.span(following)}, UPDATED)
    enter(peer, peer.store.get(schedule["subscription"]), following, following["proration_behavior"])


def enter(peer: Stripe, sub: JsonObject, phase: Mapping[str, Any], proration: str) -> None:
    """Make a stored subscription what a phase wants.

    At the end of the subscription's period the renewal, which is due at the same moment, invoices the new items.
    """
    settings = {name: phase[name] for name in ("description",) if phase[name] is not None}
    if phase["metadata"]:
        settings["metadata"] = phase["metadata"]
    discounts = [{"discount": one["discount"]} for one in phase["discounts"]]
    if sub["discounts"] != [one["discount"] for one in discounts]:  # a phase has those that it names
        subscription_settings.put_discounts(peer, sub, discounts)
    changed = wanted(sub, phase)
    if period_of(sub)[1] <= peer.store.now(sub):
        item_changes.change(peer, sub, changed)
        sub.update(settings, metadata=merged(sub["metadata"], phase["metadata"]))
        states.save(peer, sub)
        return
    terms = {"payment_behavior": "allow_incomplete", "proration_behavior": proration, "off_session": True}
    changes.update(peer, sub, {**settings, **terms, "items": changed})


def wanted(sub: Mapping[str, Any], phase: Mapping[str, Any]) -> list[JsonObject]:
    """The changes that turn a subscription's items into those of a phase; the same price keeps its item."""
    left = list(items_of(sub))
    found: list[JsonObject] = []
    for one in phase["items"]:
        known = next((item for item in left if item["price"]["id"] == one["price"]), None)
        known = known or (left[0] if left and len(left) == len(phase["items"]) == 1 else None)
        if known is not None:
            left.remove(known)
        values = {"price": one["price"], "quantity": one["quantity"], **({"id": known["id"]} if known else {})}
        found.append({**values, **({"metadata": one["metadata"]} if one["metadata"] else {})})
    return [*found, *({"id": item["id"], "deleted": True} for item in left)]


def _finish(peer: Stripe, schedule: JsonObject) -> None:
    """The last phase is over: cancel the subscription, or let it go on by itself."""
    sub = peer.store.get(schedule["subscription"])
    if schedule["end_behavior"] == "cancel":
        values = {"status": "completed", "completed_at": peer.store.now(schedule), "current_phase": None}
        amend(peer, schedule, values, "subscription_schedule.completed")
        states.end(peer, sub, None)
        return
    release(peer, schedule)


def release(peer: Stripe, schedule: JsonObject) -> JsonObject:
    """Let the subscription go on without the schedule, which ends here."""
    values = {
        "current_phase": None,
        "released_at": peer.store.now(schedule),
        "released_subscription": schedule["subscription"],
        "status": "released",
        "subscription": None,
    }
    sub_id = schedule["subscription"]
    amend(peer, schedule, values, "subscription_schedule.released")
    amend(peer, peer.store.get(sub_id), {"schedule": None}, states.UPDATED)
    return schedule


def follow(peer: Stripe, sub: Mapping[str, Any]) -> None:
    """A subscription was changed directly: the current phase of its schedule shows that, the later ones stay."""
    schedule = peer.store.find(sub["schedule"] or "")
    current = schedule and schedule_shapes.current_phase(schedule)
    if schedule is None or current is None:
        return
    items = [of_item(item) for item in items_of(sub)]
    start = current["start_date"]
    phases = [{**one, "items": items} if one["start_date"] == start else one for one in schedule["phases"]]
    amend(peer, schedule, {"phases": phases}, UPDATED)


def of_item(item: Mapping[str, Any]) -> JsonObject:
    """A subscription's item as an item of a phase."""
    return schedule_shapes.item(item["price"]["id"], item["quantity"], item["metadata"])


def of_subscription(sub: Mapping[str, Any]) -> JsonObject:
    """The current period of a subscription as a phase."""
    start, end = period_of(sub)
    names = ("currency", "description", "default_payment_method")
    values = {
        **{name: sub[name] for name in names},
        "automatic_tax": dict(sub["automatic_tax"]),
        "collection_method": None,
        "discounts": [schedule_shapes.discount(one) for one in sub["discounts"]],
        "metadata": dict(sub["metadata"]),
        "trial_end": sub["trial_end"] if sub["status"] == "trialing" else None,
    }
    return schedule_shapes.phase(start, end, [of_item(item) for item in items_of(sub)], values)


def may_be_scheduled(sub: Mapping[str, Any]) -> bool:
    """Whether a schedule can take a subscription over."""
    return not subscription_shapes.is_over(sub) and sub["status"] not in ("incomplete", "paused")
