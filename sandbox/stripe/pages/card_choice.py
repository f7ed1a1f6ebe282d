"""Turns the card that a person picked or typed on a hosted page into a payment method."""

from __future__ import annotations

import re
from typing import Final

from sandbox.stripe.account.errors import StripeError
from sandbox.stripe.account.peer import Stripe
from sandbox.stripe.account.store import JsonObject
from sandbox.stripe.pages.card_fields import FIELD, TYPED, Choice
from sandbox.stripe.pages.hosted import Fields
from sandbox.stripe.payments import cards, methods

MARKS: Final = {"visa": "VISA", "mastercard": "MC", "amex": "AMEX", "discover": "DISC", "diners": "DIN", "jcb": "JCB"}
EXPIRY: Final = re.compile(r"(\d{1,2})\s*[/ -]\s*(\d{2}|\d{4})")


class CardError(Exception):
    """The card can't be used; the message is shown to the person."""


def choices(peer: Stripe, customer_id: str | None) -> list[Choice]:
    """The customer's own cards, then the test cards."""
    own = _own(peer, customer_id) if customer_id else []
    saved = [Choice(one["id"], *_described(peer, one), "Saved earlier") for one in own]
    offered = [(name, cards.BY_NAME[name], hint) for name, hint in cards.CHOICES]
    return [*saved, *(Choice(name, _mark(card.brand), _dots(card.last4), hint) for name, card, hint in offered)]


def _own(peer: Stripe, customer_id: str) -> list[JsonObject]:
    """A customer's cards, the default one first."""
    default = peer.store.get(customer_id).get("invoice_settings", {}).get("default_payment_method")
    found = peer.store.select("payment_method", customer=customer_id, type="card")
    return sorted(found, key=lambda one: one["id"] != default)


def _described(peer: Stripe, method: JsonObject) -> tuple[str, str]:
    card = method["card"]
    return _mark(card["brand"]), f"{_dots(card['last4'])}, until {card['exp_month']:02d}/{card['exp_year'] % 100:02d}"


def _mark(brand: str) -> str:
    return MARKS.get(brand, brand[:4].upper())


def _dots(last4: str) -> str:
    return f"•••• {last4}"


def method_of(peer: Stripe, fields: Fields, customer_id: str | None) -> JsonObject:
    """The chosen payment method; a test card becomes a new one. Raises CardError that says what is wrong."""
    chosen = fields.get(FIELD, "")
    if chosen == TYPED:
        return _typed(peer, fields)
    if chosen in cards.BY_NAME:
        return methods.resolve(peer, chosen)
    method = peer.store.find(chosen)
    if method is None or method["object"] != "payment_method" or method["customer"] != customer_id:
        raise CardError("Choose a card.")
    return method


def _typed(peer: Stripe, fields: Fields) -> JsonObject:
    if not fields.get("number"):
        raise CardError("Enter the card number.")
    expiry = EXPIRY.fullmatch(fields.get("expiry", ""))
    if expiry is None:
        raise CardError("Enter the expiration date, such as 12 / 34.")
    if not fields.get("cvc"):
        raise CardError("Enter the security code (CVC).")
    month, year = int(expiry[1]), int(expiry[2])
    try:
        return methods.typed(peer, fields["number"], exp_month=month, exp_year=year, cvc=fields["cvc"])
    except StripeError as error:
        raise CardError(str(error)) from error
