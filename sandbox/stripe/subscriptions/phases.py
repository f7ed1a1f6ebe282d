"""What a subscription schedule does at the end of a phase, and how it releases its subscription.

https://docs.stripe.com/billing/subscriptions/subscription-schedules
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sandbox.stripe.account.amending import amend
from sandbox.stripe.account.peer import Stripe
from sandbox.stripe.account.store import JsonObject
from sandbox.stripe.billing import states
from sandbox.stripe.billing.discounting import end
from sandbox.stripe.billing.subscription_shapes import items_of, period_of
from sandbox.stripe.subscriptions import item_changes, schedule_shapes

UPDATED: Final = "subscription_schedule.updated"


def end_phase(peer: Stripe, schedule: JsonObject) -> None:
    """A stored schedule's current phase is over: start the next one, or release the subscription."""
    following = schedule_shapes.next_phase(schedule)
    if following is None:
        release(peer, schedule)
        return
    amend(peer, schedule, {"current_phase": schedule_shapes.span(following)}, UPDATED)
    _enter(peer, peer.store.get(schedule["subscription"]), following)


def _enter(peer: Stripe, sub: JsonObject, phase: Mapping[str, Any]) -> None:
    """Apply a phase to a stored subscription; the renewal, due at the same moment, invoices the new items."""
    kept = [one["discount"] for one in phase["discounts"]]  # a phase keeps only the discounts it names
    for gone in set(sub["discounts"]) - set(kept):
        end(peer, gone)
    sub["discounts"] = kept
    item_changes.change(peer, sub, wanted(sub, phase))
    states.save(peer, sub)


def wanted(sub: Mapping[str, Any], phase: Mapping[str, Any]) -> list[JsonObject]:
    """The changes that turn a subscription's items into a phase's; an unchanged price keeps its item."""
    left = list(items_of(sub))
    found: list[JsonObject] = []
    for one in phase["items"]:
        known = next((item for item in left if item["price"]["id"] == one["price"]), None)
        known = known or (left[0] if left and len(left) == len(phase["items"]) == 1 else None)
        if known is not None:
            left.remove(known)
        found.append({"price": one["price"], "quantity": one["quantity"], **({"id": known["id"]} if known else {})})
    return [*found, *({"id": item["id"], "deleted": True} for item in left)]


def release(peer: Stripe, schedule: JsonObject) -> JsonObject:
    """End the schedule and let its subscription continue."""
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


def of_subscription(sub: Mapping[str, Any]) -> JsonObject:
    """A subscription's current period as a phase."""
    start, end_ = period_of(sub)
    values = {
        **{name: sub[name] for name in ("currency", "default_payment_method")},
        "automatic_tax": dict(sub["automatic_tax"]),
        "discounts": [schedule_shapes.discount(one) for one in sub["discounts"]],
        "trial_end": sub["trial_end"] if sub["status"] == "trialing" else None,
    }
    items = [schedule_shapes.item(item["price"]["id"], item["quantity"]) for item in items_of(sub)]
    return schedule_shapes.phase(start, end_, items, values)
