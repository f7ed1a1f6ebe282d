"""Webhook endpoints, and the events sent to them.

https://docs.stripe.com/api/webhook_endpoints · https://docs.stripe.com/api/events
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

from sandbox.stripe.account.errors import invalid
from sandbox.stripe.account.event_types import EVENT_TYPES
from sandbox.stripe.account.peer import Stripe
from sandbox.stripe.account.store import JsonObject, random_text
from sandbox.stripe.api.forms import Field, Flag, Listed, Metadata, Text, merged
from sandbox.stripe.api.http import Endpoint, Params

MOST_ENDPOINTS: Final = 16
ALL: Final = "*"
CREATE: Final[dict[str, Field]] = {
    "api_version": Text(),
    "connect": Flag(),
    "description": Text(is_clearable=True),
    "enabled_events": Listed(of=Text(), is_required=True, most=500),
    "metadata": Metadata(),
    "url": Text(is_required=True),
}
UPDATE: Final[dict[str, Field]] = {
    "description": Text(is_clearable=True),
    "disabled": Flag(),
    "enabled_events": Listed(of=Text(), most=500),
    "metadata": Metadata(),
    "url": Text(),
}


def create(peer: Stripe, params: Params) -> JsonObject:
    """Create an endpoint; only this answer includes its `secret`."""
    _check(peer, params)
    if len(peer.store.select("webhook_endpoint")) >= MOST_ENDPOINTS:
        message = f"You have reached the maximum of {MOST_ENDPOINTS} test webhook endpoints."
        raise invalid(None, message, "resource_limit_exceeded")
    endpoint = {
        "id": peer.store.new_id("we"),
        "object": "webhook_endpoint",
        "api_version": params.get("api_version"),
        "application": None,
        "created": peer.store.now(),
        "description": params.get("description"),
        "enabled_events": params["enabled_events"],
        "livemode": False,
        "metadata": merged(None, params.get("metadata")),
        "status": "enabled",
        "url": params["url"],
    }
    return peer.store.put(endpoint) | {"secret": new_secret(peer, endpoint["id"])}


def new_secret(peer: Stripe, endpoint_id: str) -> str:
    """Add a signing secret for this endpoint."""
    secret = f"whsec_{random_text(32)}"
    peer.deliveries.add_secret(endpoint_id, secret)
    return secret


def _check(peer: Stripe, params: Params) -> None:
    if params.get("connect"):
        raise invalid("connect", "The sandbox has no connected accounts: leave out connect.")
    if params.get("api_version", peer.api_version) != peer.api_version:
        raise invalid("api_version", f"The sandbox only renders events as {peer.api_version}.")
    if "enabled_events" in params:
        _check_events(params["enabled_events"])
    url = params.get("url")
    if url is not None and (urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname):
        raise invalid("url", "Invalid URL: An explicit scheme (such as https) must be provided.", "url_invalid")


def _check_events(names: Sequence[str]) -> None:
    if not names:
        raise invalid("enabled_events", "You must select at least one event.")
    for place, name in enumerate(names):
        if name != ALL and name not in EVENT_TYPES:
            message = f"Invalid enabled_events[{place}]: the sandbox can't send {name}."
            raise invalid(f"enabled_events[{place}]", message)
    if ALL in names and len(names) > 1:
        raise invalid("enabled_events", "You may not specify other events together with '*'.")


def retrieve(peer: Stripe, params: Params, id: str) -> JsonObject:
    """An endpoint, without its secret."""
    return peer.need("webhook_endpoint", id)


def update(peer: Stripe, params: Params, id: str) -> JsonObject:
    """Change the events or the URL, or disable the endpoint."""
    endpoint = peer.need("webhook_endpoint", id)
    _check(peer, params)
    if "metadata" in params:
        params["metadata"] = merged(endpoint["metadata"], params["metadata"])
    if "disabled" in params:
        params["status"] = "disabled" if params.pop("disabled") else "enabled"
    return peer.store.put(endpoint | params)


def list_all(peer: Stripe, params: Params) -> list[JsonObject]:
    """All endpoints."""
    return peer.store.select("webhook_endpoint")


def delete(peer: Stripe, params: Params, id: str) -> JsonObject:
    """Delete an endpoint."""
    peer.need("webhook_endpoint", id)
    peer.store.remove(id)
    return {"id": id, "object": "webhook_endpoint", "deleted": True}


def list_events(peer: Stripe, params: Params) -> list[JsonObject]:
    """Events that match the filter, with their numbers of pending deliveries."""
    found = peer.store.select("event", **params)
    return [event | {"pending_webhooks": peer.deliveries.pending(event["id"])} for event in found]


ROUTES: Final = [
    Endpoint("POST", "/v1/webhook_endpoints", create, CREATE),
    Endpoint("GET", "/v1/webhook_endpoints", list_all, is_list=True),
    Endpoint("GET", "/v1/webhook_endpoints/{id}", retrieve),
    Endpoint("POST", "/v1/webhook_endpoints/{id}", update, UPDATE),
    Endpoint("DELETE", "/v1/webhook_endpoints/{id}", delete),
    Endpoint("GET", "/v1/events", list_events, {"type": Text()}, is_list=True),
]
