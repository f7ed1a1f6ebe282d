"""Changes of stored objects that Stripe tells about."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from sandbox.stripe.events import changes, emit
from sandbox.stripe.peer import Stripe
from sandbox.stripe.store import JsonObject


def add(peer: Stripe, obj: JsonObject, event_type: str) -> JsonObject:
    """Store a new object and emit its event."""
    peer.store.put(obj)
    emit(peer, event_type, obj)
    return obj


def amend(peer: Stripe, obj: JsonObject, values: Mapping[str, Any], event_type: str | None) -> JsonObject:
    """Put values on a stored object; if anything differs, emit the event with what it was before. Returns `obj`."""
    before = copy.deepcopy(obj)
    obj.update(values)
    different = changes(before, obj)
    if different or before.keys() != obj.keys():
        peer.store.put(obj)
        if event_type is not None:
            emit(peer, event_type, obj, different if event_type.endswith(".updated") else None)
    return obj
