"""What the billing portal lets customers do. https://docs.stripe.com/api/customer_portal/configurations

Left out: the login page, choosing plans in the portal (a flow that confirms one change is played), updates that wait
for the period's end, and configurations of payment methods. There is no Dashboard, so that no configuration is the
default one: name yours at each session.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sandbox.stripe.amending import add, amend
from sandbox.stripe.errors import invalid
from sandbox.stripe.forms import Field, Flag, Hash, Listed, Metadata, Text, Whole, merged, one_of
from sandbox.stripe.http import Endpoint, Params
from sandbox.stripe.peer import Stripe
from sandbox.stripe.store import JsonObject
from sandbox.stripe.subscription_settings import FEEDBACK

ON: Final = {"enabled": Flag(is_required=True)}
UPDATES: Final = ("address", "email", "name", "phone", "shipping", "tax_id")
PRORATIONS: Final = ("always_invoice", "create_prorations", "none")
REASONS: Final = Hash(
    fields={**ON, "options": Listed(of=one_of(*FEEDBACK), is_clearable=True, is_required=True)},
)
QUANTITY: Final = Hash(fields={**ON, "maximum": Whole(least=1), "minimum": Whole(least=0)})
PRODUCT: Final[dict[str, Field]] = {
    "adjustable_quantity": QUANTITY,
    "prices": Listed(of=Text(), is_required=True),
    "product": Text(is_required=True),
}
FEATURES: Final[dict[str, Field]] = {
    "customer_update": Hash(fields={**ON, "allowed_updates": Listed(of=one_of(*UPDATES), is_clearable=True)}),
    "invoice_history": Hash(fields=ON),
    "payment_method_update": Hash(fields=ON),
    "subscription_cancel": Hash(
        fields={
            **ON,
            "cancellation_reason": REASONS,
            "mode": one_of("at_period_end", "immediately"),
            "proration_behavior": one_of(*PRORATIONS),
        }
    ),
    "subscription_update": Hash(
        fields={
            **ON,
            "billing_cycle_anchor": one_of("now", "unchanged"),
            "default_allowed_updates": Listed(of=one_of("price", "promotion_code", "quantity"), is_clearable=True),
            "products": Listed(of=Hash(fields=PRODUCT), most=10, is_clearable=True),
            "proration_behavior": one_of(*PRORATIONS),
            "trial_update_behavior": one_of("continue_trial", "end_trial"),
        }
    ),
}
CREATE: Final[dict[str, Field]] = {
    "business_profile": Hash(
        fields={
            "headline": Text(longest=60, is_clearable=True),
            "privacy_policy_url": Text(),
            "terms_of_service_url": Text(),
        }
    ),
    "default_return_url": Text(is_clearable=True),
    "features": Hash(fields=FEATURES, is_required=True),
    "metadata": Metadata(),
    "name": Text(is_clearable=True),
}
UPDATE: Final[dict[str, Field]] = {**CREATE, "active": Flag(), "features": Hash(fields=FEATURES)}
LIST: Final[dict[str, Field]] = {"active": Flag(), "is_default": Flag()}
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
    """A configuration out of the features that are given; the others are off."""
    features = _features(peer, BLANK, params["features"])
    now = peer.store.now()
    configuration = {
        "id": peer.store.new_id("bpc"),
        "object": "billing_portal.configuration",
        "active": True,
        "application": None,
        "business_profile": _profile({}, params.get("business_profile", {})),
        "created": now,
        "default_return_url": params.get("default_return_url"),
        "features": features,
        "is_default": False,
        "livemode": False,
        "login_page": {"enabled": False, "url": None},
        "metadata": merged(None, params.get("metadata")),
        "name": params.get("name"),
        "updated": now,
    }
    return add(peer, configuration, "billing_portal.configuration.created")


def _profile(old: Mapping[str, Any], new: Mapping[str, Any]) -> JsonObject:
    names = ("headline", "privacy_policy_url", "terms_of_service_url")
    return {name: new.get(name, old.get(name)) for name in names}


def _features(peer: Stripe, old: Mapping[str, Any], new: Mapping[str, Any]) -> JsonObject:
    """Features after a request. Raises StripeError for those that make no sense."""
    features = {name: {**value, **new.get(name, {})} for name, value in old.items()}
    cancel, change = features["subscription_cancel"], features["subscription_update"]
    cancel["cancellation_reason"] = {"feedback_options": None, **cancel["cancellation_reason"]}
    if cancel["proration_behavior"] == "always_invoice":
        message = "Invalid proration_behavior: must be one of create_prorations or none"
        raise invalid("features[subscription_cancel][proration_behavior]", message)
    if cancel["proration_behavior"] != "none" and cancel["mode"] == "at_period_end":
        message = "`proration_behavior` must be `none` when `mode` is `at_period_end`."
        raise invalid("features[subscription_cancel][proration_behavior]", message)
    if change["enabled"]:
        _check_change(change)
    change["products"] = [_product(peer, one) for one in change["products"]]
    return features


def _check_change(change: Mapping[str, Any]) -> None:
    for name in ("default_allowed_updates", "products"):
        if not change[name]:
            message = f"`{name}` is required when `subscription_update` is enabled."
            raise invalid(f"features[subscription_update][{name}]", message, "parameter_missing")


def _product(peer: Stripe, given: Mapping[str, Any]) -> JsonObject:
    param = "features[subscription_update][products]"
    product = peer.need("product", given["product"], param)["id"]
    for price in given["prices"]:
        if peer.need("price", price, param)["product"] != product:
            raise invalid(param, f"The price {price} does not belong to the product {product}.")
    quantity = {"enabled": False, "maximum": None, "minimum": 1, **given.get("adjustable_quantity", {})}
    return {"adjustable_quantity": quantity, "prices": given["prices"], "product": product}


def retrieve(peer: Stripe, params: Params, id: str) -> JsonObject:
    """A configuration."""
    return peer.need("billing_portal.configuration", id)


def update(peer: Stripe, params: Params, id: str) -> JsonObject:
    """Other features, words or metadata; features that are not named stay."""
    configuration = peer.need("billing_portal.configuration", id)
    values: JsonObject = {name: params[name] for name in ("active", "default_return_url", "name") if name in params}
    if "business_profile" in params:
        values["business_profile"] = _profile(configuration["business_profile"], params["business_profile"])
    if "features" in params:
        values["features"] = _features(peer, configuration["features"], params["features"])
    if "metadata" in params:
        values["metadata"] = merged(configuration["metadata"], params["metadata"])
    values["updated"] = peer.store.now()
    return amend(peer, configuration, values, "billing_portal.configuration.updated")


def list_all(peer: Stripe, params: Params) -> list[JsonObject]:
    """Configurations that pass the filters."""
    return peer.store.select("billing_portal.configuration", **params)


ROUTES: Final = [
    Endpoint("POST", "/v1/billing_portal/configurations", create, CREATE),
    Endpoint("GET", "/v1/billing_portal/configurations", list_all, LIST, is_list=True),
    Endpoint("GET", "/v1/billing_portal/configurations/{id}", retrieve),
    Endpoint("POST", "/v1/billing_portal/configurations/{id}", update, UPDATE),
]
