"""Collecting invoices: which payment method to charge, and what success and failure do.

https://docs.stripe.com/billing/invoices/subscription#sub-invoice-lifecycle
"""

from __future__ import annotations

import secrets
from typing import Final

from sandbox.stripe.account.amending import amend
from sandbox.stripe.account.errors import StripeError, card_error, invalid
from sandbox.stripe.account.events import emit
from sandbox.stripe.account.peer import Stripe
from sandbox.stripe.account.store import JsonObject
from sandbox.stripe.billing import dunning, invoicing, states
from sandbox.stripe.billing.invoice_shapes import subscription_of
from sandbox.stripe.payments import customers, intents

NO_METHOD: Final = (
    "This customer has no attached payment source or default payment method. Please consider adding a default payment "
    "method. For more information, visit https://stripe.com/docs/billing/subscriptions/payment-methods-setting"
)
ACTION: Final = (
    "Payment for this invoice requires additional user action before it can be completed successfully. Payment can be "
    "completed using the PaymentIntent associated with the invoice. For more details see: "
    "https://stripe.com/docs/billing/subscriptions/overview#requires-action"
)


def method_for(peer: Stripe, invoice: JsonObject) -> JsonObject | None:
    """The payment method to charge for an invoice: its subscription's, or its customer's default."""
    sub = peer.store.find(subscription_of(invoice))
    own = sub and sub["default_payment_method"]
    return peer.store.find(own or "") or customers.default_method(peer, peer.store.get(invoice["customer"]))


def no_method() -> StripeError:
    """400: there is no payment method to charge."""
    return invalid(None, NO_METHOD, "resource_missing")


def needs_action(peer: Stripe, invoice: JsonObject) -> StripeError:
    """402: the invoice is waiting for the customer to complete 3-D Secure."""
    intent = invoicing.intent_of(peer, invoice)
    return card_error("invoice_payment_intent_requires_action", ACTION, payment_intent=intent)


def collect(
    peer: Stripe, invoice: JsonObject, *, method: JsonObject | None = None, off_session: bool = True
) -> intents.Outcome | None:
    """Try to pay an open invoice; None when nothing was due, or when there is no payment method to try."""
    if not invoice["amount_remaining"]:
        settle(peer, invoice)
        return None
    method = method or method_for(peer, invoice)
    intent = invoicing.intent_of(peer, invoice)
    if method is None or intent is None:
        fail(peer, invoice)
        return None
    outcome = intents.attempt(peer, intent, method, off_session=off_session)
    if outcome.status == "succeeded":
        settle(peer, invoice)
    else:
        fail(peer, invoice, is_waiting=outcome.status == "requires_action")
    return outcome


def settle(peer: Stripe, invoice: JsonObject) -> JsonObject:
    """Mark an open invoice as paid through its payment intent, unless nothing was due."""
    now, was_tried = peer.store.now(invoice), invoice["amount_due"]
    values = {
        "amount_paid": invoice["amount_due"],
        "amount_remaining": 0,
        "attempt_count": invoice["attempt_count"] + (1 if was_tried and _counts(invoice, now) else 0),
        "attempted": True,
        "auto_advance": False,
        "next_payment_attempt": None,
        "receipt_number": _receipt_number() if was_tried else None,
        "status": "paid",
        "status_transitions": {**invoice["status_transitions"], "paid_at": now},
    }
    amend(peer, invoice, values, "invoice.updated")
    _settle_payment(peer, invoice)
    emit(peer, "invoice.paid", invoice)
    emit(peer, "invoice.payment_succeeded", invoice)
    _set_delinquent(peer, invoice, is_delinquent=False)
    states.after_payment(peer, invoice)
    return invoice


def _counts(invoice: JsonObject, now: int) -> bool:
    """Whether an attempt counts: the first and the scheduled ones, not what people try in between."""
    due = invoice["next_payment_attempt"]
    return not invoice["attempted"] or (due is not None and due <= now)


def _receipt_number() -> str:
    return f"{2000 + secrets.randbelow(1000)}-{secrets.randbelow(10_000):04d}"


def _settle_payment(peer: Stripe, invoice: JsonObject) -> None:
    payment = invoicing.payment_of(peer, invoice)
    if payment is not None:
        transitions = {**payment["status_transitions"], "paid_at": peer.store.now(invoice)}
        values = {"amount_paid": invoice["amount_paid"], "status": "paid", "status_transitions": transitions}
        amend(peer, payment, values, "invoice_payment.paid")


def fail(peer: Stripe, invoice: JsonObject, *, is_waiting: bool = False) -> JsonObject:
    """Record that collection failed, or `is_waiting` for the customer, and when to retry."""
    now = peer.store.now(invoice)
    values: JsonObject = {"attempted": True}
    is_retried = states.is_retried(peer, invoice)
    if _counts(invoice, now):
        count = invoice["attempt_count"] + 1
        again = dunning.next_attempt(peer, count, now) if is_retried else None
        values |= {"attempt_count": count, "next_payment_attempt": again}
    amend(peer, invoice, values, "invoice.updated")
    emit(peer, "invoice.payment_failed", invoice)
    if is_waiting:
        emit(peer, "invoice.payment_action_required", invoice)
    _set_delinquent(peer, invoice, is_delinquent=True)
    is_last = is_retried and invoice["next_payment_attempt"] is None
    states.after_failure(peer, invoice, is_last=is_last)
    return invoice


def _set_delinquent(peer: Stripe, invoice: JsonObject, *, is_delinquent: bool) -> None:
    customer = peer.store.get(invoice["customer"])
    if not customer.get("deleted"):
        amend(peer, customer, {"delinquent": is_delinquent}, "customer.updated")


def intent_settled(peer: Stripe, intent: JsonObject) -> None:
    """An intent ended outside `collect`: the customer finished 3-D Secure, successfully or not."""
    invoice = invoicing.invoice_of(peer, intent["id"])
    if invoice["status"] not in ("open", "uncollectible"):
        return
    if intent["status"] == "succeeded":
        settle(peer, invoice)
    else:
        fail(peer, invoice)
