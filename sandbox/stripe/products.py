"""Products. https://docs.stripe.com/api/products"""

from __future__ import annotations

from typing import Final

from sandbox.stripe import catalog
from sandbox.stripe.amending import amend
from sandbox.stripe.errors import invalid
from sandbox.stripe.events import emit
from sandbox.stripe.forms import Field, Flag, Hash, Listed, Metadata, Range, Text, merged, one_of, within
from sandbox.stripe.http import Endpoint, Params
from sandbox.stripe.parameters import Currency
from sandbox.stripe.peer import Stripe
from sandbox.stripe.store import JsonObject

COMMON: Final[dict[str, Field]] = {
    "active": Flag(),
    "description": Text(is_clearable=True),
    "images": Listed(of=Text(), most=8, is_clearable=True),
    "marketing_features": Listed(of=Hash(fields={"name": Text(is_required=True)}), most=15, is_clearable=True),
    "metadata": Metadata(),
    "shippable": Flag(),
    "statement_descriptor": Text(longest=22),
    "tax_code": Text(is_clearable=True),
    "unit_label": Text(longest=12, is_clearable=True),
    "url": Text(is_clearable=True),
}
PRICE: Final = {**catalog.AMOUNT, "currency": Currency(is_required=True), "metadata": Metadata()}
CREATE: Final[dict[str, Field]] = {
    **COMMON,
    "id": Text(),
    "name": Text(is_required=True),
    "type": one_of("good", "service"),
    "default_price_data": Hash(fields=PRICE),
}
UPDATE: Final[dict[str, Field]] = {**COMMON, "name": Text(), "default_price": Text(is_clearable=True)}
LIST: Final[dict[str, Field]] = {
    "active": Flag(),
    "created": Range(),
    "ids": Listed(of=Text()),
    "shippable": Flag(),
    "type": one_of("good", "service"),
    "url": Text(),
}


def create(peer: Stripe, params: Params) -> JsonObject:
    """A product, with its first price when `default_price_data` is given."""
    product = catalog.new_product(peer, params)
    if "default_price_data" not in params:
        return product
    price = catalog.new_price(peer, params["default_price_data"], product["id"])
    return amend(peer, product, {"default_price": price["id"]}, "product.updated")


def retrieve(peer: Stripe, params: Params, id: str) -> JsonObject:
    """A product."""
    return peer.need("product", id)


def update(peer: Stripe, params: Params, id: str) -> JsonObject:
    """New values for a product."""
    product = peer.need("product", id)
    if "metadata" in params:
        params["metadata"] = merged(product["metadata"], params["metadata"])
    price = peer.needs("price", params, "default_price")
    if price is not None and price["product"] != id:
        raise invalid("default_price", f"The price specified does not belong to this product: {price['id']}")
    if any(product[name] != value for name, value in params.items()):
        params["updated"] = peer.store.now()
    return amend(peer, product, params, "product.updated")


def list_all(peer: Stripe, params: Params) -> list[JsonObject]:
    """Products that pass the filters."""
    created, ids = params.pop("created", None), params.pop("ids", None)
    found = peer.store.select("product", **params)
    return [item for item in found if within(created, item["created"]) and (ids is None or item["id"] in ids)]


def list_features(peer: Stripe, params: Params, id: str) -> list[JsonObject]:
    """The product's features, of which nobody can make any here."""
    peer.need("product", id)
    return []


def delete(peer: Stripe, params: Params, id: str) -> JsonObject:
    """Forget a product that has no price."""
    product = peer.need("product", id)
    if peer.store.select("price", product=id):
        raise invalid("id", "This product cannot be deleted because it has one or more user-created prices.")
    peer.store.remove(id)
    emit(peer, "product.deleted", product)
    return {"id": id, "object": "product", "deleted": True}


ROUTES: Final = [
    Endpoint("POST", "/v1/products", create, CREATE),
    Endpoint("GET", "/v1/products", list_all, LIST, is_list=True),
    Endpoint("GET", "/v1/products/{id}", retrieve),
    Endpoint("POST", "/v1/products/{id}", update, UPDATE),
    Endpoint("DELETE", "/v1/products/{id}", delete),
    Endpoint("GET", "/v1/products/{id}/features", list_features, is_list=True),
]
