"""Test bank accounts in the United States, whose debits take days. https://docs.stripe.com/payments/ach-direct-debit

Only Checkout offers one. Its first debit is processing until the control API settles it; later ones end at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sandbox.stripe.cards import Card, Decline
from sandbox.stripe.store import JsonObject

KIND: Final = "us_bank_account"
GOOD: Final = "000123456789"
FAILS: Final = "000222222227"
ROUTING: Final = "110000000"
BANK: Final = "STRIPE TEST BANK"
NO_FUNDS: Final = Decline(
    "insufficient_funds",
    "The customer's account has insufficient funds to cover this payment.",
    "insufficient_funds",
)
ACCOUNTS: Final[Mapping[str, Card]] = {
    GOOD: Card(GOOD, brand=BANK),
    FAILS: Card(FAILS, brand=BANK, decline=NO_FUNDS),
}


def described(fingerprint: str) -> JsonObject:
    """What a payment method says of the account."""
    return {
        "account_holder_type": "individual",
        "account_type": "checking",
        "bank_name": BANK,
        "financial_connections_account": None,
        "fingerprint": fingerprint,
        "last4": GOOD[-4:],
        "networks": {"preferred": "ach", "supported": ["ach"]},
        "routing_number": ROUTING,
        "status_details": {},
    }


def charged(method: JsonObject) -> JsonObject:
    """What a charge says of the account."""
    copied = ("account_holder_type", "account_type", "bank_name", "fingerprint", "last4", "routing_number")
    account = {name: method[KIND][name] for name in copied}
    return {KIND: {**account, "expected_debit_date": None, "mandate": None, "payment_reference": None}, "type": KIND}
