"""dj-stripe mirrors what the sandbox Stripe returns, as it mirrors Stripe's own."""

from __future__ import annotations

from typing import Any

import pytest
import stripe as sdk
from djstripe import models
from stripe import StripeClient

from tests.sandbox.conftest import STRIPE_KEY, Sandbox

pytestmark = pytest.mark.django_db

MONTHLY: Any = {
    "currency": "usd",
    "product_data": {"name": "Seat"},
    "recurring": {"interval": "month"},
    "unit_amount": 4900,
}
SESSION: Any = {
    "line_items": [{"price_data": MONTHLY, "quantity": 1}],
    "mode": "subscription",
    "success_url": "http://127.0.0.1:9/",
}


@pytest.fixture(autouse=True)
def _mirrored(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sdk, "api_base", f"{sandbox.url}/stripe")


def mirror(model: Any, answer: Any) -> Any:
    """Let dj-stripe take an answer over; returns its row."""
    return model.sync_from_stripe_data(answer, api_key=STRIPE_KEY)


def test_the_catalog_is_mirrored(stripe: StripeClient) -> None:
    product = stripe.v1.products.create({"name": "Seat"})
    price = stripe.v1.prices.create(
        {"product": product.id, "currency": "usd", "unit_amount": 4900, "recurring": {"interval": "month"}}
    )
    coupon = stripe.v1.coupons.create({"percent_off": 12.5, "duration": "forever"})
    code = stripe.v1.promotion_codes.create({"promotion": {"type": "coupon", "coupon": coupon.id}})
    row = mirror(models.Price, price)
    assert (row.id, row.product.id, row.product.name) == (price.id, product.id, "Seat")
    assert stripe.v1.products.features.list(product.id).data == []
    assert mirror(models.Coupon, coupon).id == coupon.id
    assert mirror(models.PromotionCode, code).id == code.id


def test_a_customer_is_mirrored_with_card_and_tax_id(stripe: StripeClient) -> None:
    customer = stripe.v1.customers.create(
        {
            "email": "ada@example.com",
            "payment_method": "pm_card_visa",
            "invoice_settings": {"default_payment_method": "pm_card_visa"},
            "tax_id_data": [{"type": "eu_vat", "value": "DE123456789"}],
        }
    )
    row = mirror(models.Customer, customer)
    assert row.stripe_data["email"] == "ada@example.com"
    method = stripe.v1.customers.payment_methods.list(customer.id).data[0]
    assert mirror(models.PaymentMethod, method).customer_id == customer.id
    tax_id = stripe.v1.customers.tax_ids.list(customer.id).data[0]
    assert mirror(models.TaxId, tax_id).stripe_data["value"] == "DE123456789"
    stripe.v1.customers.delete(customer.id)
    assert mirror(models.Customer, stripe.v1.customers.retrieve(customer.id)).id == customer.id


def test_a_payment_is_mirrored_with_refund_and_dispute(sandbox: Sandbox, stripe: StripeClient) -> None:
    customer = stripe.v1.customers.create({"email": "ada@example.com"})
    common: Any = {"amount": 1000, "currency": "usd", "confirm": True, "customer": customer.id}
    paid = stripe.v1.payment_intents.create(common | {"payment_method": "pm_card_visa"})
    refund = stripe.v1.refunds.create({"payment_intent": paid.id, "amount": 100})
    disputed = stripe.v1.payment_intents.create(common | {"payment_method": "pm_card_createDispute"})
    saved = stripe.v1.setup_intents.create({"customer": customer.id, "payment_method": "pm_card_visa", "confirm": True})
    assert mirror(models.PaymentIntent, paid).stripe_data["status"] == "succeeded"
    charge = mirror(models.Charge, stripe.v1.charges.retrieve(str(paid.latest_charge)))
    assert (charge.id, charge.customer.id) == (paid.latest_charge, customer.id)
    assert mirror(models.Refund, refund).charge.id == charge.id
    dispute = stripe.v1.disputes.list({"payment_intent": disputed.id}).data[0]
    assert mirror(models.Dispute, dispute).id == dispute.id
    assert mirror(models.SetupIntent, saved).id == saved.id


@pytest.mark.parametrize(
    ("model", "create"),
    [
        (models.Price, "price"),
        (models.Coupon, "coupon"),
        (models.Customer, "customer"),
        (models.Session, "session"),
    ],
)
def test_what_dj_stripe_asks_for_by_itself_is_there(stripe: StripeClient, model: Any, create: str) -> None:
    product: Any = stripe.v1.products.create(
        {"name": "Seat", "default_price_data": {"currency": "usd", "unit_amount": 1}}
    )
    made = {
        "price": product.default_price,
        "coupon": stripe.v1.coupons.create({"percent_off": 5}).id,
        "customer": stripe.v1.customers.create({"name": "Ada"}).id,
        "session": stripe.v1.checkout.sessions.create(SESSION).id,
    }
    answer = model(id=made[create]).api_retrieve(api_key=STRIPE_KEY)
    assert mirror(model, answer).id == made[create]


def test_the_account_and_events_are_mirrored(stripe: StripeClient) -> None:
    account = stripe.v1.accounts.retrieve_current()
    assert mirror(models.Account, account).id == account.id
    product = stripe.v1.products.create({"name": "Seat"})
    event = next(event for event in stripe.v1.events.list() if event.data.object["id"] == product.id)
    assert mirror(models.Event, event.to_dict(for_json=True)).type == "product.created"  # events come as JSON
