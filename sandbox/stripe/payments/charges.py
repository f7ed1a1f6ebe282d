"""Charges, which record payment attempts, and how they change the account's balance.

https://docs.stripe.com/api/charges/object · https://docs.stripe.com/api/balance_transactions/object
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any, Final

from sandbox.stripe.account.peer import Stripe
from sandbox.stripe.account.store import JsonObject, random_text
from sandbox.stripe.api.http import Endpoint, Params
from sandbox.stripe.api.listing import listing
from sandbox.stripe.payments import methods
from sandbox.stripe.payments.cards import Decline

DAY: Final = 86400
COPIED: Final = (
    *("amount", "application", "application_fee_amount", "currency", "customer", "description", "metadata"),
    *("on_behalf_of", "receipt_email", "review", "shipping", "statement_descriptor", "statement_descriptor_suffix"),
    *("transfer_data", "transfer_group"),
)
ABSENT: Final = (
    *("application_fee", "balance_transaction", "failure_balance_transaction", "receipt_number", "receipt_url"),
    *("source", "source_transfer"),
)


def new(
    peer: Stripe, intent: JsonObject, method: JsonObject, *, decline: Decline | None, is_authenticated: bool
) -> JsonObject:
    """Store the result of a payment attempt; the caller emits the event."""
    is_paid = decline is None
    charge_id = peer.store.new_id("ch")
    card = methods.card_of(peer, method)
    charge = {
        "id": charge_id,
        "object": "charge",
        **dict.fromkeys(ABSENT),
        **{name: intent[name] for name in COPIED},
        "amount_captured": intent["amount"] if is_paid else 0,
        "amount_refunded": 0,
        "billing_details": method["billing_details"],
        "calculated_statement_descriptor": peer.account.name.upper()[:22],
        "captured": is_paid,
        "created": peer.store.now(intent),
        "disputed": is_paid and card.is_disputed,
        "failure_code": decline.code if decline else None,
        "failure_message": decline.message if decline else None,
        "fraud_details": {},
        "livemode": False,
        "outcome": _outcome(decline),
        "paid": is_paid,
        "payment_intent": intent["id"],
        "payment_method": method["id"],
        "payment_method_details": _details(intent, method, is_authenticated=is_authenticated),
        "refunded": False,
        "refunds": listing([], f"/v1/charges/{charge_id}/refunds"),
        "status": "failed" if decline else "succeeded",
    }
    if is_paid:
        charge["balance_transaction"] = _earn(peer, charge)
    return peer.store.put(charge)


def _outcome(decline: Decline | None) -> JsonObject:
    common: JsonObject = {"advice_code": None, "network_advice_code": None, "network_decline_code": None}
    common |= {"risk_level": "normal", "risk_score": 20}
    if decline is None:
        words = ("approved_by_network", "authorized", "Payment complete.")
    else:
        words = ("declined_by_network", "issuer_declined", f"The bank declined: {decline.reason}.")
        common |= {"reason": decline.reason, "network_decline_code": "01"}
    return {"reason": None, **common, **dict(zip(("network_status", "type", "seller_message"), words, strict=True))}


def _details(intent: JsonObject, method: JsonObject, *, is_authenticated: bool) -> JsonObject:
    copied = ("brand", "country", "exp_month", "exp_year", "fingerprint", "funding", "last4", "regulated_status")
    amount = intent["amount"]
    described = {
        **{name: method["card"][name] for name in copied},
        "amount_authorized": amount,
        "authorization_code": random_text(6).upper(),
        "checks": method["card"]["checks"],
        "extended_authorization": {"status": "disabled"},
        "incremental_authorization": {"status": "unavailable"},
        "installments": None,
        "mandate": None,
        "multicapture": {"status": "unavailable"},
        "network": method["card"]["brand"],
        "network_token": {"used": False},
        "network_transaction_id": str(uuid.uuid4().int)[:15],
        "overcapture": {"maximum_amount_capturable": amount, "status": "unavailable"},
        "three_d_secure": _three_d_secure() if is_authenticated else None,
        "transaction_link_id": None,
        "wallet": None,
    }
    return {"card": described, "type": "card"}


def _three_d_secure() -> JsonObject:
    return {
        "authentication_flow": "challenge",
        "electronic_commerce_indicator": "05",
        "exemption_indicator": None,
        "result": "authenticated",
        "result_reason": None,
        "transaction_id": str(uuid.uuid4()),
        "version": "2.2.0",
    }


def _earn(peer: Stripe, charge: Mapping[str, Any]) -> str:
    fee = round(charge["amount"] * 0.029) + 30
    return str(move(peer, charge, charge["amount"], "charge", source=charge["id"], fee=fee)["id"])


def move(
    peer: Stripe, charge: Mapping[str, Any], amount: int, kind: str, *, source: str, fee: int = 0, category: str = ""
) -> JsonObject:
    """Store a change of the account's balance, such as a refund; negative if money leaves it."""
    now = peer.store.now(charge)
    fees = {
        "amount": fee,
        "application": None,
        "currency": charge["currency"],
        "description": "Stripe processing fees",
        "type": "stripe_fee",
    }
    return peer.store.put(
        {
            "id": peer.store.new_id("txn"),
            "object": "balance_transaction",
            "amount": amount,
            "available_on": now + 2 * DAY,
            "balance_type": "payments",
            "created": now,
            "currency": charge["currency"],
            "description": charge["description"],
            "exchange_rate": None,
            "fee": fee,
            "fee_details": [fees] if fee else [],
            "net": amount - fee,
            "reporting_category": category or kind,
            "source": source,
            "status": "pending",
            "type": kind,
        }
    )


def retrieve(peer: Stripe, params: Params, id: str) -> JsonObject:
    """A charge."""
    return peer.need("charge", id)


def retrieve_movement(peer: Stripe, params: Params, id: str) -> JsonObject:
    """A change of the account's balance."""
    return peer.need("balance_transaction", id)


ROUTES: Final = [
    Endpoint("GET", "/v1/charges/{id}", retrieve),
    Endpoint("GET", "/v1/balance_transactions/{id}", retrieve_movement),
]
