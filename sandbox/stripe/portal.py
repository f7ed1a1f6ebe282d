"""Sessions of the billing portal, and the flows that lead straight to one thing.

https://docs.stripe.com/api/customer_portal/sessions · https://docs.stripe.com/customer-management/portal-deep-links

Left out: the flow subscription_update, in which the customer chooses a plan.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from sandbox.stripe import portal_configurations
from sandbox.stripe.amending import add
from sandbox.stripe.errors import INVALID, StripeError, invalid, missing
from sandbox.stripe.forms import Field, Hash, Listed, Text, Whole, one_of, required
from sandbox.stripe.http import Endpoint, Params
from sandbox.stripe.parameters import filled
from sandbox.stripe.peer import Stripe
from sandbox.stripe.store import JsonObject, random_text
from sandbox.stripe.subscription_shapes import is_over, items_of

FLOWS: Final = ("payment_method_update", "subscription_cancel", "subscription_update_confirm")
# Which feature of the configuration each flow needs.
NEEDS: Final = {
    "payment_method_update": "payment_method_update",
    "subscription_cancel": "subscription_cancel",
    "subscription_update_confirm": "subscription_update",
}
ITEM: Final[dict[str, Field]] = {"id": Text(is_required=True), "price": Text(), "quantity": Whole(least=0)}
FLOW_DATA: Final[dict[str, Field]] = {
    "after_completion": Hash(
        fields={
            "hosted_confirmation": Hash(fields={"custom_message": Text(longest=500)}),
            "redirect": Hash(fields={"return_url": Text(is_required=True)}),
            "type": one_of("hosted_confirmation", "portal_homepage", "redirect", is_required=True),
        }
    ),
    "subscription_cancel": Hash(fields={"subscription": Text(is_required=True)}),
    "subscription_update_confirm": Hash(
        fields={
            "items": Listed(of=Hash(fields=ITEM), most=1, is_required=True),
            "subscription": Text(is_required=True),
        }
    ),
    "type": one_of(*FLOWS, is_required=True),
}
CREATE: Final[dict[str, Field]] = {
    "configuration": Text(),
    "customer": Text(is_required=True),
    "flow_data": Hash(fields=FLOW_DATA),
    "locale": Text(longest=10),
    "return_url": Text(),
}
NO_CONFIGURATION: Final = (
    "No configuration provided and your test mode default configuration has not been created. Provide a configuration "
    "or create your default by saving your customer portal settings in test mode at "
    "https://dashboard.stripe.com/test/settings/billing/portal."
)


def create(peer: Stripe, params: Params) -> JsonObject:
    """A session of the portal for a customer."""
    customer = peer.need("customer", params["customer"], "customer")
    configuration = _configuration(peer, params)
    return_url = params.get("return_url", configuration["default_return_url"])
    _check_url(return_url, "return_url")
    now = peer.store.now()
    session = {
        "id": peer.store.new_id("bps"),
        "object": "billing_portal.session",
        "configuration": configuration["id"],
        "created": now,
        "customer": customer["id"],
        "customer_account": None,
        "flow": _flow(peer, customer, configuration, params["flow_data"]) if "flow_data" in params else None,
        "livemode": False,
        "locale": params.get("locale"),
        "on_behalf_of": None,
        "return_url": return_url,
        "url": f"{peer.base_url}/portal/test_{random_text(48)}",
    }
    peer.store.keep(session["id"], used_at=now)
    return add(peer, session, "billing_portal.session.created")


def _configuration(peer: Stripe, params: Params) -> JsonObject:
    if "configuration" not in params:
        raise StripeError(400, INVALID, NO_CONFIGURATION)
    configuration = peer.need("billing_portal.configuration", params["configuration"], "configuration")
    if not configuration["active"]:
        raise invalid("configuration", f"The configuration {configuration['id']} is not active.")
    return configuration


def _check_url(url: str | None, param: str) -> None:
    parts = urlsplit(url or "https://example.com")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise invalid(param, "Not a valid URL", "url_invalid")


def _flow(peer: Stripe, customer: JsonObject, configuration: JsonObject, data: Params) -> JsonObject:
    kind = data["type"]
    if not configuration["features"][NEEDS[kind]]["enabled"]:
        message = f"The feature `{NEEDS[kind]}` that `{kind}` needs is not enabled in {configuration['id']}."
        raise invalid("flow_data[type]", message)
    if kind != "payment_method_update" and kind not in data:
        raise required(f"flow_data[{kind}]")
    flow: JsonObject = {
        "after_completion": _after_completion(data.get("after_completion", {"type": "portal_homepage"})),
        "subscription_cancel": None,
        "subscription_update": None,
        "subscription_update_confirm": None,
        "type": kind,
    }
    if kind == "subscription_cancel":
        sub = _subscription(peer, customer, data[kind], kind)
        if sub["cancel_at_period_end"] or sub["cancel_at"]:
            raise invalid(f"flow_data[{kind}][subscription]", "The subscription is already set to be canceled.")
        flow[kind] = {"retention": None, "subscription": sub["id"]}
    if kind == "subscription_update_confirm":
        sub = _subscription(peer, customer, data[kind], kind)
        items = [_item(sub, configuration, one) for one in data[kind]["items"]]
        flow[kind] = {"discounts": None, "items": items, "subscription": sub["id"]}
    return flow


def _after_completion(given: Mapping[str, Any]) -> JsonObject:
    kind = given["type"]
    if kind == "redirect" and "redirect" not in given:
        raise required("flow_data[after_completion][redirect]")
    if kind == "redirect":
        _check_url(given["redirect"]["return_url"], "flow_data[after_completion][redirect][return_url]")
    confirmation = filled(("custom_message",), given.get("hosted_confirmation"))
    return {
        "hosted_confirmation": confirmation if kind == "hosted_confirmation" else None,
        "redirect": given["redirect"] if kind == "redirect" else None,
        "type": kind,
    }


def _subscription(peer: Stripe, customer: JsonObject, data: Params, kind: str) -> JsonObject:
    param = f"flow_data[{kind}][subscription]"
    sub = peer.need("subscription", data["subscription"], param)
    if sub["customer"] != customer["id"]:
        raise missing("subscription", sub["id"], param)
    if is_over(sub):
        raise invalid(param, f"The subscription {sub['id']} has ended.")
    return sub


def _item(sub: JsonObject, configuration: JsonObject, given: Params) -> JsonObject:
    """The change of an item that the customer is to confirm. Raises StripeError for what the portal does not allow."""
    param = "flow_data[subscription_update_confirm][items][0]"
    item = next((one for one in items_of(sub) if one["id"] == given["id"]), None)
    if item is None:
        raise missing("subscription_item", given["id"], f"{param}[id]")
    price = str(given.get("price", item["price"]["id"]))
    products = configuration["features"]["subscription_update"]["products"]
    product = next((one for one in products if price in one["prices"]), None)
    if product is None:
        message = f"The price {price} is not among the products of the portal configuration's subscription_update."
        raise invalid(f"{param}[price]", message)
    quantity: int = given["quantity"] if "quantity" in given else item["quantity"]
    bounds = product["adjustable_quantity"]
    if quantity != item["quantity"] and not _is_allowed(quantity, bounds):
        raise invalid(f"{param}[quantity]", "The portal configuration does not allow this quantity.")
    return {"id": item["id"], "price": price, "quantity": quantity}


def _is_allowed(quantity: int, bounds: Mapping[str, Any]) -> bool:
    most = bounds["maximum"]
    return bool(bounds["enabled"] and bounds["minimum"] <= quantity and (most is None or quantity <= most))


ROUTES: Final = [*portal_configurations.ROUTES, Endpoint("POST", "/v1/billing_portal/sessions", create, CREATE)]
