"""The calls on payment methods. https://docs.stripe.com/api/payment_methods"""

from __future__ import annotations

from typing import Final

from sandbox.stripe import payment_methods
from sandbox.stripe.amending import amend
from sandbox.stripe.errors import invalid
from sandbox.stripe.forms import Field, Hash, Metadata, Text, Whole, merged, one_of
from sandbox.stripe.http import Endpoint, Params
from sandbox.stripe.peer import Stripe
from sandbox.stripe.store import JsonObject

CREATE: Final[dict[str, Field]] = dict(payment_methods.DATA)
UPDATE: Final[dict[str, Field]] = {
    "allow_redisplay": one_of("always", "limited", "unspecified"),
    "billing_details": Hash(fields=payment_methods.BILLING),
    "card": Hash(fields={"exp_month": Whole(least=1, most=12), "exp_year": Whole()}),
    "metadata": Metadata(),
}
LIST: Final[dict[str, Field]] = {
    "allow_redisplay": one_of("always", "limited", "unspecified"),
    "customer": Text(is_required=True),
    "type": Text(),
}


def create(peer: Stripe, params: Params) -> JsonObject:
    """A payment method out of a test card."""
    return payment_methods.create(peer, params)


def retrieve(peer: Stripe, params: Params, id: str) -> JsonObject:
    """A payment method; a ready-made one comes as a new one."""
    return payment_methods.resolve(peer, id, "id")


def update(peer: Stripe, params: Params, id: str) -> JsonObject:
    """New billing details, expiry or metadata, once it is a customer's."""
    method = peer.need("payment_method", id)
    if method["customer"] is None:
        message = "You must save this PaymentMethod to a customer before you can update it."
        raise invalid(None, message)
    values: Params = {name: params[name] for name in ("allow_redisplay",) if name in params}
    if "metadata" in params:
        values["metadata"] = merged(method["metadata"], params["metadata"])
    if "billing_details" in params:
        together = {**method["billing_details"], **params["billing_details"]}
        values["billing_details"] = payment_methods.billing_details(together)
    if "card" in params:
        values["card"] = {**method["card"], **params["card"]}
    return amend(peer, method, values, "payment_method.updated")


def list_all(peer: Stripe, params: Params) -> list[JsonObject]:
    """The payment methods of a customer."""
    return of_customer(peer, params, peer.need("customer", params["customer"], "customer")["id"])


def of_customer(peer: Stripe, params: Params, id: str) -> list[JsonObject]:
    """The payment methods of the customer that the address names."""
    filters = {name: params[name] for name in ("type", "allow_redisplay") if name in params}
    return peer.store.select("payment_method", customer=peer.need("customer", id)["id"], **filters)


def one_of_customer(peer: Stripe, params: Params, id: str, method: str) -> JsonObject:
    """A payment method of a customer."""
    peer.need("customer", id)
    return payment_methods.owned(peer, method, id, "payment_method")


def attach(peer: Stripe, params: Params, id: str) -> JsonObject:
    """Save it with a customer."""
    customer = peer.need("customer", params["customer"], "customer")
    return payment_methods.attach(peer, payment_methods.resolve(peer, id, "id"), customer["id"])


def detach(peer: Stripe, params: Params, id: str) -> JsonObject:
    """Take it away from its customer."""
    return payment_methods.detach(peer, peer.need("payment_method", id))


FILTERS: Final = {name: LIST[name] for name in ("type", "allow_redisplay")}
ROUTES: Final = [
    Endpoint("POST", "/v1/payment_methods", create, CREATE),
    Endpoint("GET", "/v1/payment_methods", list_all, LIST, is_list=True),
    Endpoint("GET", "/v1/payment_methods/{id}", retrieve),
    Endpoint("POST", "/v1/payment_methods/{id}", update, UPDATE),
    Endpoint("POST", "/v1/payment_methods/{id}/attach", attach, {"customer": Text(is_required=True)}),
    Endpoint("POST", "/v1/payment_methods/{id}/detach", detach),
    Endpoint("GET", "/v1/customers/{id}/payment_methods", of_customer, FILTERS, is_list=True),
    Endpoint("GET", "/v1/customers/{id}/payment_methods/{method}", one_of_customer),
]
