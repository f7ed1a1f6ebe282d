"""The credit or debt of a customer, and each change of it. https://docs.stripe.com/api/customer_balance_transactions"""

from __future__ import annotations

from typing import Final

from sandbox.stripe.amending import amend
from sandbox.stripe.errors import invalid, missing
from sandbox.stripe.forms import Field, Metadata, Text, Whole, merged
from sandbox.stripe.http import Endpoint, Params
from sandbox.stripe.parameters import Currency
from sandbox.stripe.peer import Stripe
from sandbox.stripe.store import JsonObject

KIND: Final = "customer_balance_transaction"
CREATE: Final[dict[str, Field]] = {
    "amount": Whole(is_required=True),
    "currency": Currency(is_required=True),
    "description": Text(longest=350),
    "metadata": Metadata(),
}


def adjust(
    peer: Stripe,
    customer: JsonObject,
    amount: int,
    kind: str,
    *,
    invoice: str | None = None,
    currency: str | None = None,
    description: str | None = None,
) -> JsonObject:
    """Change a customer's balance by an amount, negative for a credit; puts the new one on `customer`.

    `kind` is adjustment, applied_to_invoice, unapplied_from_invoice and so on. Returns the balance transaction.
    """
    currency = currency or customer["currency"] or "usd"
    if customer["currency"] not in (None, currency):
        message = f"You cannot combine currencies on a single customer: this one has {customer['currency']}."
        raise invalid("currency", message)
    values = {"balance": customer["balance"] + amount, "currency": currency}
    amend(peer, customer, values, "customer.updated")
    return peer.store.put(
        {
            "id": peer.store.new_id("cbtxn"),
            "object": KIND,
            "amount": amount,
            "checkout_session": None,
            "created": peer.store.now(customer),
            "credit_note": None,
            "currency": currency,
            "customer": customer["id"],
            "customer_account": None,
            "description": description,
            "ending_balance": customer["balance"],
            "invoice": invoice,
            "livemode": False,
            "metadata": {},
            "type": kind,
        }
    )


def create(peer: Stripe, params: Params, id: str) -> JsonObject:
    """Give a customer credit, or take it."""
    customer = peer.need("customer", id)
    found = adjust(
        peer,
        customer,
        params["amount"],
        "adjustment",
        currency=params["currency"],
        description=params.get("description"),
    )
    found["metadata"] = merged(None, params.get("metadata"))
    return peer.store.put(found)


def retrieve(peer: Stripe, params: Params, id: str, transaction: str) -> JsonObject:
    """One change of a customer's balance."""
    found = peer.store.find(transaction)
    if found is None or found["object"] != KIND or found["customer"] != id:
        raise missing(KIND, transaction)
    return found


def list_all(peer: Stripe, params: Params, id: str) -> list[JsonObject]:
    """All changes of a customer's balance."""
    return peer.store.select(KIND, customer=peer.need("customer", id)["id"])


ROUTES: Final = [
    Endpoint("POST", "/v1/customers/{id}/balance_transactions", create, CREATE),
    Endpoint("GET", "/v1/customers/{id}/balance_transactions", list_all, is_list=True),
    Endpoint("GET", "/v1/customers/{id}/balance_transactions/{transaction}", retrieve),
]
