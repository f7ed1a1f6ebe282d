"""The items of a subscription, one at a time. https://docs.stripe.com/api/subscription_items"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sandbox.stripe import billing, changes, item_changes, phases
from sandbox.stripe.errors import missing
from sandbox.stripe.forms import Field, Flag, Moment, Text, one_of
from sandbox.stripe.http import Endpoint, Params
from sandbox.stripe.peer import Stripe
from sandbox.stripe.store import JsonObject
from sandbox.stripe.subscription_shapes import items_of

TERMS: Final[dict[str, Field]] = {
    "off_session": Flag(),
    "payment_behavior": one_of(*billing.BEHAVIORS),
    "proration_behavior": one_of(*changes.PRORATIONS),
    "proration_date": Moment(),
}
UPDATE: Final[dict[str, Field]] = {**item_changes.ITEM, **TERMS}
CREATE: Final[dict[str, Field]] = {
    **{name: field for name, field in UPDATE.items() if name != "off_session"},
    "subscription": Text(is_required=True),
}


def _find(peer: Stripe, item_id: str) -> tuple[JsonObject, JsonObject]:
    """An item and its subscription. Raises StripeError."""
    sub = peer.store.find(peer.store.kept(item_id).get("subscription", ""))
    for item in items_of(sub) if sub else ():
        if sub and item["id"] == item_id:
            return item, sub
    raise missing("subscription_item", item_id)


def _change(peer: Stripe, sub: JsonObject, item: Mapping[str, Any], params: Params) -> JsonObject:
    """Change one item of a subscription; returns the subscription."""
    terms = {name: params[name] for name in TERMS if name in params}
    changed = changes.update(peer, sub, {"items": [item], **terms})
    phases.follow(peer, changed)
    return changed


def create(peer: Stripe, params: Params) -> JsonObject:
    """One more price for a subscription."""
    sub = peer.need("subscription", params["subscription"], "subscription")
    known = {item["id"] for item in items_of(sub)}
    wanted = {name: params[name] for name in item_changes.ITEM if name in params}
    changed = _change(peer, sub, wanted, params)
    pending = (changed["pending_update"] or {}).get("subscription_items") or []
    return next(item for item in [*items_of(changed), *pending] if item["id"] not in known)


def retrieve(peer: Stripe, params: Params, id: str) -> JsonObject:
    """An item."""
    return _find(peer, id)[0]


def update(peer: Stripe, params: Params, id: str) -> JsonObject:
    """Another price or quantity."""
    _, sub = _find(peer, id)
    wanted = {name: params[name] for name in item_changes.ITEM if name in params}
    _change(peer, sub, {"id": id, **wanted}, params)
    return _find(peer, id)[0]


def delete(peer: Stripe, params: Params, id: str) -> JsonObject:
    """Take an item away."""
    _, sub = _find(peer, id)
    _change(peer, sub, {"id": id, "deleted": True}, params)
    return {"id": id, "object": "subscription_item", "deleted": True}


def list_all(peer: Stripe, params: Params) -> list[JsonObject]:
    """The items of a subscription."""
    return items_of(peer.need("subscription", params["subscription"], "subscription"))


ROUTES: Final = [
    Endpoint("POST", "/v1/subscription_items", create, CREATE),
    Endpoint("GET", "/v1/subscription_items", list_all, {"subscription": Text(is_required=True)}, is_list=True),
    Endpoint("GET", "/v1/subscription_items/{id}", retrieve),
    Endpoint("POST", "/v1/subscription_items/{id}", update, UPDATE),
    Endpoint("DELETE", "/v1/subscription_items/{id}", delete, TERMS),
]
