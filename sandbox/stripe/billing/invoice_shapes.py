"""Invoices, their lines, invoice items and invoice payments as the API shows them.

https://docs.stripe.com/api/invoices/object · https://docs.stripe.com/api/invoice-line-item/object
https://docs.stripe.com/api/invoiceitems/object · https://docs.stripe.com/api/invoice-payment/object
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any, Final

from sandbox.stripe.account.store import JsonObject
from sandbox.stripe.api.listing import listing

COUNTRY: Final = "US"
TRANSITIONS: Final = ("finalized_at", "marked_uncollectible_at", "paid_at", "voided_at")
# The defaults of a new invoice.
BLANK: Final[JsonObject] = {
    "account_country": COUNTRY,
    "account_tax_ids": None,
    "amount_due": 0,
    "amount_overpaid": 0,
    "amount_paid": 0,
    "amount_remaining": 0,
    "amount_shipping": 0,
    "application": None,
    "attempt_count": 0,
    "attempted": False,
    "auto_advance": True,
    "automatically_finalizes_at": None,
    "collection_method": "charge_automatically",
    "custom_fields": None,
    "customer_account": None,
    "customer_tax_ids": [],
    "default_payment_method": None,
    "default_source": None,
    "default_tax_rates": [],
    "description": None,
    "discounts": [],
    "due_date": None,
    "effective_at": None,
    "ending_balance": None,
    "footer": None,
    "from_invoice": None,
    "hosted_invoice_url": None,
    "invoice_pdf": None,
    "issuer": {"type": "self"},
    "last_finalization_error": None,
    "latest_revision": None,
    "livemode": False,
    "metadata": {},
    "next_payment_attempt": None,
    "number": None,
    "on_behalf_of": None,
    "parent": None,
    "payment_settings": {"default_mandate": None, "payment_method_options": None, "payment_method_types": None},
    "post_payment_credit_notes_amount": 0,
    "pre_payment_credit_notes_amount": 0,
    "receipt_number": None,
    "rendering": None,
    "shipping_cost": None,
    "shipping_details": None,
    "statement_descriptor": None,
    "status": "draft",
    "status_transitions": dict.fromkeys(TRANSITIONS),
    "subscription": None,
    "subtotal": 0,
    "subtotal_excluding_tax": 0,
    "total": 0,
    "total_discount_amounts": [],
    "total_excluding_tax": 0,
    "total_pretax_credit_amounts": [],
    "total_taxes": [],
}


def pricing(price: Mapping[str, Any], unit_amount: str) -> JsonObject:
    """A line's pricing."""
    details = {"price": price["id"], "product": price["product"]}
    return {"price_details": details, "type": "price_details", "unit_amount_decimal": unit_amount}


def line_parent(subscription: str, item: str, *, invoice_item: str | None = None) -> JsonObject:
    """The parent of a line for a subscription item; one with an invoice item is a proration.

    Unlike Stripe's, a credit doesn't name the line it credits.
    """
    details = {
        "invoice_item": invoice_item,
        "proration": invoice_item is not None,
        "proration_details": {"credited_items": None},
        "subscription": subscription,
        "subscription_item": item,
    }
    return {"invoice_item_details": None, "subscription_item_details": details, "type": "subscription_item_details"}


def line(line_id: str, currency: str, values: Mapping[str, Any]) -> JsonObject:
    """An invoice line; `values` has amount, description, discountable, period, quantity, parent and pricing."""
    quantity = values["quantity"]
    return {
        "id": line_id,
        "object": "line_item",
        "amount": values["amount"],
        "currency": currency,
        "description": values["description"],
        "discount_amounts": [],
        "discountable": values["discountable"],
        "discounts": values.get("discounts", []),
        "invoice": None,
        "livemode": False,
        "metadata": values.get("metadata", {}),
        "parent": values["parent"],
        "period": values["period"],
        "pretax_credit_amounts": [],
        "pricing": values["pricing"],
        "quantity": quantity,
        "quantity_decimal": str(quantity),
        "subscription": values.get("subscription"),
        "subtotal": values["amount"],
        "taxes": [],
    }


def lines_list(invoice_id: str, lines: list[JsonObject]) -> JsonObject:
    """The list of all lines inside an invoice."""
    return listing(lines, f"/v1/invoices/{invoice_id}/lines")


def invoice_item(item_id: str, customer: Mapping[str, Any], now: int, values: Mapping[str, Any]) -> JsonObject:
    """A pending proration for the subscription's next invoice."""
    return {
        "id": item_id,
        "object": "invoiceitem",
        "amount": values["amount"],
        "currency": values["currency"],
        "customer": customer["id"],
        "customer_account": None,
        "date": now,
        "description": values["description"],
        "discountable": False,
        "discounts": [],
        "invoice": None,
        "livemode": False,
        "metadata": values["metadata"],
        "net_amount": values["amount"],
        "parent": values["parent"],
        "period": values["period"],
        "pricing": values["pricing"],
        "proration": True,
        "proration_details": {"credited_items": None, "discount_amounts": []},
        "quantity": values["quantity"],
        "quantity_decimal": str(values["quantity"]),
        "tax_rates": [],
        "test_clock": customer["test_clock"],
    }


def item_parent(subscription: str, item: str) -> JsonObject:
    """The parent of a proration."""
    details = {"subscription": subscription, "subscription_item": item}
    return {"subscription_details": details, "type": "subscription_details"}


def automatic_tax(*, is_enabled: bool) -> JsonObject:
    """The state of automatic tax."""
    return {
        "disabled_reason": None,
        "enabled": is_enabled,
        "liability": {"type": "self"} if is_enabled else None,
        "provider": "stripe" if is_enabled else None,
        "status": "complete" if is_enabled else None,
    }


def no_tax() -> JsonObject:
    """Automatic tax without any registration: no tax is collected."""
    return {
        "amount": 0,
        "tax_behavior": "exclusive",
        "tax_rate_details": None,
        "taxability_reason": "not_collecting",
        "taxable_amount": 0,
        "type": "tax_rate_details",
    }


def subscription_details(sub: Mapping[str, Any]) -> JsonObject:
    """The parent of a subscription's invoice."""
    details = {"metadata": dict(sub["metadata"]), "subscription": sub["id"]}
    return {"quote_details": None, "subscription_details": details, "type": "subscription_details"}


def customer_facts(customer: Mapping[str, Any]) -> JsonObject:
    """What an invoice copies from its customer until it is finalized."""
    names = ("address", "email", "name", "phone", "shipping", "tax_exempt")
    return {f"customer_{name}": customer[name] for name in names}


def invoice(
    invoice_id: str, account_name: str, customer: JsonObject, now: int, values: Mapping[str, Any]
) -> JsonObject:
    """A draft; `values` has lines, currency, billing_reason, period_start and period_end, and optionally the rest."""
    base = {
        "id": invoice_id,
        "object": "invoice",
        **copy.deepcopy(BLANK),
        "account_name": account_name,
        "automatic_tax": automatic_tax(is_enabled=False),
        "created": now,
        "customer": customer["id"],
        **customer_facts(customer),
        "starting_balance": customer["balance"],
        "test_clock": customer["test_clock"],
        "webhooks_delivered_at": now,
    }
    lines = [{**entry, "invoice": invoice_id} for entry in values["lines"]]
    return {**base, **values, "lines": lines_list(invoice_id, lines)}


def invoice_payment(payment_id: str, invoice: Mapping[str, Any], intent: str, now: int) -> JsonObject:
    """The link between an invoice and its payment intent."""
    return {
        "id": payment_id,
        "object": "invoice_payment",
        "amount_paid": None,
        "amount_requested": invoice["amount_remaining"],
        "created": now,
        "currency": invoice["currency"],
        "invoice": invoice["id"],
        "is_default": True,
        "livemode": False,
        "payment": {"payment_intent": intent, "type": "payment_intent"},
        "status": "open",
        "status_transitions": {"canceled_at": None, "paid_at": None},
    }


def subscription_of(invoice: Mapping[str, Any]) -> str:
    """An invoice's subscription."""
    return str(invoice["parent"]["subscription_details"]["subscription"])
