"""Completing a Checkout session: customer, payment and subscription, all or nothing.

https://docs.stripe.com/payments/checkout/how-checkout-works. Like Stripe since 2025-03-31.basil, it creates
the subscription once the payment succeeds. A failed attempt leaves nothing behind; the person can try another card.
"""

from __future__ import annotations

from typing import Any

from sandbox.stripe.account.amending import amend
from sandbox.stripe.account.errors import StripeError
from sandbox.stripe.account.peer import Stripe
from sandbox.stripe.account.store import JsonObject
from sandbox.stripe.billing import collecting, invoicing
from sandbox.stripe.checkout import sessions
from sandbox.stripe.checkout.form import Form
from sandbox.stripe.payments import intents, methods, saving
from sandbox.stripe.subscriptions import creating


class RefusedError(Exception):
    """The session can't be completed; `field` is what the person has to change."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class AuthenticationNeeded(Exception):  # noqa: N818 - a step, not an error
    """The bank requires 3-D Secure first."""


def complete(
    peer: Stripe, session: JsonObject, form: Form, method: JsonObject | None, *, is_authenticated: bool = False
) -> JsonObject:
    """Complete an open session with a payment method, or without one if none is required; returns it.

    Raises RefusedError, and AuthenticationNeeded unless the person `is_authenticated`; nothing is changed then.
    """
    with peer.store.transaction():
        try:
            return _complete(peer, session, form, method, is_authenticated=is_authenticated)
        except StripeError as error:
            raise RefusedError("card" if error.error["type"] == "card_error" else "form", str(error)) from error


def _complete(
    peer: Stripe, session: JsonObject, form: Form, method: JsonObject | None, *, is_authenticated: bool
) -> JsonObject:
    customer = _update(peer, session, form)
    if method is not None and method["customer"] is None:
        details = methods.billing_details(form.billing_details())
        method = peer.store.put({**method, "billing_details": details})
    outcome = _subscribe(peer, session, customer, method, is_authenticated=is_authenticated)
    values = {**outcome, **_completion_values(peer, session, form), "status": "complete", "url": None}
    return amend(peer, session, values, "checkout.session.completed")


def _update(peer: Stripe, session: JsonObject, form: Form) -> JsonObject:
    """Update the session's customer as far as the session allows."""
    customer = peer.need("customer", session["customer"], "customer")
    values: dict[str, Any] = {}
    if form.address and sessions.request_of(peer, session, "customer_update").get("address") == "auto":
        values["address"] = form.address
    if not customer["email"]:
        values["email"] = form.email
    return amend(peer, customer, values, "customer.updated")


def _subscribe(
    peer: Stripe, session: JsonObject, customer: JsonObject, method: JsonObject | None, *, is_authenticated: bool
) -> JsonObject:
    """Create the subscription, then pay what is due now or save the card for later."""
    due = session["amount_total"]
    if method is not None and due:
        methods.attach(peer, method, customer["id"])
    elif method is not None and not saving.save(peer, method, customer["id"], is_authenticated=is_authenticated):
        raise AuthenticationNeeded
    sub = creating.create_subscription(peer, _params(peer, session, customer, method))
    invoice = peer.store.get(sub["latest_invoice"])
    for discount in {*sub["discounts"], *invoice["discounts"]}:
        amend(peer, peer.store.get(discount), {"checkout_session": session["id"]}, None)
    if invoice["status"] == "open" and method is not None:
        _pay(peer, invoice, method, is_authenticated=is_authenticated)
    return {
        "invoice": sub["latest_invoice"],
        "payment_status": "paid" if due else "no_payment_required",
        "subscription": sub["id"],
    }


def _params(peer: Stripe, session: JsonObject, customer: JsonObject, method: JsonObject | None) -> dict[str, Any]:
    """The parameters to create the subscription with."""
    lines = sessions.lines_of(peer, session)
    discounts = [{"promotion_code": one["promotion_code"]} for one in session["discounts"]]
    return {
        **sessions.request_of(peer, session, "subscription_data"),
        **({"default_payment_method": method["id"]} if method else {}),
        **({"discounts": discounts} if discounts else {}),
        "automatic_tax": {"enabled": session["automatic_tax"]["enabled"]},
        "customer": customer["id"],
        "items": [{"price": line["price"]["id"], "quantity": line["quantity"]} for line in lines],
        "payment_behavior": "default_incomplete" if session["amount_total"] else "allow_incomplete",
    }


def _pay(peer: Stripe, invoice: JsonObject, method: JsonObject, *, is_authenticated: bool) -> None:
    intent = invoicing.intent_of(peer, invoice)
    if intent is None:
        return
    outcome = intents.attempt(peer, intent, method, off_session=False)
    if outcome.error is not None:
        raise outcome.error
    if outcome.status == "succeeded":
        collecting.settle(peer, invoice)
    elif not is_authenticated:
        raise AuthenticationNeeded
    else:
        _check_paid(intents.authenticate(peer, intent["id"], succeed=True))


def _check_paid(intent: JsonObject) -> None:
    """A card can still be declined after 3-D Secure."""
    error = intent["last_payment_error"]
    if intent["status"] != "succeeded" and error:
        raise StripeError(402, "card_error", error["message"], error.get("code"))


def _completion_values(peer: Stripe, session: JsonObject, form: Form) -> JsonObject:
    """What the completed session shows about the customer and the fields."""
    customer = peer.store.get(session["customer"])
    tax = session["automatic_tax"]
    return {
        "automatic_tax": {**tax, "status": "complete" if tax["enabled"] else None},
        "collected_information": dict.fromkeys(("business_name", "individual_name", "shipping_details")),
        "customer_details": sessions.details(customer, address=form.address or customer["address"], tax_ids=[]),
    }
