"""Completing a Checkout session: the customer, the payment, the subscription; all of it or nothing.

https://docs.stripe.com/payments/checkout/how-checkout-works. As Stripe does since 2025-03-31.basil, it makes
the subscription when the payment has succeeded. A failed attempt leaves nothing behind; the person tries another card.
"""

from __future__ import annotations

from typing import Any, Final

from sandbox.stripe import (
    bank_debits,
    checkout,
    collecting,
    creating,
    customers,
    invoicing,
    payment_methods,
    payments,
    setups,
    tax_ids,
)
from sandbox.stripe.amending import amend
from sandbox.stripe.checkout_form import Form
from sandbox.stripe.errors import StripeError
from sandbox.stripe.peer import Stripe
from sandbox.stripe.store import JsonObject

# Which field of the page an error is about.
FIELDS: Final = {
    "tax_id_invalid": "tax_id",
    "coupon_expired": "promotion",
}


class RefusedError(Exception):
    """It cannot be completed as it is; `field` is what the person has to change."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class AuthenticationNeeded(Exception):  # noqa: N818 - not an error but a step
    """The bank wants to ask its customer first, by 3-D Secure."""


def complete(
    peer: Stripe, session: JsonObject, form: Form, method: JsonObject | None, *, is_authenticated: bool = False
) -> JsonObject:
    """Complete an open session with a payment method, or without where it asks for none; returns it.

    Raises RefusedError, and AuthenticationNeeded unless the person `is_authenticated`; then nothing has happened.
    """
    with peer.store.transaction():
        try:
            return _complete(peer, session, form, method, is_authenticated=is_authenticated)
        except StripeError as error:
            raise RefusedError(_field(error), str(error)) from error


def _field(error: StripeError) -> str:
    if error.error["type"] == "card_error":
        return "card"
    param = str(error.error.get("param", ""))
    return FIELDS.get(error.code or "", "promotion" if "promotion_code" in param or "coupon" in param else "form")


def _complete(
    peer: Stripe, session: JsonObject, form: Form, method: JsonObject | None, *, is_authenticated: bool
) -> JsonObject:
    customer = _customer(peer, session, form)
    if method is not None and method["customer"] is None:
        given = {name: value for name, value in form.billing_details().items() if value}
        details = payment_methods.billing_details({**method["billing_details"], **given})
        method = peer.store.put({**method, "billing_details": details})
    if session["mode"] == "setup":
        outcome = _save(peer, session["setup_intent"], customer, method, is_authenticated=is_authenticated)
    else:
        outcome = _subscribe(peer, session, customer, method, is_authenticated=is_authenticated)
    values = {**outcome, **_told(peer, session, form, customer["id"]), "status": "complete", "url": None}
    return amend(peer, session, values, "checkout.session.completed")


def _customer(peer: Stripe, session: JsonObject, form: Form) -> JsonObject:
    """The session's customer with what may be updated, or a new one."""
    if session["customer"] is None:
        given = {"email": form.email, "name": form.business_name or form.name, "address": form.address}
        customer = customers.create(peer, {name: value for name, value in given.items() if value})
    else:
        customer = _update(peer, session, form)
    if form.tax_id is not None:
        kind, value = form.tax_id
        tax_ids.new(peer, customer, {"type": kind, "value": value})
    return customer


def _update(peer: Stripe, session: JsonObject, form: Form) -> JsonObject:
    customer = peer.need("customer", session["customer"], "customer")
    may = checkout.request_of(peer, session, "customer_update")
    values: dict[str, Any] = {}
    if form.address and may.get("address") == "auto":
        values["address"] = form.address
    if (form.business_name or form.name) and may.get("name") == "auto":
        values["name"] = form.business_name or form.name
    if not customer["email"]:
        values["email"] = form.email
    return amend(peer, customer, values, "customer.updated")


def _save(
    peer: Stripe, intent_id: str, customer: JsonObject, method: JsonObject | None, *, is_authenticated: bool
) -> JsonObject:
    """Save a payment method by a setup intent."""
    intent = amend(peer, peer.store.get(intent_id), {"customer": customer["id"]}, None)
    if method is not None:
        _set_up(peer, intent, method, is_authenticated=is_authenticated)
    return {}


def _set_up(peer: Stripe, intent: JsonObject, method: JsonObject, *, is_authenticated: bool) -> None:
    error = setups.attempt(peer, intent, method)
    if error is not None:
        raise error
    if intent["status"] == "requires_action":
        if not is_authenticated:
            raise AuthenticationNeeded
        payments.authenticate(peer, intent["id"], succeed=True)


def _subscribe(
    peer: Stripe, session: JsonObject, customer: JsonObject, method: JsonObject | None, *, is_authenticated: bool
) -> JsonObject:
    """Create the subscription, and pay what is due now or save the card for later."""
    due = session["amount_total"]
    if method is not None and not due:
        intent = setups.new_intent(peer, {"payment_method_types": ["card"]}, customer)
        _set_up(peer, intent, method, is_authenticated=is_authenticated)
    elif method is not None:
        payment_methods.attach(peer, method, customer["id"])
    sub = creating.create_subscription(peer, _params(peer, session, customer, method))
    invoice = peer.store.get(sub["latest_invoice"])
    for discount in {*sub["discounts"], *invoice["discounts"]}:
        amend(peer, peer.store.get(discount), {"checkout_session": session["id"]}, None)
    if invoice["status"] == "open" and method is not None:
        _pay(peer, invoice, method, is_authenticated=is_authenticated)
    is_waiting = method is not None and bank_debits.is_bank(method)
    return {
        "invoice": sub["latest_invoice"],
        "payment_status": ("unpaid" if is_waiting else "paid") if due else "no_payment_required",
        "subscription": sub["id"],
    }


def _params(peer: Stripe, session: JsonObject, customer: JsonObject, method: JsonObject | None) -> dict[str, Any]:
    """What the subscription is created with."""
    lines = checkout.lines_of(peer, session)
    priced = [(line["price"], {"price": line["price"]["id"], "quantity": line["quantity"]}) for line in lines]
    once = [item for price, item in priced if not price["recurring"]]
    discounts = [{name: value for name, value in one.items() if value} for one in session["discounts"] or ()]
    return {
        **checkout.request_of(peer, session, "subscription_data"),
        **({"add_invoice_items": once} if once else {}),
        **({"default_payment_method": method["id"]} if method else {}),
        **({"discounts": discounts} if discounts else {}),
        "automatic_tax": {"enabled": session["automatic_tax"]["enabled"]},
        "customer": customer["id"],
        "items": [item for price, item in priced if price["recurring"]],
        "payment_behavior": "default_incomplete" if session["amount_total"] else "allow_incomplete",
    }


def _pay(peer: Stripe, invoice: JsonObject, method: JsonObject, *, is_authenticated: bool) -> None:
    intent = invoicing.intent_of(peer, invoice)
    if intent is None:
        return
    if bank_debits.is_bank(method):
        bank_debits.begin(peer, invoice, intent, method)
        return
    outcome = payments.attempt(peer, intent, method, off_session=False)
    if outcome.error is not None:
        raise outcome.error
    if outcome.status == "succeeded":
        collecting.settle(peer, invoice)
    elif not is_authenticated:
        raise AuthenticationNeeded
    else:
        _check_paid(payments.authenticate(peer, intent["id"], succeed=True))


def _check_paid(intent: JsonObject) -> None:
    """A card may be declined after its owner was asked, too."""
    error = intent["last_payment_error"]
    if intent["status"] != "succeeded" and error:
        raise StripeError(402, "card_error", error["message"], error.get("code"))


def _told(peer: Stripe, session: JsonObject, form: Form, customer_id: str) -> JsonObject:
    """What the session then shows of the customer and of what was asked."""
    customer = peer.store.get(customer_id)
    wants_consent = (session["consent_collection"] or {}).get("terms_of_service") == "required"
    found = peer.store.select("tax_id", customer=customer_id)
    numbers = [{"type": one["type"], "value": one["value"]} for one in found]
    tax = session["automatic_tax"]
    shown = {"address": form.address or customer["address"], "tax_ids": numbers}
    return {
        "automatic_tax": {**tax, "status": "complete" if tax["enabled"] else None},
        "collected_information": {
            "business_name": form.business_name,
            "individual_name": form.name,
            "shipping_details": None,
        },
        "consent": {"promotions": None, "terms_of_service": "accepted"} if wants_consent else None,
        "customer": customer_id,
        "customer_details": checkout.details(customer, **shown),
    }
