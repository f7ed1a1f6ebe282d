"""Payment methods, all of them cards here, and their owners. https://docs.stripe.com/api/payment_methods

Stored facts: the card's `number`, whether it `is_set_up` for off-session payments, and whether it `is_spent`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from sandbox.stripe.account.amending import amend
from sandbox.stripe.account.errors import invalid
from sandbox.stripe.account.peer import METHOD_LEAVING, Stripe
from sandbox.stripe.account.store import JsonObject
from sandbox.stripe.api.forms import Text
from sandbox.stripe.api.http import Endpoint, Params
from sandbox.stripe.api.parameters import address
from sandbox.stripe.payments import cards
from sandbox.stripe.payments.cards import Card

LIFE_YEARS: Final = 4  # of Stripe's test payment methods
NO_CHECKS: Final = {"address_line1_check": None, "address_postal_code_check": None, "cvc_check": None}


def typed(peer: Stripe, number: str, *, exp_month: int, exp_year: int, cvc: str) -> JsonObject:
    """A payment method for the card that a person typed. Raises StripeError unless it is a test card."""
    now = datetime.now(UTC)
    expiry = {"exp_month": exp_month, "exp_year": exp_year}
    card = cards.typed(number, cvc=cvc, year_now=now.year, month_now=now.month, **expiry)
    return new(peer, card, **expiry)


def new(peer: Stripe, card: Card, *, exp_month: int = 12, exp_year: int | None = None) -> JsonObject:
    """Store a payment method for a card."""
    year = datetime.now(UTC).year + LIFE_YEARS if exp_year is None else exp_year
    method: JsonObject = {
        "id": peer.store.new_id("pm"),
        "object": "payment_method",
        "allow_redisplay": "unspecified",
        "billing_details": billing_details({}),
        "card": {
            "brand": card.brand,
            "checks": dict(NO_CHECKS),
            "country": card.country,
            "display_brand": card.brand,
            "exp_month": exp_month,
            "exp_year": year + 2000 if year < 100 else year,
            "fingerprint": hashlib.sha256(card.number.encode()).hexdigest()[:16],
            "funding": card.funding,
            "generated_from": None,
            "last4": card.last4,
            "networks": {"available": [card.brand], "preferred": None},
            "regulated_status": "unregulated",
            "three_d_secure_usage": {"supported": card.brand != "amex"},
            "wallet": None,
        },
        "created": peer.store.now(),
        "customer": None,
        "customer_account": None,
        "livemode": False,
        "metadata": {},
        "type": "card",
    }
    peer.store.keep(method["id"], number=card.number, is_set_up=False, is_spent=False)
    return peer.store.put(method)


def billing_details(values: Mapping[str, Any]) -> JsonObject:
    """Billing details with all their keys."""
    named = {name: values.get(name) for name in ("email", "name", "phone", "tax_id")}
    return {"address": address(values.get("address")), **named}


def resolve(peer: Stripe, method_id: str, param: str = "payment_method") -> JsonObject:
    """The payment method that a request names; a test name such as pm_card_visa creates a new one."""
    if method_id in cards.BY_NAME:
        return new(peer, cards.BY_NAME[method_id])
    return peer.need("payment_method", method_id, param)


def card_of(peer: Stripe, method: JsonObject) -> Card:
    """The test card behind a payment method."""
    return cards.BY_NUMBER[peer.store.kept(method["id"])["number"]]


def is_set_up(peer: Stripe, method: JsonObject) -> bool:
    """Whether the customer agreed to off-session payments, through 3-D Secure if the card requires it."""
    return bool(peer.store.kept(method["id"])["is_set_up"])


def check_usable(peer: Stripe, method: JsonObject, customer_id: str) -> None:
    """Raises StripeError for another customer's payment method and for a detached one."""
    if method["customer"] not in (None, customer_id):
        message = (
            f"The PaymentMethod {method['id']} does not belong to the Customer you supplied {customer_id}. Please "
            "use this PaymentMethod with the Customer that it belongs to instead."
        )
        raise invalid("payment_method", message)
    if peer.store.kept(method["id"])["is_spent"]:
        raise invalid("payment_method", SPENT)


SPENT: Final = (
    "The provided PaymentMethod was previously used with a PaymentIntent without Customer attachment, shared with a "
    "connected account without Customer attachment, or was detached from a Customer. It may not be used again. To use "
    "a PaymentMethod multiple times, you must attach it to a Customer first."
)


def owned(peer: Stripe, method_id: str, customer_id: str, param: str) -> JsonObject:
    """The payment method that a request sets as a customer's default. Raises StripeError unless it is the customer's.

    A test name such as pm_card_visa is attached first.
    """
    if method_id in cards.BY_NAME:
        return attach(peer, resolve(peer, method_id), customer_id)
    method = peer.store.find(method_id)
    if method is None or method["object"] != "payment_method" or method["customer"] != customer_id:
        message = (
            f"The customer does not have a payment method with the ID {method_id}. The payment method must be attached "
            "to the customer."
        )
        raise invalid(param, message, "resource_missing")
    return method


def attach(peer: Stripe, method: JsonObject, customer_id: str) -> JsonObject:
    """Attach a card to a customer. Raises StripeError when the issuer declines or it is another customer's."""
    if method["customer"] == customer_id:
        return method
    if method["customer"] is not None:
        raise invalid("payment_method", "The payment method you provided has already been attached to a customer.")
    check_usable(peer, method, customer_id)
    card = card_of(peer, method)
    if card.decline is not None and not card.attaches:
        raise cards.declined(card.decline)
    method["card"]["checks"] = {**NO_CHECKS, "cvc_check": "pass"}
    return amend(peer, method, {"customer": customer_id}, "payment_method.attached")


def detach(peer: Stripe, method: JsonObject) -> JsonObject:
    """Detach a card from its customer; it can't be used again. Raises StripeError if it isn't attached."""
    if method["customer"] is None:
        message = "The payment method you provided is not attached to a customer so detachment is impossible."
        raise invalid("payment_method", message)
    peer.tell(METHOD_LEAVING, method)
    customer = peer.store.get(method["customer"])
    if not customer.get("deleted") and customer["invoice_settings"]["default_payment_method"] == method["id"]:
        settings = {**customer["invoice_settings"], "default_payment_method": None}
        amend(peer, customer, {"invoice_settings": settings}, "customer.updated")
    peer.store.keep(method["id"], is_spent=True)
    return amend(peer, method, {"customer": None}, "payment_method.detached")


def retrieve_one(peer: Stripe, params: Params, id: str) -> JsonObject:
    """A payment method; a test name such as pm_card_visa creates a new one."""
    return resolve(peer, id, "id")


def list_of_customer(peer: Stripe, params: Params, id: str) -> list[JsonObject]:
    """A customer's payment methods."""
    return peer.store.select("payment_method", customer=peer.need("customer", id)["id"])


def attach_one(peer: Stripe, params: Params, id: str) -> JsonObject:
    """Attach it to a customer."""
    customer = peer.need("customer", params["customer"], "customer")
    return attach(peer, resolve(peer, id, "id"), customer["id"])


def detach_one(peer: Stripe, params: Params, id: str) -> JsonObject:
    """Detach it from its customer."""
    return detach(peer, peer.need("payment_method", id))


ROUTES: Final = [
    Endpoint("GET", "/v1/payment_methods/{id}", retrieve_one),
    Endpoint("POST", "/v1/payment_methods/{id}/attach", attach_one, {"customer": Text(is_required=True)}),
    Endpoint("POST", "/v1/payment_methods/{id}/detach", detach_one),
    Endpoint("GET", "/v1/customers/{id}/payment_methods", list_of_customer, is_list=True),
]
