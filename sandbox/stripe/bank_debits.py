"""Debits of bank accounts, which Checkout begins and the control API ends days later, well or not.

https://docs.stripe.com/payments/checkout/fulfillment (delayed notification payment methods). While a subscription's
first debit is processing, its invoice stays open and the subscription is active.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.stripe import bank_accounts, collecting, invoicing, payment_methods, payments, states
from sandbox.stripe.amending import amend
from sandbox.stripe.cards import Card
from sandbox.stripe.errors import invalid
from sandbox.stripe.events import emit
from sandbox.stripe.peer import Stripe
from sandbox.stripe.store import JsonObject

Body = dict[str, Any]


def new_method(peer: Stripe) -> JsonObject:
    """A payment method of the bank account that Checkout offers."""
    account: Card = bank_accounts.ACCOUNTS[bank_accounts.GOOD]
    method = payment_methods.new(peer, account, {})
    del method["card"]
    described = bank_accounts.described(payment_methods.fingerprint(account))
    return peer.store.put({**method, bank_accounts.KIND: described, "type": bank_accounts.KIND})


def is_bank(method: Mapping[str, Any]) -> bool:
    """Whether a payment method is a bank account."""
    return bool(method["type"] == bank_accounts.KIND)


def begin(peer: Stripe, invoice: JsonObject, intent: JsonObject, method: JsonObject) -> None:
    """Ask the bank for an invoice's amount. The subscription does not wait for the answer."""
    values = {"status": "processing", "payment_method": method["id"]}
    amend(peer, intent, values, "payment_intent.processing")
    sub = states.subscription_for(peer, invoice)
    if sub is not None and sub["status"] == "incomplete":
        amend(peer, sub, {"status": "active"}, states.UPDATED)


def settle(peer: Stripe, body: Body) -> JsonObject:
    """The bank's answer about a completed Checkout `session`: paid, unless `succeed` is false; returns the session."""
    with peer.store.transaction():
        session = peer.need("checkout.session", str(body["session"]))
        invoice = peer.store.find(session["invoice"] or "")
        intent = invoicing.intent_of(peer, invoice) if invoice else None
        if invoice is None or intent is None or intent["status"] != "processing":
            raise invalid("session", f"No debit of {session['id']} is processing.")
        return _settle(peer, session, invoice, intent, succeed=bool(body.get("succeed", True)))


def _settle(peer: Stripe, session: JsonObject, invoice: JsonObject, intent: JsonObject, *, succeed: bool) -> JsonObject:
    method = peer.store.get(intent["payment_method"])
    peer.store.keep(method["id"], number=bank_accounts.GOOD if succeed else bank_accounts.FAILS)
    payments.attempt(peer, intent, method, off_session=True)
    if succeed:
        collecting.settle(peer, invoice)
        return amend(peer, session, {"payment_status": "paid"}, "checkout.session.async_payment_succeeded")
    collecting.fail(peer, invoice)
    emit(peer, "checkout.session.async_payment_failed", session)
    return session
