"""Billing portal sessions, and the flow that goes straight to a new card.

https://docs.stripe.com/api/customer_portal/sessions · https://docs.stripe.com/customer-management/portal-deep-links
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from sandbox.stripe.account.amending import add
from sandbox.stripe.account.errors import INVALID, StripeError, invalid
from sandbox.stripe.account.peer import Stripe
from sandbox.stripe.account.store import JsonObject, random_text
from sandbox.stripe.api.forms import Field, Hash, Text, one_of, required
from sandbox.stripe.api.http import Endpoint, Params
from sandbox.stripe.portal import configurations

FLOW: Final = "payment_method_update"
AFTERWARDS: Final[dict[str, Field]] = {
    "redirect": Hash(fields={"return_url": Text(is_required=True)}),
    "type": one_of("portal_homepage", "redirect", is_required=True),
}
CREATE: Final[dict[str, Field]] = {
    "configuration": Text(),
    "customer": Text(is_required=True),
    "flow_data": Hash(fields={"after_completion": Hash(fields=AFTERWARDS), "type": one_of(FLOW, is_required=True)}),
    "return_url": Text(),
}
NO_CONFIGURATION: Final = (
    "No configuration provided and your test mode default configuration has not been created. Provide a configuration "
    "or create your default by saving your customer portal settings in test mode at "
    "https://dashboard.stripe.com/test/settings/billing/portal."
)


def create(peer: Stripe, params: Params) -> JsonObject:
    """Create a portal session for a customer."""
    customer = peer.need("customer", params["customer"], "customer")
    if "configuration" not in params:
        raise StripeError(400, INVALID, NO_CONFIGURATION)
    configuration = peer.need("billing_portal.configuration", params["configuration"], "configuration")
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
        "flow": _flow(configuration, params["flow_data"]) if "flow_data" in params else None,
        "livemode": False,
        "locale": None,
        "on_behalf_of": None,
        "return_url": return_url,
        "url": f"{peer.base_url}/portal/test_{random_text(48)}",
    }
    peer.store.keep(session["id"], used_at=now)
    return add(peer, session, "billing_portal.session.created")


def _check_url(url: str | None, param: str) -> None:
    parts = urlsplit(url or "https://example.com")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise invalid(param, "Not a valid URL", "url_invalid")


def _flow(configuration: JsonObject, data: Params) -> JsonObject:
    if not configuration["features"][FLOW]["enabled"]:
        message = f"The feature `{FLOW}` that `{FLOW}` needs is not enabled in {configuration['id']}."
        raise invalid("flow_data[type]", message)
    return {
        "after_completion": _after_completion(data.get("after_completion", {"type": "portal_homepage"})),
        "subscription_cancel": None,
        "subscription_update": None,
        "subscription_update_confirm": None,
        "type": FLOW,
    }


def _after_completion(given: Mapping[str, Any]) -> JsonObject:
    is_redirect = given["type"] == "redirect"
    if is_redirect and "redirect" not in given:
        raise required("flow_data[after_completion][redirect]")
    if is_redirect:
        _check_url(given["redirect"]["return_url"], "flow_data[after_completion][redirect][return_url]")
    redirect = given["redirect"] if is_redirect else None
    return {"hosted_confirmation": None, "redirect": redirect, "type": given["type"]}


ROUTES: Final = [*configurations.ROUTES, Endpoint("POST", "/v1/billing_portal/sessions", create, CREATE)]
