"""Products. https://docs.stripe.com/api/products"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sandbox.stripe.account.amending import add, amend
from sandbox.stripe.account.errors import invalid
from sandbox.stripe.account.events import emit
from sandbox.stripe.account.peer import Stripe
from sandbox.stripe.account.store import JsonObject
from sandbox.stripe.api.forms import Field, Flag, Metadata, Text, merged
from sandbox.stripe.api.http import Endpoint, Params

UPDATE: Final[dict[str, Field]] = {
    "active": Flag(),
    "description": Text(is_clearable=True),
    "metadata": Metadata(),
    "name": Text(),
    "tax_code": Text(is_clearable=True),
    "unit_label": Text(longest=12, is_clearable=True),
}
CREATE: Final[dict[str, Field]] = {**UPDATE, "id": Text(), "name": Text(is_required=True)}
# Properties of a product that can't be set in the sandbox.
BLANK: Final[JsonObject] = {
    "default_price": None,
    "images": [],
    "livemode": False,
    "marketing_features": [],
    "package_dimensions": None,
    "shippable": None,
    "statement_descriptor": None,
    "type": "service",
    "url": None,
}


def new(peer: Stripe, values: Mapping[str, Any]) -> JsonObject:
    """Store a product. Raises StripeError when its id is taken."""
    if "id" in values and peer.store.find(values["id"]):
        raise invalid("id", f"Product already exists: {values['id']}", "resource_already_exists")
    now = peer.store.now()
    product = {
        "id": values.get("id") or peer.store.new_id("prod"),
        "object": "product",
        **BLANK,
        "active": values.get("active", True),
        "created": now,
        "description": values.get("description"),
        "metadata": merged(None, values.get("metadata")),
        "name": values["name"],
        "tax_code": values.get("tax_code"),
        "unit_label": values.get("unit_label"),
        "updated": now,
    }
    return add(peer, product, "product.created")


def create(peer: Stripe, params: Params) -> JsonObject:
    """A product."""
    return new(peer, params)


def retrieve(peer: Stripe, params: Params, id: str) -> JsonObject:
    """A product."""
    return peer.need("product", id)


def update(peer: Stripe, params: Params, id: str) -> JsonObject:
    """Change a product."""
    product = peer.need("product", id)
    if "metadata" in params:
        params["metadata"] = merged(product["metadata"], params["metadata"])
    if any(product[name] != value for name, value in params.items()):
        params["updated"] = peer.store.now()
    return amend(peer, product, params, "product.updated")


def list_all(peer: Stripe, params: Params) -> list[JsonObject]:
    """All products."""
    return peer.store.select("product")


def list_features(peer: Stripe, params: Params, id: str) -> list[JsonObject]:
    """A product's features; the sandbox can't create any."""
    peer.need("product", id)
    return []


def delete(peer: Stripe, params: Params, id: str) -> JsonObject:
    """Delete a product that has no price."""
    product = peer.need("product", id)
    if peer.store.select("price", product=id):
        raise invalid("id", "This product cannot be deleted because it has one or more user-created prices.")
    peer.store.remove(id)
    emit(peer, "product.deleted", product)
    return {"id": id, "object": "product", "deleted": True}


ROUTES: Final = [
    Endpoint("POST", "/v1/products", create, CREATE),
    Endpoint("GET", "/v1/products", list_all, is_list=True),
    Endpoint("GET", "/v1/products/{id}", retrieve),
    Endpoint("POST", "/v1/products/{id}", update, UPDATE),
    Endpoint("DELETE", "/v1/products/{id}", delete),
    Endpoint("GET", "/v1/products/{id}/features", list_features, is_list=True),
]
