"""Customers. https://docs.stripe.com/api/customers"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any, Final

from sandbox.stripe import customer_balance, payment_methods, tax_ids
from sandbox.stripe.amending import amend
from sandbox.stripe.cards import BY_NAME
from sandbox.stripe.errors import invalid
from sandbox.stripe.events import emit
from sandbox.stripe.forms import Field, Hash, Listed, Metadata, Range, Text, Whole, merged, one_of, within
from sandbox.stripe.http import Endpoint, Params
from sandbox.stripe.listing import listing
from sandbox.stripe.parameters import ADDRESS, SHIPPING, Email, address, shipping
from sandbox.stripe.peer import CUSTOMER_LEAVING, Stripe
from sandbox.stripe.store import JsonObject

RENDERING: Final[dict[str, Field]] = {
    "amount_tax_display": one_of("exclude_tax", "include_inclusive_tax", is_clearable=True),
    "template": Text(),
}
CUSTOM_FIELD: Final[dict[str, Field]] = {
    "name": Text(longest=40, is_required=True),
    "value": Text(longest=140, is_required=True),
}
INVOICE_SETTINGS: Final[dict[str, Field]] = {
    "custom_fields": Listed(of=Hash(fields=CUSTOM_FIELD), most=4, is_clearable=True),
    "default_payment_method": Text(is_clearable=True),
    "footer": Text(is_clearable=True),
    "rendering_options": Hash(fields=RENDERING, is_clearable=True),
}
TAX: Final[dict[str, Field]] = {
    "ip_address": Text(is_clearable=True),
    "validate_location": one_of("auto", "deferred", "immediately"),
}
UPDATE: Final[dict[str, Field]] = {
    "address": Hash(fields=ADDRESS, is_clearable=True),
    "balance": Whole(),
    "business_name": Text(longest=150, is_clearable=True),
    "description": Text(is_clearable=True),
    "email": Email(longest=512, is_clearable=True),
    "individual_name": Text(longest=150, is_clearable=True),
    "invoice_prefix": Text(longest=12),
    "invoice_settings": Hash(fields=INVOICE_SETTINGS),
    "metadata": Metadata(),
    "name": Text(longest=256, is_clearable=True),
    "next_invoice_sequence": Whole(least=1),
    "phone": Text(longest=20, is_clearable=True),
    "preferred_locales": Listed(of=Text(), is_clearable=True),
    "shipping": Hash(fields=SHIPPING, is_clearable=True),
    "tax": Hash(fields=TAX),
    "tax_exempt": one_of("exempt", "none", "reverse", is_clearable=True),
}
CREATE: Final[dict[str, Field]] = {
    **UPDATE,
    "payment_method": Text(),
    "tax_id_data": Listed(of=Hash(fields=tax_ids.DATA), most=5),
    "test_clock": Text(),
}
LIST: Final[dict[str, Field]] = {"created": Range(), "email": Text(), "test_clock": Text()}
PLAIN: Final = ("business_name", "description", "email", "individual_name", "name", "phone")


def create(peer: Stripe, params: Params) -> JsonObject:
    """A customer, with a card and tax ids when they are given."""
    clock = peer.needs("test_helpers.test_clock", params, "test_clock")
    customer = _build(peer, params, clock["id"] if clock else None)
    peer.store.put(customer)
    default = params.get("invoice_settings", {}).get("default_payment_method")
    if "payment_method" in params:
        method = payment_methods.resolve(peer, params["payment_method"])
        payment_methods.attach(peer, method, customer["id"])
        if default == params["payment_method"] and default in BY_NAME:
            params["invoice_settings"]["default_payment_method"] = method["id"]
    customer["invoice_settings"] = _invoice_settings(peer, customer, params.get("invoice_settings", {}))
    peer.store.put(customer)
    emit(peer, "customer.created", customer)
    for values in params.get("tax_id_data", []):
        tax_ids.new(peer, customer, values)
    if params.get("balance"):
        customer_balance.adjust(peer, customer, params["balance"], "adjustment")
    return peer.store.get(customer["id"])


def _build(peer: Stripe, params: Params, clock: str | None) -> JsonObject:
    customer_id = peer.store.new_id("cus")
    peer.store.keep(customer_id, ip_address=params.get("tax", {}).get("ip_address"))
    return {
        "id": customer_id,
        "object": "customer",
        **{name: params.get(name) for name in PLAIN},
        "address": address(params["address"]) if params.get("address") else None,
        "balance": 0,
        "created": peer.store.now(clock),
        "currency": None,
        "customer_account": None,
        "default_source": None,
        "delinquent": False,
        "discount": None,
        "invoice_prefix": _prefix(peer, params.get("invoice_prefix") or secrets.token_hex(4).upper()),
        "invoice_settings": _settings({}),
        "livemode": False,
        "metadata": merged(None, params.get("metadata")),
        "next_invoice_sequence": params.get("next_invoice_sequence", 1),
        "preferred_locales": params.get("preferred_locales", []),
        "shipping": shipping(params.get("shipping")),
        "tax_exempt": params.get("tax_exempt") or "none",
        "test_clock": clock,
    }


def _settings(values: Mapping[str, Any]) -> JsonObject:
    return {
        "custom_fields": values.get("custom_fields") or None,
        "default_payment_method": values.get("default_payment_method"),
        "footer": values.get("footer"),
        "rendering_options": values.get("rendering_options")
        and {name: values["rendering_options"].get(name) for name in RENDERING},
    }


def _invoice_settings(peer: Stripe, customer: JsonObject, values: Mapping[str, Any]) -> JsonObject:
    new = {**customer["invoice_settings"], **values}
    if values.get("default_payment_method"):
        param = "invoice_settings[default_payment_method]"
        method = payment_methods.owned(peer, values["default_payment_method"], customer["id"], param)
        new["default_payment_method"] = method["id"]
    return _settings(new)


def _prefix(peer: Stripe, prefix: str) -> str:
    if not 3 <= len(prefix) <= 12 or not prefix.isalnum() or prefix != prefix.upper():
        raise invalid("invoice_prefix", "Invoice prefixes are 3 to 12 uppercase letters or numbers.")
    if peer.store.select("customer", invoice_prefix=prefix):
        raise invalid("invoice_prefix", f"The invoice prefix {prefix} is already used by another customer.")
    return prefix


def retrieve(peer: Stripe, params: Params, id: str) -> JsonObject:
    """A customer, or what is left of a deleted one."""
    found = peer.store.find(id)
    return found if found and found["object"] == "customer" else peer.need("customer", id)


def update(peer: Stripe, params: Params, id: str) -> JsonObject:
    """New values for a customer."""
    customer = peer.need("customer", id)
    if "balance" in params and params["balance"] != customer["balance"]:
        customer_balance.adjust(peer, customer, params["balance"] - customer["balance"], "adjustment")
    if "ip_address" in params.get("tax", {}):
        peer.store.keep(id, ip_address=params["tax"]["ip_address"])
    return amend(peer, customer, _new_values(peer, customer, params), "customer.updated")


def _new_values(peer: Stripe, customer: JsonObject, params: Params) -> JsonObject:
    values: JsonObject = {name: value for name, value in params.items() if name not in ("balance", "tax")}
    if "address" in params:
        values["address"] = address(params["address"]) if params["address"] else None
    if "shipping" in params:
        values["shipping"] = shipping(params["shipping"])
    if "metadata" in params:
        values["metadata"] = merged(customer["metadata"], params["metadata"])
    if "invoice_settings" in params:
        values["invoice_settings"] = _invoice_settings(peer, customer, params["invoice_settings"])
    if "tax_exempt" in params:
        values["tax_exempt"] = params["tax_exempt"] or "none"
    if params.get("invoice_prefix", customer["invoice_prefix"]) != customer["invoice_prefix"]:
        _prefix(peer, params["invoice_prefix"])
    return values


def list_all(peer: Stripe, params: Params) -> list[JsonObject]:
    """Customers that pass the filters; those of test clocks only when the clock is named."""
    created = params.pop("created", None)
    found = peer.store.select("customer", **{"test_clock": None, **params})
    return [customer for customer in found if within(created, customer["created"])]


def delete(peer: Stripe, params: Params, id: str) -> JsonObject:
    """Forget a customer, its cards and, at once, its subscriptions."""
    customer = peer.need("customer", id)
    peer.tell(CUSTOMER_LEAVING, customer)
    for method in peer.store.select("payment_method", customer=id):
        payment_methods.detach(peer, method)
    for tax_id in peer.store.select("tax_id", customer=id):
        peer.store.remove(tax_id["id"])
    emit(peer, "customer.deleted", peer.store.get(id))
    return peer.store.bury(id)


def default_method(peer: Stripe, customer: JsonObject) -> JsonObject | None:
    """The payment method that invoices of the customer are charged to, when nothing nearer names one."""
    return peer.store.find(customer["invoice_settings"]["default_payment_method"] or "")


def _sources(peer: Stripe, customer: JsonObject) -> JsonObject:
    """The cards of before there were payment methods: none."""
    return listing([], f"/v1/customers/{customer['id']}/sources")


def _subscriptions(peer: Stripe, customer: JsonObject) -> JsonObject:
    found = peer.store.select("subscription", customer=customer["id"])
    living = [item for item in found if item["status"] not in ("canceled", "incomplete_expired")]
    return listing(living, f"/v1/customers/{customer['id']}/subscriptions", limit=10)


def _tax_ids(peer: Stripe, customer: JsonObject) -> JsonObject:
    found = peer.store.select("tax_id", customer=customer["id"])
    return listing(found, f"/v1/customers/{customer['id']}/tax_ids", limit=10)


def _tax(peer: Stripe, customer: JsonObject) -> JsonObject:
    where = customer["address"] or (customer["shipping"] or {}).get("address")
    country = where and where["country"]
    ip_address = peer.store.kept(customer["id"]).get("ip_address")
    source = "billing_address" if customer["address"] else "shipping_destination"
    return {
        "automatic_tax": "supported" if country else "unrecognized_location",
        "ip_address": ip_address,
        "location": {"country": country, "source": source, "state": where["state"]} if where and country else None,
        "provider": "stripe",
    }


EXPANDERS: Final = {
    ("customer", "sources"): _sources,
    ("customer", "subscriptions"): _subscriptions,
    ("customer", "tax"): _tax,
    ("customer", "tax_ids"): _tax_ids,
}
ROUTES: Final = [
    Endpoint("POST", "/v1/customers", create, CREATE),
    Endpoint("GET", "/v1/customers", list_all, LIST, is_list=True),
    Endpoint("GET", "/v1/customers/{id}", retrieve),
    Endpoint("POST", "/v1/customers/{id}", update, UPDATE),
    Endpoint("DELETE", "/v1/customers/{id}", delete),
]
