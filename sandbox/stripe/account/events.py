"""Events: which change sends what, to which endpoints. https://docs.stripe.com/api/events"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from sandbox.stripe.account.event_types import EVENT_TYPES
from sandbox.stripe.account.peer import Stripe
from sandbox.stripe.account.store import JsonObject


def emit(
    peer: Stripe, event_type: str, obj: Mapping[str, Any], previous_attributes: Mapping[str, Any] | None = None
) -> JsonObject:
    """Store an event with a snapshot of `obj` and queue it for each enabled endpoint that wants it; returns the event.

    Call it inside the transaction that changes the object, so both commit or neither. `previous_attributes` belongs to
    `*.updated` and a few others; `changes` computes it. Raises ValueError for an unknown type.
    """
    if event_type not in EVENT_TYPES:
        raise ValueError(f"{event_type} is not a known Stripe event: if Stripe has it, add it to event_types.py.")
    data: JsonObject = {"object": copy.deepcopy(dict(obj))}
    if previous_attributes is not None:
        data["previous_attributes"] = copy.deepcopy(dict(previous_attributes))
    event: JsonObject = {
        "id": peer.store.new_id("evt"),
        "object": "event",
        "api_version": peer.api_version,
        "created": peer.store.now(obj),
        "data": data,
        "livemode": False,
        "pending_webhooks": 0,
        "request": {"id": peer.origin.id, "idempotency_key": peer.origin.idempotency_key},
        "type": event_type,
    }
    peer.store.put(event)
    peer.deliveries.queue(event["id"], _wanting(peer, event_type))
    return event


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> JsonObject:
    """The `previous_attributes` of an update: the old values of what changed, inside hashes too; lists are whole."""
    different = {}
    for name in before:
        old, new = before[name], after.get(name)
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            inner = changes(old, new)
            if inner or old.keys() != new.keys():
                different[name] = inner | dict.fromkeys(new.keys() - old.keys())
        elif old != new:
            different[name] = old
    return different


def _wanting(peer: Stripe, event_type: str) -> list[str]:
    endpoints = peer.store.select("webhook_endpoint", status="enabled")
    return [endpoint["id"] for endpoint in reversed(endpoints) if {"*", event_type} & {*endpoint["enabled_events"]}]
