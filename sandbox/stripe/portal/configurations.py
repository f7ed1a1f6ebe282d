"""What the billing portal lets customers do. https://docs.stripe.com/api/customer_portal/configurations

Without a Dashboard there is no default configuration: pass yours with each session.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any, Final

from sandbox.stripe.account.amending import add, amend
from sandbox.stripe.account.peer import Stripe
from sandbox.stripe.account.store import JsonObject
from sandbox.stripe.api.forms import Field, Flag, Hash, Listed, Metadata, Text, merged, one_of
from sandbox.stripe.api.http import Endpoint, Params

ON: Final = {"enabled": Flag(is_required=True)}
UPDATES: Final = ("address", "email", "name", "phone", "tax_id")
FEATURES: Final[dict[str, Field]] = {
    "customer_update": Hash(fields={**ON, "allowed_updates": Listed(of=one_of(*UPDATES), is_clearable=True)}),
    "invoice_history": Hash(fields=ON),
    "payment_method_update": Hash(fields=ON),
    "subscription_cancel": Hash(fields={**ON, "mode": one_of("at_period_end"), "proration_behavior": one_of("none")}),
    "subscription_update": Hash(fields={"enabled": one_of("false", is_required=True)}),
}
CREATE: Final[dict[str, Field]] = {
    "default_return_url": Text(is_clearable=True),
    "features": Hash(fields=FEATURES, is_required=True),
    "metadata": Metadata(),
}
UPDATE: Final[dict[str, Field]] = {**CREATE, "features": Hash(fields=FEATURES)}
BLANK: Final[JsonObject] = {
    "customer_update": {"allowed_updates": [], "enabled": False},
    "invoice_history": {"enabled": False},
    "payment_method_update": {"enabled": False, "payment_method_configuration": None},
    "subscription_cancel": {
        "cancellation_reason": {"enabled": False, "feedback_options": None, "options": []},
        "enabled": False,
        "mode": "at_period_end",
        "proration_behavior": "none",
    },
    "subscription_update": {
        "billing_cycle_anchor": None,
        "default_allowed_updates": [],
        "enabled": False,
        "products": [],
        "proration_behavior": "none",
        "schedule_at_period_end": {"conditions": []},
        "trial_update_behavior": "end_trial",
    },
}


def create(peer: Stripe, params: Params) -> JsonObject:
    """Create a configuration with the given features; the others are off."""
    now = peer.store.now()
    configuration = {
        "id": peer.store.new_id("bpc"),
        "object": "billing_portal.configuration",
        "active": True,
        "application": None,
        "business_profile": dict.fromkeys(("headline", "privacy_policy_url", "terms_of_service_url")),
        "created": now,
        "default_return_url": params.get("default_return_url"),
        "features": _features(BLANK, params["features"]),
        "is_default": False,
        "livemode": False,
        "login_page": {"enabled": False, "url": None},
        "metadata": merged(None, params.get("metadata")),
        "name": None,
        "updated": now,
    }
    return add(peer, configuration, "billing_portal.configuration.created")


def _features(old: Mapping[str, Any], new: Mapping[str, Any]) -> JsonObject:
    """The features after a request; switching plans stays off."""
    given = {name: value for name, value in new.items() if name != "subscription_update"}
    return {name: {**copy.deepcopy(value), **given.get(name, {})} for name, value in old.items()}


def retrieve(peer: Stripe, params: Params, id: str) -> JsonObject:
    """A configuration."""
    return peer.need("billing_portal.configuration", id)


def update(peer: Stripe, params: Params, id: str) -> JsonObject:
    """Change features, the return URL or metadata; features that aren't given stay."""
    configuration = peer.need("billing_portal.configuration", id)
    values: JsonObject = {**params, "updated": peer.store.now()}
    if "features" in params:
        values["features"] = _features(configuration["features"], params["features"])
    if "metadata" in params:
        values["metadata"] = merged(configuration["metadata"], params["metadata"])
    return amend(peer, configuration, values, "billing_portal.configuration.updated")


def list_all(peer: Stripe, params: Params) -> list[JsonObject]:
    """Configurations that match the filter."""
    return peer.store.select("billing_portal.configuration", **params)


ROUTES: Final = [
    Endpoint("POST", "/v1/billing_portal/configurations", create, CREATE),
    Endpoint("GET", "/v1/billing_portal/configurations", list_all, {"active": Flag()}, is_list=True),
    Endpoint("GET", "/v1/billing_portal/configurations/{id}", retrieve),
    Endpoint("POST", "/v1/billing_portal/configurations/{id}", update, UPDATE),
]
