"""The payments of invoices. https://docs.stripe.com/api/invoice-payment"""

from __future__ import annotations

from typing import Final

from sandbox.stripe.forms import Field, Text, one_of
from sandbox.stripe.http import Endpoint, Params
from sandbox.stripe.peer import Stripe
from sandbox.stripe.store import JsonObject

LIST: Final[dict[str, Field]] = {"invoice": Text(is_required=True), "status": one_of("canceled", "open", "paid")}


def list_all(peer: Stripe, params: Params) -> list[JsonObject]:
    """Links between invoices and payment intents that pass the filters."""
    return peer.store.select("invoice_payment", **params)


ROUTES: Final = [
    Endpoint("GET", "/v1/invoice_payments", list_all, LIST, is_list=True),
]
