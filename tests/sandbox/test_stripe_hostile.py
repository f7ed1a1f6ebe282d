"""Whatever is sent to whichever address of Stripe's API: an answer or a refusal in Stripe's shape, never a crash."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from stripe import StripeClient

from sandbox.stripe import forms, routes
from sandbox.stripe.http import Endpoint
from tests.sandbox.conftest import STRIPE_KEY, Sandbox
from tests.sandbox.stripe_office import item_of, open_office

HOSTILE = (
    *("", "x", "-1", "0", "99999999999999999999", "1e9", "true", "null", "\x00", "'\";--", "é" * 50, "x" * 6000),
    *("now", "4102444800", "usd", "100.5", "pm_card_visa", "pm_card_chargeDeclined", "month"),
)
SHAPES = ("{}", "{}", "{}", "{}[]", "{}[0]", "{}[a]", "{}[0][a]", "{}[a][b][c]")
EACH = 4
GRACEFUL = {200, 400, 401, 402, 403, 404}


def leaves(fields: Mapping[str, forms.Field], prefix: str = "") -> Iterator[str]:
    """The names of all parameters, also inside hashes and arrays."""
    for name, field in fields.items():
        full = f"{prefix}[{name}]" if prefix else name
        yield full
        inner, place = (field.of, f"{full}[0]") if isinstance(field, forms.Listed) else (field, full)
        if isinstance(inner, forms.Hash):
            yield from leaves(inner.fields, place)


@pytest.fixture(scope="module")
def known(stripe: StripeClient) -> dict[str, str]:
    """An object of each kind, by the word that stands before its id in addresses."""
    product = stripe.v1.products.create({"name": "Seat", "default_price_data": {"currency": "usd", "unit_amount": 500}})
    customer = stripe.v1.customers.create({"payment_method": "pm_card_visa"})
    coupon = stripe.v1.coupons.create({"percent_off": 5})
    common: Any = {"amount": 1000, "currency": "usd", "confirm": True}
    paid = stripe.v1.payment_intents.create(common | {"payment_method": "pm_card_visa"})
    disputed = stripe.v1.payment_intents.create(common | {"payment_method": "pm_card_createDispute"})
    office = open_office(stripe)
    sub, scheduled = office.subscribe(2), office.subscribe()
    extra: Any = {"customer": office.customer.id, "amount": 5, "currency": "usd"}
    return {
        "subscriptions": sub.id,
        "subscription_items": item_of(sub).id,
        "subscription_schedules": stripe.v1.subscription_schedules.create({"from_subscription": scheduled.id}).id,
        "invoices": stripe.v1.invoices.create({"customer": office.customer.id}).id,
        "invoiceitems": stripe.v1.invoice_items.create(extra).id,
        "invoice_payments": stripe.v1.invoice_payments.list({"invoice": str(sub.latest_invoice)}).data[0].id,
        "test_clocks": office.clock,
        "products": product.id,
        "prices": str(product.default_price),
        "customers": customer.id,
        "payment_methods": stripe.v1.customers.payment_methods.list(customer.id).data[0].id,
        "coupons": coupon.id,
        "promotion_codes": stripe.v1.promotion_codes.create({"promotion": {"type": "coupon", "coupon": coupon.id}}).id,
        "payment_intents": stripe.v1.payment_intents.create({"amount": 1000, "currency": "usd"}).id,
        "setup_intents": stripe.v1.setup_intents.create().id,
        "charges": str(paid.latest_charge),
        "refunds": stripe.v1.refunds.create({"payment_intent": paid.id, "amount": 5}).id,
        "disputes": stripe.v1.disputes.list({"payment_intent": disputed.id}).data[0].id,
    }


@pytest.mark.parametrize("endpoint", routes.ENDPOINTS, ids=lambda endpoint: endpoint.name)
def test_no_parameter_breaks_a_call(sandbox: Sandbox, known: dict[str, str], endpoint: Endpoint) -> None:
    chance = random.Random(endpoint.name)  # the same every time
    path = re.sub(r"(\w+)/\{\w+\}", lambda found: f"{found[1]}/{known.get(found[1], 'nothing')}", endpoint.path)
    place = "data" if endpoint.method == "POST" else "params"
    if endpoint.method == "DELETE":
        path = re.sub(r"[^/]+$", "nothing", path)  # what is there is needed by the others
    for name in [*leaves(endpoint.accepts), "limit", "expand", "nonsense"]:
        for _ in range(EACH):
            sent: Any = {chance.choice(SHAPES).format(name): chance.choice(HOSTILE)}
            body: dict[str, Any] = {place: sent}
            headers = {"Authorization": f"Bearer {STRIPE_KEY}"}
            answer = sandbox.http.request(endpoint.method, f"/stripe{path}", headers=headers, **body)
            assert answer.status_code in GRACEFUL, (sent, answer.text)
            assert answer.status_code == 200 or answer.json()["error"]["type"], sent
