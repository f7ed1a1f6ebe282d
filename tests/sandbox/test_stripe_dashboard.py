"""The sandbox Stripe's account page, and what the start page says about it."""

from __future__ import annotations

from typing import Any

from stripe import StripeClient

from tests.sandbox.conftest import Sandbox
from tests.sandbox.stripe_person import VISA, Person


def new_price(stripe: StripeClient) -> Any:
    """$49 a month."""
    params: Any = {
        "currency": "usd",
        "unit_amount": 4900,
        "product_data": {"name": "AI employee"},
        "recurring": {"interval": "month"},
    }
    return stripe.v1.prices.create(params)


def test_the_start_page_leads_to_the_account(stripe: StripeClient, sandbox: Sandbox) -> None:
    stripe.v1.customers.create({"email": "start@acme.example"})
    person = Person(sandbox.url)
    page = person.open("/")
    assert page.links["Open the account"] == "/stripe/"
    assert "start@acme.example" in person.open("/stripe/").text


def test_time_is_advanced_by_hand(stripe: StripeClient, sandbox: Sandbox) -> None:
    customer = stripe.v1.customers.create({"email": "time@acme.example", "payment_method": VISA})
    own = stripe.v1.customers.payment_methods.list(customer.id).data[0].id
    stripe.v1.customers.update(customer.id, {"invoice_settings": {"default_payment_method": own}})
    sub = stripe.v1.subscriptions.create(
        {"customer": customer.id, "items": [{"price": new_price(stripe).id}], "trial_period_days": 14}
    )
    for form in ({"days": "7"}, {"to": "next"}, {"to": "next"}):
        moved = sandbox.http.post("/stripe/advance", data={"customer": customer.id, **form})
        assert moved.status_code == 303, moved.text
    assert stripe.v1.subscriptions.retrieve(sub.id).status == "active"  # a notice of the trial's end, then its end
    refused = sandbox.http.post("/stripe/advance", data={"customer": "cus_none", "days": "7"})
    assert refused.status_code == 400
