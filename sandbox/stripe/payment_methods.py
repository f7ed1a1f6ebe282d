"""Payment methods, which are cards here, and whose they are. https://docs.stripe.com/payments/payment-methods

The facts beside each: the card's `number`, whether `is_set_up` for payments off session, and whether `is_spent`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from sandbox.stripe import bank_accounts, cards
from sandbox.stripe.amending import amend
from sandbox.stripe.cards import Card
from sandbox.stripe.errors import invalid, missing
from sandbox.stripe.forms import Field, Hash, Metadata, Text, Whole, merged, one_of, required
from sandbox.stripe.parameters import ADDRESS, Email, address
from sandbox.stripe.peer import METHOD_LEAVING, Stripe
from sandbox.stripe.store import JsonObject

BILLING: Final[dict[str, Field]] = {
    "address": Hash(fields=ADDRESS, is_clearable=True),
    "email": Email(is_clearable=True),
    "name": Text(is_clearable=True),
    "phone": Text(is_clearable=True),
}
CARD: Final[dict[str, Field]] = {
    "cvc": Text(),
    "exp_month": Whole(),
    "exp_year": Whole(),
    "number": Text(),
    "token": Text(),
}
# What makes a payment method, by itself or on the way to a payment.
DATA: Final[dict[str, Field]] = {
    "allow_redisplay": one_of("always", "limited", "unspecified"),
    "billing_details": Hash(fields=BILLING),
    "card": Hash(fields=CARD),
    "metadata": Metadata(),
    "type": one_of("card", is_required=True),
}
LIFE_YEARS: Final = 4  # of a ready-made card


def create(peer: Stripe, values: Mapping[str, Any]) -> JsonObject:
    """A payment method out of what `DATA` reads. Raises StripeError for what is no test card."""
    given = values.get("card") or {}
    if "token" in given:
        return new(peer, _card_of_token(given["token"]), values)
    for name in ("number", "exp_month", "exp_year"):
        if name not in given:
            raise required(f"card[{name}]")
    now = datetime.now(UTC)
    expiry = {name: given[name] for name in ("exp_month", "exp_year")}
    card = cards.typed(given["number"], cvc=given.get("cvc"), year_now=now.year, month_now=now.month, **expiry)
    return new(peer, card, values)


def _card_of_token(token: str) -> Card:
    name = "pm_card_" + token.removeprefix("tok_")
    if not token.startswith("tok_") or name not in cards.BY_NAME:
        raise missing("token", token, "card[token]")
    return cards.BY_NAME[name]


def new(peer: Stripe, card: Card, values: Mapping[str, Any]) -> JsonObject:
    """Store a payment method of a card; `values` may have billing details, an expiry and a security code."""
    given = values.get("card") or {}
    year = given.get("exp_year", datetime.now(UTC).year + LIFE_YEARS)
    method = {
        "id": peer.store.new_id("pm"),
        "object": "payment_method",
        "allow_redisplay": values.get("allow_redisplay", "unspecified"),
        "billing_details": billing_details(values.get("billing_details")),
        "card": {
            "brand": card.brand,
            "checks": {"address_line1_check": None, "address_postal_code_check": None, "cvc_check": None},
            "country": card.country,
            "display_brand": card.brand,
            "exp_month": given.get("exp_month", 12),
            "exp_year": year + 2000 if year < 100 else year,
            "fingerprint": fingerprint(card),
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
        "metadata": merged(None, values.get("metadata")),
        "type": "card",
    }
    peer.store.keep(method["id"], number=card.number, is_set_up=False, is_spent=False, has_cvc="cvc" in given)
    return peer.store.put(method)


def billing_details(values: Mapping[str, Any] | None) -> JsonObject:
    """Whose card it is, with all keys."""
    values = values or {}
    named = {name: values.get(name) for name in ("email", "name", "phone", "tax_id")}
    return {"address": address(values.get("address")), **named}


def fingerprint(card: Card) -> str:
    """The same for every payment method of one card number."""
    return hashlib.sha256(card.number.encode()).hexdigest()[:16]


def resolve(peer: Stripe, method_id: str, param: str = "payment_method") -> JsonObject:
    """The payment method that a request names; a ready-made one such as pm_card_visa becomes a new one of its own."""
    if method_id in cards.BY_NAME:
        return new(peer, cards.BY_NAME[method_id], {"card": {"cvc": "123"}})
    return peer.need("payment_method", method_id, param)


def card_of(peer: Stripe, method: JsonObject) -> Card:
    """The test card, or bank account, behind a payment method."""
    number = peer.store.kept(method["id"])["number"]
    return bank_accounts.ACCOUNTS[number] if number in bank_accounts.ACCOUNTS else cards.BY_NUMBER[number]


def is_set_up(peer: Stripe, method: JsonObject) -> bool:
    """Whether its customer has agreed, by 3-D Secure where the card wants it, to payments off session."""
    return bool(peer.store.kept(method["id"])["is_set_up"])


def check_usable(peer: Stripe, method: JsonObject, customer_id: str | None) -> None:
    """Raises StripeError for a payment method of another customer, and for one that was used up or detached."""
    if method["customer"] not in (None, customer_id):
        message = (
            f"The PaymentMethod {method['id']} belongs to a Customer. Please include the Customer in the `customer` "
            "parameter on the PaymentIntent."
            if customer_id is None
            else f"The PaymentMethod {method['id']} does not belong to the Customer you supplied {customer_id}. Please "
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
    """A payment method that a request wants as a customer's default. Raises StripeError when it is not the customer's.

    A ready-made one is attached on its way.
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
    """Save a card with a customer. Raises StripeError when its issuer refuses, and when it is another customer's."""
    if method["customer"] == customer_id:
        return method
    if method["customer"] is not None:
        raise invalid("payment_method", "The payment method you provided has already been attached to a customer.")
    check_usable(peer, method, customer_id)
    card = card_of(peer, method)
    if card.decline is not None and not card.attaches:
        raise cards.declined(card.decline)
    if "card" in method:
        method["card"]["checks"] = checks(peer, method)
    return amend(peer, method, {"customer": customer_id}, "payment_method.attached")


def checks(peer: Stripe, method: JsonObject) -> JsonObject:
    """What the issuer says of the security code and the address, null for what was not given."""
    card, where = card_of(peer, method), method["billing_details"]["address"]
    given = {
        "address_line1_check": where["line1"] is not None,
        "address_postal_code_check": where["postal_code"] is not None,
        "cvc_check": peer.store.kept(method["id"])["has_cvc"],
    }
    outcome = {True: "fail", False: "pass"}
    return {name: outcome[name in card.failing_checks] if was else None for name, was in given.items()}


def detach(peer: Stripe, method: JsonObject) -> JsonObject:
    """Take a card away from its customer; it cannot be used again. Raises StripeError when it has none."""
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
