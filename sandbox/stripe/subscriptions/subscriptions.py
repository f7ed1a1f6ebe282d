"""Subscriptions. https://docs.stripe.com/api/subscriptions"""

from __future__ import annotations

from typing import Final

from sandbox.stripe.account.peer import Stripe
from sandbox.stripe.account.store import JsonObject
from sandbox.stripe.api.forms import Field, Hash, Listed, Moment, Text, one_of
from sandbox.stripe.api.http import Endpoint, Params
from sandbox.stripe.billing import issuing
from sandbox.stripe.billing.subscription_shapes import is_over
from sandbox.stripe.subscriptions import changes, creating, ending, item_changes, settings

UPDATE: Final[dict[str, Field]] = {
    **settings.UPDATE,
    "billing_cycle_anchor": one_of("now", "unchanged"),
    "items": Listed(of=Hash(fields=item_changes.CHANGED_ITEM), most=item_changes.MOST),
    "payment_behavior": one_of(*issuing.BEHAVIORS),
    "proration_behavior": one_of(*changes.PRORATIONS),
    "proration_date": Moment(),
}
RESUME: Final[dict[str, Field]] = {
    "billing_cycle_anchor": one_of("now"),
    "proration_behavior": one_of(*changes.PRORATIONS),
}
STATUSES: Final = ("active", "canceled", "incomplete", "incomplete_expired", "past_due", "paused", "trialing", "unpaid")


def create(peer: Stripe, params: Params) -> JsonObject:
    """Create a customer's subscription; `payment_behavior` says how its first invoice is paid."""
    return creating.create_subscription(peer, params)


def retrieve(peer: Stripe, params: Params, id: str) -> JsonObject:
    """A subscription, including ended ones."""
    return peer.need("subscription", id)


def update(peer: Stripe, params: Params, id: str) -> JsonObject:
    """Change items, cancellation or other settings."""
    return changes.update(peer, peer.need("subscription", id), params)


def cancel(peer: Stripe, params: Params, id: str) -> JsonObject:
    """End a subscription now."""
    return ending.cancel(peer, peer.need("subscription", id))


def resume(peer: Stripe, params: Params, id: str) -> JsonObject:
    """Resume a paused subscription."""
    return ending.resume(peer, peer.need("subscription", id))


def list_all(peer: Stripe, params: Params) -> list[JsonObject]:
    """Subscriptions that match the filters; without a status, those that haven't ended."""
    status = params.pop("status", None)
    found = peer.store.select("subscription", **params)
    return [sub for sub in found if status in ("all", sub["status"]) or (status is None and not is_over(sub))]


ROUTES: Final = [
    Endpoint("POST", "/v1/subscriptions", create, creating.CREATE),
    Endpoint(
        "GET", "/v1/subscriptions", list_all, {"customer": Text(), "status": one_of("all", *STATUSES)}, is_list=True
    ),
    Endpoint("GET", "/v1/subscriptions/{id}", retrieve),
    Endpoint("POST", "/v1/subscriptions/{id}", update, UPDATE),
    Endpoint("DELETE", "/v1/subscriptions/{id}", cancel, {"prorate": one_of("false")}),
    Endpoint("POST", "/v1/subscriptions/{id}/resume", resume, RESUME),
]
