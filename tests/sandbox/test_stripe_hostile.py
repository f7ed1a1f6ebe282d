"""Any input to any URL of Stripe's API gets an answer or an error in Stripe's format, never a crash."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from stripe import StripeClient

from sandbox.stripe import routes
from sandbox.stripe.api import forms
from sandbox.stripe.api.http import Endpoint
from tests.sandbox.conftest import STRIPE_KEY, Sandbox
from tests.sandbox.stripe_office import open_office

HOSTILE = (
    *("", "x", "-1", "0", "99999999999999999999", "1e9", "true", "null", "\x00", "'\";--", "é" * 50, "x" * 6000),
    *("now", "4102444800", "usd", "100.5", "pm_card_visa", "pm_card_chargeDeclined", "month"),
)
SHAPES = ("{}", "{}", "{}", "{}[]", "{}[0]", "{}[a]", "{}[0][a]", "{}[a][b][c]")
EACH = 4
GRACEFUL = {200, 400, 401, 402, 403, 404}


def leaves(fields: Mapping[str, forms.Field], prefix: str = "") -> Iterator[str]:
    """The names of all parameters, including those inside hashes and arrays."""
    for name, field in fields.items():
        full = f"{prefix}[{name}]" if prefix else name
        yield full
        inner, place = (field.of, f"{full}[0]") if isinstance(field, forms.Listed) else (field, full)
        if isinstance(inner, forms.Hash):
            yield from leaves(inner.fields, place)


@pytest.fixture(scope="module")
def known(stripe: StripeClient) -> dict[str, str]:
    """An object of each kind, by the word before its id in URLs."""
    office = open_office(stripe)
    sub, scheduled = office.subscribe(2), office.subscribe()
    payment = stripe.v1.invoice_payments.list({"invoice": str(sub.latest_invoice)}).data[0]
    intent = stripe.v1.payment_intents.retrieve(str(payment.payment.payment_intent))
    return {
        "subscriptions": sub.id,
        "subscription_schedules": stripe.v1.subscription_schedules.create({"from_subscription": scheduled.id}).id,
        "invoices": str(sub.latest_invoice),
        "test_clocks": office.clock,
        "products": str(office.monthly.product),
        "prices": office.monthly.id,
        "customers": office.customer.id,
        "payment_methods": stripe.v1.customers.payment_methods.list(office.customer.id).data[0].id,
        "payment_intents": intent.id,
        "charges": str(intent.latest_charge),
    }


@pytest.mark.parametrize("endpoint", routes.ENDPOINTS, ids=lambda endpoint: endpoint.name)
def test_no_parameter_breaks_a_call(sandbox: Sandbox, known: dict[str, str], endpoint: Endpoint) -> None:
    chance = random.Random(endpoint.name)  # the same every time
    path = re.sub(r"(\w+)/\{\w+\}", lambda found: f"{found[1]}/{known.get(found[1], 'nothing')}", endpoint.path)
    place = "data" if endpoint.method == "POST" else "params"
    if endpoint.method == "DELETE":
        path = re.sub(r"[^/]+$", "nothing", path)  # the others need what exists
    for name in [*leaves(endpoint.accepts), "limit", "expand", "nonsense"]:
        for _ in range(EACH):
            sent: Any = {chance.choice(SHAPES).format(name): chance.choice(HOSTILE)}
            body: dict[str, Any] = {place: sent}
            headers = {"Authorization": f"Bearer {STRIPE_KEY}"}
            answer = sandbox.http.request(endpoint.method, f"/stripe{path}", headers=headers, **body)
            assert answer.status_code in GRACEFUL, (sent, answer.text)
            assert answer.status_code == 200 or answer.json()["error"]["type"], sent
