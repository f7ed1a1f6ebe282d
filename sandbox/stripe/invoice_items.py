"""Invoice items: what waits for an invoice. https://docs.stripe.com/api/invoiceitems"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sandbox.stripe import invoice_shapes, invoicing, item_lines
from sandbox.stripe.amending import add, amend
from sandbox.stripe.errors import invalid
from sandbox.stripe.events import emit
from sandbox.stripe.forms import Field, Flag, Hash, Metadata, Moment, Range, Text, Whole, merged, required, within
from sandbox.stripe.http import Endpoint, Params
from sandbox.stripe.parameters import Currency
from sandbox.stripe.peer import Stripe
from sandbox.stripe.proration import price_for
from sandbox.stripe.store import JsonObject
from sandbox.stripe.subscription_shapes import is_over

PERIOD: Final = Hash(fields={"end": Moment(is_required=True), "start": Moment(is_required=True)})
UPDATE: Final[dict[str, Field]] = {
    "amount": Whole(),
    "description": Text(longest=5000, is_clearable=True),
    "discountable": Flag(),
    "metadata": Metadata(),
    "period": PERIOD,
    "quantity": Whole(least=0),
}
CREATE: Final[dict[str, Field]] = {
    **UPDATE,
    "currency": Currency(),
    "customer": Text(is_required=True),
    "invoice": Text(),
    "pricing": Hash(fields={"price": Text(is_required=True)}),
    "subscription": Text(),
}
LIST: Final[dict[str, Field]] = {"created": Range(), "customer": Text(), "invoice": Text(), "pending": Flag()}


def create(peer: Stripe, params: Params) -> JsonObject:
    """An item for the customer's or the subscription's next invoice, or for a draft that is there."""
    customer = peer.need("customer", params["customer"], "customer")
    sub = peer.needs("subscription", params, "subscription")
    if sub is not None and (sub["customer"] != customer["id"] or is_over(sub)):
        raise invalid("subscription", "The subscription has ended, or belongs to another customer.")
    invoice = peer.needs("invoice", params, "invoice")
    if invoice is not None and (invoice["status"] != "draft" or invoice["customer"] != customer["id"]):
        raise invalid("invoice", "The invoice is no draft, or belongs to another customer.")
    values = {**{name: params[name] for name in UPDATE if name in params}, **_amounts(peer, params)}
    values["metadata"] = merged(None, params.get("metadata"))
    values["parent"] = invoice_shapes.item_parent(sub["id"] if sub else None, None)
    item = add_item(peer, customer, values)
    return _put_on(peer, item, invoice) if invoice else item


def add_item(peer: Stripe, customer: JsonObject, values: Mapping[str, Any]) -> JsonObject:
    """Store an item that waits for an invoice."""
    now = peer.store.now(customer)
    made = invoice_shapes.invoice_item(peer.store.new_id("ii"), customer, now, values)
    return add(peer, made, "invoiceitem.created")


def new_one_time(peer: Stripe, sub: Mapping[str, Any], wanted: Mapping[str, Any]) -> JsonObject:
    """An item out of a one-time price, for a subscription's next invoice. Raises StripeError."""
    values = {
        **_of_price(peer, wanted["price"], wanted.get("quantity", 1), "add_invoice_items[price]"),
        "discountable": wanted.get("discountable", True),
        "metadata": merged(None, wanted.get("metadata")),
        "parent": invoice_shapes.item_parent(sub["id"], None),
    }
    return add_item(peer, peer.store.get(sub["customer"]), values)


def _amounts(peer: Stripe, params: Params) -> JsonObject:
    """Amount, currency, description and pricing of an item that is to be made."""
    if ("amount" in params) == ("pricing" in params):
        raise invalid("amount", "You must specify exactly one of `amount` and `pricing`.")
    if "pricing" in params:
        found = _of_price(peer, params["pricing"]["price"], params.get("quantity", 1), "pricing[price]")
        return {**found, "description": params.get("description", found["description"])}
    if "currency" not in params:
        raise required("currency")
    return {"amount": params["amount"], "currency": params["currency"], "description": params.get("description")}


def _of_price(peer: Stripe, price_id: str, quantity: int, param: str) -> JsonObject:
    price = peer.need("price", price_id, param)
    if price["type"] != "one_time":
        message = (
            "The price specified is set to `type=recurring` but this field only accepts prices with `type=one_time`."
        )
        raise invalid(param, message)
    return {
        "amount": price_for(price, quantity),
        "currency": price["currency"],
        "description": item_lines.product_name(peer, price),
        "pricing": invoice_shapes.pricing(price, price["unit_amount_decimal"]),
        "quantity": quantity,
    }


def _put_on(peer: Stripe, item: JsonObject, invoice: JsonObject) -> JsonObject:
    """Add an item to a draft, after the lines that it has."""
    line = {**item_lines.line_of_item(peer, item), "invoice": invoice["id"]}
    item = peer.store.put({**item, "invoice": invoice["id"]})
    invoicing.reprice(peer, invoice, [*invoice["lines"]["data"], line])
    return item


def _need_pending(peer: Stripe, item_id: str) -> JsonObject:
    """An item that can still be changed. Raises StripeError."""
    item = peer.need("invoiceitem", item_id)
    invoice = peer.store.find(item["invoice"] or "")
    if invoice is not None and invoice["status"] != "draft":
        message = "This invoice item is on an invoice that was finalized, so that it can no longer be changed."
        raise invalid(None, message)
    return item


def retrieve(peer: Stripe, params: Params, id: str) -> JsonObject:
    """An invoice item."""
    return peer.need("invoiceitem", id)


def update(peer: Stripe, params: Params, id: str) -> JsonObject:
    """New values for an item that is on no finalized invoice; a proration takes metadata and a description alone."""
    item = _need_pending(peer, id)
    strange = params.keys() - {"description", "metadata"}
    if strange and (item["proration"] or item["invoice"]):
        raise invalid(min(strange), f"You cannot update {min(strange)} of a proration, or of an item on an invoice.")
    values = dict(params)
    if "metadata" in values:
        values["metadata"] = merged(item["metadata"], values["metadata"])
    if "quantity" in values:
        values["quantity_decimal"] = str(values["quantity"])
    return amend(peer, item, values, None)


def delete(peer: Stripe, params: Params, id: str) -> JsonObject:
    """Take an item away before its invoice is finalized."""
    item = _need_pending(peer, id)
    invoice = peer.store.find(item["invoice"] or "")
    if invoice is not None:
        invoicing.reprice(peer, invoice, [line for line in invoice["lines"]["data"] if _item_of(line) != id])
    peer.store.remove(id)
    emit(peer, "invoiceitem.deleted", item)
    return {"id": id, "object": "invoiceitem", "deleted": True}


def _item_of(line: Mapping[str, Any]) -> str | None:
    """The invoice item that a line comes of."""
    parent = line["parent"] or {}
    details = parent.get("invoice_item_details") or parent.get("subscription_item_details") or {}
    item: str | None = details.get("invoice_item")
    return item


def list_all(peer: Stripe, params: Params) -> list[JsonObject]:
    """Invoice items that pass the filters; `pending`: on an invoice or not."""
    created, pending = params.pop("created", None), params.pop("pending", None)
    found = peer.store.select("invoiceitem", **params)
    return [
        item
        for item in found
        if within(created, item["date"]) and (pending is None or pending == (item["invoice"] is None))
    ]


ROUTES: Final = [
    Endpoint("POST", "/v1/invoiceitems", create, CREATE),
    Endpoint("GET", "/v1/invoiceitems", list_all, LIST, is_list=True),
    Endpoint("GET", "/v1/invoiceitems/{id}", retrieve),
    Endpoint("POST", "/v1/invoiceitems/{id}", update, UPDATE),
    Endpoint("DELETE", "/v1/invoiceitems/{id}", delete),
]
