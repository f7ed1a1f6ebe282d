"""Changes to stored objects, with the events that Stripe sends for them."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any, Final

from sandbox.stripe.account.events import changes, emit
from sandbox.stripe.account.peer import Stripe
from sandbox.stripe.account.store import JsonObject

# Events with `previous_attributes`, besides `*.updated`. https://docs.stripe.com/api/events/types
WITH_PREVIOUS: Final = frozenset({"payment_method.detached"})


def add(peer: Stripe, obj: JsonObject, event_type: str) -> JsonObject:
    """Store a new object and emit its event."""
    peer.store.put(obj)
    emit(peer, event_type, obj)
    return obj


def amend(peer: Stripe, obj: JsonObject, values: Mapping[str, Any], event_type: str | None) -> JsonObject:
    """Set values on a stored object; if anything differs, emit the event with the previous values. Returns `obj`."""
    before = copy.deepcopy(obj)
    obj.update(values)
    different = changes(before, obj)
    if different or before.keys() != obj.keys():
        peer.store.put(obj)
        if event_type is not None:
            tells_more = event_type.endswith(".updated") or event_type in WITH_PREVIOUS
            emit(peer, event_type, obj, different if tells_more else None)
    return obj
