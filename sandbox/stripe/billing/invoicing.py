"""Creating invoices: drafts from lines and pending prorations, their totals, and finalization.

https://docs.stripe.com/invoicing/integration/workflow-transitions · Credits, and amounts
too small to charge, go to the customer's balance: https://docs.stripe.com/billing/customer/balance
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any, Final

from sandbox.stripe.account.amending import add, amend
from sandbox.stripe.account.errors import StripeError, invalid
from sandbox.stripe.account.events import emit
from sandbox.stripe.account.peer import Stripe
from sandbox.stripe.account.store import JsonObject
from sandbox.stripe.billing import discounting, invoice_shapes, item_lines
from sandbox.stripe.billing.periods import HOUR
from sandbox.stripe.payments import intents

MINIMUM: Final = 50  # https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts
DRAFT_SECONDS: Final = HOUR
DESCRIPTIONS: Final = {"subscription_create": "Subscription creation", "subscription_update": "Subscription update"}


def pending(peer: Stripe, sub: Mapping[str, Any]) -> list[JsonObject]:
    """A subscription's pending prorations, newest first."""
    filters = {"parent__subscription_details__subscription": sub["id"], "invoice": None}
    found = reversed(peer.store.select("invoiceitem", **filters))
    return sorted(found, key=lambda item: -item["date"])  # at the same time, the credit stays before the charge


def draft(
    peer: Stripe,
    customer: JsonObject,
    values: Mapping[str, Any],
    lines: Sequence[JsonObject],
    items: Sequence[JsonObject],
) -> JsonObject:
    """Store a draft from the items, newest first, and the lines; `values` are the invoice's, with its discounts."""
    together = [*(item_lines.line_of_item(peer, item) for item in items), *lines]
    given = {**values, "lines": together}
    now = peer.store.now(customer)
    invoice = invoice_shapes.invoice(peer.store.new_id("in"), peer.account.name, customer, now, given)
    for item in items:
        peer.store.put({**item, "invoice": invoice["id"]})
    if customer["currency"] is None:
        amend(peer, customer, {"currency": invoice["currency"]}, "customer.updated")
    _price(peer, invoice, customer["balance"])
    add(peer, invoice, "invoice.created")
    item_lines.charged(peer, invoice)
    return invoice


def _price(peer: Stripe, invoice: JsonObject, balance: int) -> None:
    """Set discounts, tax and all totals on a draft."""
    lines = invoice["lines"]["data"]
    for line in lines:
        line.update(discount_amounts=[], pretax_credit_amounts=[])
    discounting.reduce_lines(lines, discounting.reductions(peer, invoice["discounts"]))
    sums = discounting.totals(lines)
    subtotal = sum(line["amount"] for line in lines)
    total = subtotal - sum(sums.values())
    _tax(invoice)
    invoice.update(
        subtotal=subtotal,
        subtotal_excluding_tax=subtotal,
        total=total,
        total_excluding_tax=total,
        total_discount_amounts=[{"amount": amount, "discount": discount} for discount, amount in sums.items()],
        total_pretax_credit_amounts=discounting.pretax_totals(sums),
        starting_balance=balance,
    )
    due, _ = settle(total, balance)
    invoice.update(amount_due=due, amount_remaining=due)


def _tax(invoice: JsonObject) -> None:
    """The account has no tax registration, so automatic tax is 0."""
    if not invoice["automatic_tax"]["enabled"]:
        return
    for line in invoice["lines"]["data"]:
        line["taxes"] = [invoice_shapes.no_tax()]
    invoice["total_taxes"] = [invoice_shapes.no_tax()]


def settle(total: int, balance: int) -> tuple[int, int]:
    """The amount due of a total, and the customer's balance afterwards.

    Credits and debts too small to charge stay on the balance for the next invoice.
    """
    owed = total + balance
    return (0, owed) if owed < MINIMUM else (owed, 0)


def finalize(peer: Stripe, invoice: JsonObject, *, next_attempt: int | None = None) -> JsonObject:
    """Turn a draft into an open invoice with a number, a page and, when something is due, a payment intent.

    Nothing is collected yet. Raises StripeError unless it is a draft.
    """
    if invoice["status"] != "draft":
        raise invalid(None, "This invoice is already finalized, you can't re-finalize a non-draft invoice.")
    customer = peer.store.get(invoice["customer"])
    now, url = peer.store.now(customer), f"{peer.base_url}/invoice/{invoice['id']}"
    values = copy.deepcopy(invoice)
    _price(peer, values, customer["balance"])
    due, after = settle(values["total"], customer["balance"])
    values.update(
        invoice_shapes.customer_facts(customer),
        automatically_finalizes_at=None,
        effective_at=now,
        ending_balance=after,
        hosted_invoice_url=url,
        invoice_pdf=f"{url}/pdf",
        next_payment_attempt=next_attempt if due else None,
        number=f"{customer['invoice_prefix']}-{customer['next_invoice_sequence']:04d}",
        status="open",
        status_transitions={**invoice["status_transitions"], "finalized_at": now},
    )
    counted = {"balance": after, "next_invoice_sequence": customer["next_invoice_sequence"] + 1}
    amend(peer, customer, counted, "customer.updated")
    invoice = amend(peer, invoice, values, "invoice.updated")
    emit(peer, "invoice.finalized", invoice)
    if due:
        _ask_for_payment(peer, invoice, customer)
    return invoice


def _ask_for_payment(peer: Stripe, invoice: JsonObject, customer: JsonObject) -> None:
    """Create an invoice's payment intent and the link between them."""
    description = DESCRIPTIONS.get(invoice["billing_reason"], f"Invoice {invoice['number']}")
    amount, currency = invoice["amount_due"], invoice["currency"]
    intent = intents.new_intent(peer, description, amount=amount, currency=currency, customer=customer)
    now = peer.store.now(invoice)
    peer.store.put(invoice_shapes.invoice_payment(peer.store.new_id("inpay"), invoice, intent["id"], now))


def payment_of(peer: Stripe, invoice: Mapping[str, Any]) -> JsonObject | None:
    """A finalized invoice's payment, or None when nothing was due."""
    found = peer.store.select("invoice_payment", invoice=invoice["id"])
    return found[0] if found else None


def intent_of(peer: Stripe, invoice: Mapping[str, Any]) -> JsonObject | None:
    """The payment intent of a finalized invoice."""
    payment = payment_of(peer, invoice)
    return peer.store.get(payment["payment"]["payment_intent"]) if payment else None


def invoice_of(peer: Stripe, intent_id: str) -> JsonObject:
    """A payment intent's invoice."""
    [payment] = peer.store.select("invoice_payment", payment__payment_intent=intent_id)
    return peer.store.get(payment["invoice"])


def void(peer: Stripe, invoice: JsonObject) -> JsonObject:
    """Void an open invoice. Raises StripeError unless it is open."""
    if invoice["status"] not in ("open", "uncollectible"):
        raise _not_open(invoice, "void")
    _cancel_payment(peer, invoice)
    customer = peer.store.get(invoice["customer"])
    if not customer.get("deleted"):  # undo what finalization did to its balance
        change = invoice["ending_balance"] - invoice["starting_balance"]
        amend(peer, customer, {"balance": customer["balance"] - change}, "customer.updated")
    return _close(peer, invoice, "void", "voided_at", "invoice.voided")


def write_off(peer: Stripe, invoice: JsonObject) -> JsonObject:
    """Mark an open invoice as uncollectible. Raises StripeError unless it is open."""
    if invoice["status"] != "open":
        raise _not_open(invoice, "mark as uncollectible")
    return _close(peer, invoice, "uncollectible", "marked_uncollectible_at", "invoice.marked_uncollectible")


def _not_open(invoice: Mapping[str, Any], verb: str) -> StripeError:
    return invalid(None, f"You can only {verb} an open invoice; this invoice is {invoice['status']}.")


def _close(peer: Stripe, invoice: JsonObject, status: str, transition: str, event_type: str) -> JsonObject:
    transitions = {**invoice["status_transitions"], transition: peer.store.now(invoice)}
    values = {"auto_advance": False, "next_payment_attempt": None, "status": status, "status_transitions": transitions}
    invoice = amend(peer, invoice, values, "invoice.updated")
    emit(peer, event_type, invoice)
    return invoice


def _cancel_payment(peer: Stripe, invoice: JsonObject) -> None:
    """Cancel an invoice's payment."""
    payment = payment_of(peer, invoice)
    if payment is None:
        return
    intents.cancel(peer, peer.store.get(payment["payment"]["payment_intent"]))
    transitions = {**payment["status_transitions"], "canceled_at": peer.store.now(invoice)}
    amend(peer, payment, {"status": "canceled", "status_transitions": transitions}, None)
