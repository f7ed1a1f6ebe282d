"""Customers. https://docs.stripe.com/api/customers"""

from __future__ import annotations

import secrets
from typing import Any, Final

from sandbox.stripe.account.amending import add, amend
from sandbox.stripe.account.events import emit
from sandbox.stripe.account.peer import CUSTOMER_LEAVING, Stripe
from sandbox.stripe.account.store import JsonObject
from sandbox.stripe.api.forms import Field, Hash, Metadata, Text, merged
from sandbox.stripe.api.http import Endpoint, Params
from sandbox.stripe.api.listing import listing
from sandbox.stripe.api.parameters import ADDRESS, Email, address
from sandbox.stripe.payments import methods
from sandbox.stripe.payments.cards import BY_NAME

UPDATE: Final[dict[str, Field]] = {
    "address": Hash(fields=ADDRESS, is_clearable=True),
    "email": Email(longest=512, is_clearable=True),
    "invoice_settings": Hash(fields={"default_payment_method": Text(is_clearable=True)}),
    "metadata": Metadata(),
    "name": Text(longest=256, is_clearable=True),
}
CREATE: Final[dict[str, Field]] = {**UPDATE, "payment_method": Text(), "test_clock": Text()}
# The defaults of a new customer.
BLANK: Final[JsonObject] = {
    "balance": 0,
    "business_name": None,
    "currency": None,
    "customer_account": None,
    "default_source": None,
    "delinquent": False,
    "description": None,
    "discount": None,
    "individual_name": None,
    "livemode": False,
    "next_invoice_sequence": 1,
    "phone": None,
    "preferred_locales": [],
    "shipping": None,
    "tax_exempt": "none",
}


def create(peer: Stripe, params: Params) -> JsonObject:
    """Create a customer, with a card if one is given."""
    clock = peer.needs("test_helpers.test_clock", params, "test_clock")
    customer = peer.store.put(_build(peer, params, clock["id"] if clock else None))
    default = params.get("invoice_settings", {}).get("default_payment_method")
    if "payment_method" in params:
        method = methods.resolve(peer, params["payment_method"])
        methods.attach(peer, method, customer["id"])
        default = method["id"] if default == params["payment_method"] and default in BY_NAME else default
    customer["invoice_settings"] = _invoice_settings(peer, customer, default)
    return add(peer, customer, "customer.created")


def _build(peer: Stripe, params: Params, clock: str | None) -> JsonObject:
    return {
        "id": peer.store.new_id("cus"),
        "object": "customer",
        **BLANK,
        "address": address(params["address"]) if params.get("address") else None,
        "created": peer.store.now(clock),
        "email": params.get("email"),
        "invoice_prefix": secrets.token_hex(4).upper(),
        "invoice_settings": None,
        "metadata": merged(None, params.get("metadata")),
        "name": params.get("name"),
        "test_clock": clock,
    }


def _invoice_settings(peer: Stripe, customer: JsonObject, default: str | None) -> JsonObject:
    param = "invoice_settings[default_payment_method]"
    method = methods.owned(peer, default, customer["id"], param) if default else None
    return {
        "custom_fields": None,
        "default_payment_method": method["id"] if method else None,
        "footer": None,
        "rendering_options": None,
    }


def retrieve(peer: Stripe, params: Params, id: str) -> JsonObject:
    """A customer, or the stub of a deleted one."""
    found = peer.store.find(id)
    return found if found and found["object"] == "customer" else peer.need("customer", id)


def update(peer: Stripe, params: Params, id: str) -> JsonObject:
    """Change a customer."""
    customer = peer.need("customer", id)
    values: dict[str, Any] = dict(params)
    if "address" in params:
        values["address"] = address(params["address"]) if params["address"] else None
    if "metadata" in params:
        values["metadata"] = merged(customer["metadata"], params["metadata"])
    settings = values.pop("invoice_settings", {})
    if "default_payment_method" in settings:
        values["invoice_settings"] = _invoice_settings(peer, customer, settings["default_payment_method"])
    return amend(peer, customer, values, "customer.updated")


def list_all(peer: Stripe, params: Params) -> list[JsonObject]:
    """Customers that match the filter, except those on test clocks."""
    return peer.store.select("customer", test_clock=None, **params)


def delete(peer: Stripe, params: Params, id: str) -> JsonObject:
    """Delete a customer with its cards, and end its subscriptions."""
    customer = peer.need("customer", id)
    peer.tell(CUSTOMER_LEAVING, customer)
    for method in peer.store.select("payment_method", customer=id):
        methods.detach(peer, method)
    emit(peer, "customer.deleted", peer.store.get(id))
    return peer.store.mark_deleted(id)


def default_method(peer: Stripe, customer: JsonObject) -> JsonObject | None:
    """The payment method for the customer's invoices, unless the subscription has its own."""
    return peer.store.find(customer["invoice_settings"]["default_payment_method"] or "")


def _sources(peer: Stripe, customer: JsonObject) -> JsonObject:
    """The legacy cards from before payment methods: none."""
    return listing([], f"/v1/customers/{customer['id']}/sources")


EXPANDERS: Final = {("customer", "sources"): _sources}
ROUTES: Final = [
    Endpoint("POST", "/v1/customers", create, CREATE),
    Endpoint("GET", "/v1/customers", list_all, {"email": Text()}, is_list=True),
    Endpoint("GET", "/v1/customers/{id}", retrieve),
    Endpoint("POST", "/v1/customers/{id}", update, UPDATE),
    Endpoint("DELETE", "/v1/customers/{id}", delete),
]
