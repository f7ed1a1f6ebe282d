"""Subscriptions. https://docs.stripe.com/api/subscriptions

Left out: searching, migrating from classic billing mode, which the sandbox does not play, and Connect's parameters.
"""

from __future__ import annotations

from typing import Final

from sandbox.stripe import billing, changes, creating, ending, item_changes, phases, subscription_settings
from sandbox.stripe.forms import Field, Flag, Hash, Listed, Moment, Range, Text, one_of, within
from sandbox.stripe.http import Endpoint, Params
from sandbox.stripe.peer import Stripe
from sandbox.stripe.store import JsonObject
from sandbox.stripe.subscription_shapes import is_over, items_of, period_of

CREATE: Final[dict[str, Field]] = creating.CREATE
UPDATE: Final[dict[str, Field]] = {
    **subscription_settings.UPDATE,
    "billing_cycle_anchor": one_of("now", "unchanged"),
    "items": Listed(of=Hash(fields=item_changes.CHANGED_ITEM), most=item_changes.MOST),
    "off_session": Flag(),
    "payment_behavior": one_of(*billing.BEHAVIORS),
    "proration_behavior": one_of(*changes.PRORATIONS),
    "proration_date": Moment(),
    "trial_end": Moment(words=("now",)),
}
CANCEL: Final[dict[str, Field]] = {
    "cancellation_details": subscription_settings.CANCELLATION_DETAILS,
    "invoice_now": Flag(),
    "prorate": Flag(),
}
RESUME: Final[dict[str, Field]] = {
    "billing_cycle_anchor": one_of("now", "unchanged"),
    "proration_behavior": one_of(*changes.PRORATIONS),
    "proration_date": Moment(),
}
STATUSES: Final = (
    "active",
    "all",
    "canceled",
    "ended",
    "incomplete",
    "incomplete_expired",
    "past_due",
    "paused",
    "trialing",
    "unpaid",
)
LIST: Final[dict[str, Field]] = {
    "collection_method": one_of("charge_automatically", "send_invoice"),
    "created": Range(),
    "current_period_end": Range(),
    "current_period_start": Range(),
    "customer": Text(),
    "price": Text(),
    "status": one_of(*STATUSES),
    "test_clock": Text(),
}


def create(peer: Stripe, params: Params) -> JsonObject:
    """A subscription of a customer; how its first invoice is paid, `payment_behavior` says."""
    return creating.create_subscription(peer, params)


def retrieve(peer: Stripe, params: Params, id: str) -> JsonObject:
    """A subscription, also one that has ended."""
    return peer.need("subscription", id)


def update(peer: Stripe, params: Params, id: str) -> JsonObject:
    """Other items, another trial, another plan for the end, other settings."""
    sub = changes.update(peer, peer.need("subscription", id), params)
    if "items" in params:
        phases.follow(peer, sub)
    return sub


def cancel(peer: Stripe, params: Params, id: str) -> JsonObject:
    """End a subscription now."""
    return ending.cancel(peer, peer.need("subscription", id), params)


def resume(peer: Stripe, params: Params, id: str) -> JsonObject:
    """Let a paused subscription go on."""
    return ending.resume(peer, peer.need("subscription", id), params)


def list_all(peer: Stripe, params: Params) -> list[JsonObject]:
    """Subscriptions that pass the filters; without a status those that have not ended."""
    equal = ("collection_method", "customer", "test_clock")
    found = peer.store.select("subscription", **{name: params[name] for name in equal if name in params})
    return [sub for sub in found if _passes(sub, params)]


def _passes(sub: JsonObject, params: Params) -> bool:
    (start, end), prices = period_of(sub), {item["price"]["id"] for item in items_of(sub)}
    return (
        _has_status(sub, params.get("status"))
        and within(params.get("created"), sub["created"])
        and within(params.get("current_period_start"), start)
        and within(params.get("current_period_end"), end)
        and params.get("price") in (None, *prices)
    )


def _has_status(sub: JsonObject, status: str | None) -> bool:
    if status is None:
        return not is_over(sub)
    return status in ("all", sub["status"]) or (status == "ended" and is_over(sub))


ROUTES: Final = [
    Endpoint("POST", "/v1/subscriptions", create, CREATE),
    Endpoint("GET", "/v1/subscriptions", list_all, LIST, is_list=True),
    Endpoint("GET", "/v1/subscriptions/{id}", retrieve),
    Endpoint("POST", "/v1/subscriptions/{id}", update, UPDATE),
    Endpoint("DELETE", "/v1/subscriptions/{id}", cancel, CANCEL),
    Endpoint("POST", "/v1/subscriptions/{id}/resume", resume, RESUME),
]
