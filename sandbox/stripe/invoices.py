"""Invoices. https://docs.stripe.com/api/invoices

Left out: searching, revisions, credit notes, shipping, tax rates, payments beside the default one, changes of lines.
"""

from __future__ import annotations

from typing import Any, Final

from sandbox.stripe import (
    billing,
    collecting,
    discounting,
    invoice_shapes,
    invoicing,
    payment_methods,
    previews,
    states,
    subscription_settings,
)
from sandbox.stripe.amending import amend
from sandbox.stripe.errors import StripeError, invalid
from sandbox.stripe.events import emit
from sandbox.stripe.forms import Field, Flag, Metadata, Range, Text, Whole, merged, one_of, required, within
from sandbox.stripe.http import Endpoint, Params
from sandbox.stripe.parameters import Currency
from sandbox.stripe.peer import Stripe
from sandbox.stripe.periods import DAY
from sandbox.stripe.store import JsonObject
from sandbox.stripe.subscription_shapes import is_over, period_of

UPDATE: Final[dict[str, Field]] = {
    "auto_advance": Flag(),
    "default_payment_method": Text(is_clearable=True),
    "description": Text(longest=1500, is_clearable=True),
    "discounts": subscription_settings.DISCOUNTS,
    "footer": Text(longest=5000, is_clearable=True),
    "metadata": Metadata(),
}
CREATE: Final[dict[str, Field]] = {
    **UPDATE,
    "collection_method": one_of("charge_automatically", "send_invoice"),
    "currency": Currency(),
    "customer": Text(),
    "days_until_due": Whole(least=0),
    "pending_invoice_items_behavior": one_of("exclude", "include"),
    "subscription": Text(),
}
LIST: Final[dict[str, Field]] = {
    "collection_method": one_of("charge_automatically", "send_invoice"),
    "created": Range(),
    "customer": Text(),
    "due_date": Range(),
    "status": one_of("draft", "open", "paid", "uncollectible", "void"),
    "subscription": Text(),
}
PAY: Final[dict[str, Field]] = {"off_session": Flag(), "paid_out_of_band": Flag(), "payment_method": Text()}
FROZEN: Final = ("auto_advance", "metadata")  # what may change after the draft, with the payment method


def create(peer: Stripe, params: Params) -> JsonObject:
    """A draft for a customer by hand, of what waits; of a subscription, all that waits for it."""
    sub = peer.needs("subscription", params, "subscription")
    customer = peer.needs("customer", params, "customer") or (sub and peer.store.get(sub["customer"]))
    if customer is None:
        raise required("customer")
    if sub is not None and (is_over(sub) or sub["customer"] != customer["id"]):
        raise invalid("subscription", "The subscription has ended, or belongs to another customer.")
    if sub is not None:
        return _of_subscription(peer, sub, params)
    now = peer.store.now(customer)
    is_included = params.get("pending_invoice_items_behavior") == "include"
    items = invoicing.pending(peer, customer["id"], None) if is_included else []
    values = _draft_values(peer, customer, params, now)
    invoice = invoicing.draft(peer, customer, values, items=items)
    if invoice["auto_advance"]:
        billing.wait(peer, invoice)
    return invoice


def _of_subscription(peer: Stripe, sub: JsonObject, params: Params) -> JsonObject:
    period = (period_of(sub)[0], peer.store.now(sub))
    values = {"auto_advance": params.get("auto_advance", False), "metadata": merged(None, params.get("metadata"))}
    if not invoicing.pending(peer, sub["customer"], sub["id"], with_loose=False):
        raise invalid(None, "Nothing to invoice for subscription", "invoice_no_subscription_line_items")
    invoice = billing.draft(peer, sub, "manual", period=period, with_loose=False, **values)
    states.save(peer, sub)
    if invoice["auto_advance"]:
        billing.wait(peer, invoice)
    return invoice


def _draft_values(peer: Stripe, customer: JsonObject, params: Params, now: int) -> JsonObject:
    method = params.get("collection_method", "charge_automatically")
    if method == "send_invoice" and "days_until_due" not in params:
        raise required("days_until_due")
    currency = params.get("currency") or customer["currency"] or "usd"
    discounts = discounting.redeem_all(peer, params.get("discounts", []), customer, currency)
    return {
        "auto_advance": params.get("auto_advance", False),
        "billing_reason": "manual",
        "collection_method": method,
        "currency": currency,
        "default_payment_method": _method_id(peer, customer["id"], params),
        "description": params.get("description"),
        "discounts": discounts,
        "due_date": now + params["days_until_due"] * DAY if method == "send_invoice" else None,
        "footer": params.get("footer"),
        "metadata": merged(None, params.get("metadata")),
        "period_end": now,
        "period_start": now,
    }


def _method_id(peer: Stripe, customer_id: str, params: Params) -> str | None:
    wanted = params.get("default_payment_method")
    if not wanted:
        return None
    return str(payment_methods.owned(peer, wanted, customer_id, "default_payment_method")["id"])


def retrieve(peer: Stripe, params: Params, id: str) -> JsonObject:
    """An invoice."""
    return peer.need("invoice", id)


def update(peer: Stripe, params: Params, id: str) -> JsonObject:
    """New values; once it is finalized only metadata, collection and the payment method."""
    invoice = peer.need("invoice", id)
    strange = params.keys() - {*FROZEN, "default_payment_method"}
    if strange and invoice["status"] != "draft":
        message = f"Finalized invoices can't be updated in this way: {', '.join(sorted(strange))}"
        raise invalid(min(strange), message)
    values: dict[str, Any] = {
        name: params[name] for name in ("auto_advance", "description", "footer") if name in params
    }
    if "metadata" in params:
        values["metadata"] = merged(invoice["metadata"], params["metadata"])
    if "default_payment_method" in params:
        values["default_payment_method"] = _method_id(peer, invoice["customer"], params)
    if "discounts" in params:
        customer = peer.store.get(invoice["customer"])
        values["discounts"] = discounting.redeem_all(peer, params["discounts"], customer, invoice["currency"])
    invoice = amend(peer, invoice, values, "invoice.updated")
    return invoicing.reprice(peer, invoice, invoice["lines"]["data"]) if "discounts" in params else invoice


def delete(peer: Stripe, params: Params, id: str) -> JsonObject:
    """Throw a draft away that no subscription made; its items wait again."""
    invoice = peer.need("invoice", id)
    if invoice["status"] != "draft" or invoice_shapes.subscription_of(invoice):
        message = "You can only delete draft invoices that were not created by a subscription."
        raise invalid(None, message)
    for item in peer.store.select("invoiceitem", invoice=id):
        peer.store.put({**item, "invoice": None})
    peer.store.remove(id)
    emit(peer, "invoice.deleted", invoice)
    return {"id": id, "object": "invoice", "deleted": True}


def list_all(peer: Stripe, params: Params) -> list[JsonObject]:
    """Invoices that pass the filters."""
    ranges = {name: params.pop(name) for name in ("created", "due_date") if name in params}
    if "subscription" in params:
        params["parent__subscription_details__subscription"] = params.pop("subscription")
    found = peer.store.select("invoice", **params)
    return [
        one
        for one in found
        if all(one[name] is not None and within(bounds, one[name]) for name, bounds in ranges.items())
    ]


def list_lines(peer: Stripe, params: Params, id: str) -> list[JsonObject]:
    """The lines of an invoice."""
    lines: list[JsonObject] = peer.need("invoice", id)["lines"]["data"]
    return lines


def finalize(peer: Stripe, params: Params, id: str) -> JsonObject:
    """Make a draft an open invoice; with `auto_advance` it is collected within the hour."""
    invoice = peer.need("invoice", id)
    advances = params.get("auto_advance", invoice["auto_advance"])
    is_charged = advances and invoice["collection_method"] == "charge_automatically"
    attempt = peer.store.now(invoice) + invoicing.DRAFT_SECONDS if is_charged else None
    amend(peer, invoice, {"auto_advance": advances}, None)
    invoice = invoicing.finalize(peer, invoice, next_attempt=attempt)
    return invoice if invoice["amount_due"] else collecting.settle(peer, invoice)


def pay(peer: Stripe, params: Params, id: str) -> JsonObject:
    """Collect an invoice now; a draft is finalized first. Raises StripeError, 402 among them, when that fails."""
    invoice = _payable(peer, id)
    if params.get("paid_out_of_band"):
        return collecting.settle(peer, invoice, is_out_of_band=True)
    method = None
    if "payment_method" in params:
        method = payment_methods.resolve(peer, params["payment_method"])
        payment_methods.check_usable(peer, method, invoice["customer"])
    if invoice["amount_remaining"] and method is None and collecting.method_for(peer, invoice) is None:
        raise collecting.no_method()
    outcome = collecting.collect(peer, invoice, method=method, off_session=params.get("off_session", True))
    if outcome is not None and outcome.status == "requires_action":
        raise collecting.needs_action(peer, invoice, "invoice")
    if outcome is not None and outcome.error is not None:
        raise outcome.error
    return peer.store.get(id)


def _payable(peer: Stripe, invoice_id: str) -> JsonObject:
    invoice = peer.need("invoice", invoice_id)
    if invoice["status"] == "draft":
        return invoicing.finalize(peer, invoice)
    if invoice["status"] == "paid":
        raise invalid(None, "Invoice is already paid")
    if invoice["status"] == "void":
        raise _not_payable()
    return invoice


def _not_payable() -> StripeError:
    return invalid(None, "This invoice can no longer be paid", "invoice_not_editable")


def void(peer: Stripe, params: Params, id: str) -> JsonObject:
    """Give an open invoice up as if it had never been."""
    invoice = invoicing.void(peer, peer.need("invoice", id))
    states.after_void(peer, invoice)
    return invoice


def mark_uncollectible(peer: Stripe, params: Params, id: str) -> JsonObject:
    """Write an open invoice off."""
    invoice = invoicing.write_off(peer, peer.need("invoice", id))
    states.after_payment(peer, invoice)
    return invoice


def send(peer: Stripe, params: Params, id: str) -> JsonObject:
    """Mail an invoice to its customer, which here is an event alone; a draft is finalized first."""
    invoice = peer.need("invoice", id)
    if invoice["collection_method"] != "send_invoice":
        message = "You can only manually send an invoice if its collection method is 'send_invoice'."
        raise invalid(None, message)
    if invoice["status"] == "draft":
        invoice = invoicing.finalize(peer, invoice)
    emit(peer, "invoice.sent", invoice)
    return invoice


ROUTES: Final = [
    Endpoint("POST", "/v1/invoices", create, CREATE),
    Endpoint("GET", "/v1/invoices", list_all, LIST, is_list=True),
    Endpoint("POST", "/v1/invoices/create_preview", previews.create, previews.CREATE),
    Endpoint("GET", "/v1/invoices/{id}", retrieve),
    Endpoint("POST", "/v1/invoices/{id}", update, UPDATE),
    Endpoint("DELETE", "/v1/invoices/{id}", delete),
    Endpoint("GET", "/v1/invoices/{id}/lines", list_lines, is_list=True),
    Endpoint("POST", "/v1/invoices/{id}/finalize", finalize, {"auto_advance": Flag()}),
    Endpoint("POST", "/v1/invoices/{id}/pay", pay, PAY),
    Endpoint("POST", "/v1/invoices/{id}/void", void),
    Endpoint("POST", "/v1/invoices/{id}/mark_uncollectible", mark_uncollectible),
    Endpoint("POST", "/v1/invoices/{id}/send", send),
]
