"""dj-stripe mirrors the sandbox Stripe's objects like Stripe's own, and fetches what is missing."""

from __future__ import annotations

from typing import Any

import pytest
import stripe as sdk
from djstripe import models
from stripe import StripeClient

from tests.sandbox.conftest import STRIPE_KEY, Sandbox
from tests.sandbox.stripe_office import DAY, Office, open_office

pytestmark = pytest.mark.django_db


@pytest.fixture
def office(sandbox: Sandbox, stripe: StripeClient, monkeypatch: pytest.MonkeyPatch) -> Office:
    """A customer with a working card; dj-stripe calls the sandbox."""
    monkeypatch.setattr(sdk, "api_base", f"{sandbox.url}/stripe")
    return open_office(stripe)


def mirrored(model: Any, object_id: str) -> Any:
    """The row that dj-stripe creates from an object it fetches."""
    answer = model(id=object_id).api_retrieve(api_key=STRIPE_KEY)
    return model.sync_from_stripe_data(answer, api_key=STRIPE_KEY)


def test_a_subscription_is_mirrored_with_all_that_belongs_to_it(office: Office) -> None:
    coupon = office.stripe.v1.coupons.create({"percent_off": 50, "duration": "forever"})
    sub = office.subscribe(3, trial_period_days=1, discounts=[{"coupon": coupon.id}])
    office.wait(2 * DAY)
    office.change(sub, 5, proration_behavior="always_invoice")
    office.change(sub, 6)
    schedule = office.stripe.v1.subscription_schedules.create({"from_subscription": sub.id})
    row = mirrored(models.Subscription, sub.id)
    assert (row.stripe_data["status"], row.customer.id) == ("active", office.customer.id)
    assert mirrored(models.SubscriptionSchedule, schedule.id).stripe_data["status"] == "active"
    rows = [mirrored(models.Invoice, invoice.id) for invoice in office.invoices(sub)]
    assert [invoice.stripe_data["status"] for invoice in rows] == ["paid"] * 3
    office.stripe.v1.subscriptions.cancel(sub.id)
    assert mirrored(models.Subscription, sub.id).stripe_data["status"] == "canceled"


def test_a_payment_is_mirrored_with_its_card_and_refund(office: Office) -> None:
    payments = office.stripe.v1.invoice_payments.list({"invoice": str(office.subscribe().latest_invoice)})
    intent = mirrored(models.PaymentIntent, str(payments.data[0].payment.payment_intent))
    assert intent.stripe_data["status"] == "succeeded"
    charge = mirrored(models.Charge, intent.stripe_data["latest_charge"])
    assert charge.customer.id == office.customer.id
    assert mirrored(models.PaymentMethod, intent.stripe_data["payment_method"]).customer_id == office.customer.id
    refund = office.stripe.v1.refunds.create({"payment_intent": intent.id})
    assert models.Refund.sync_from_stripe_data(refund, api_key=STRIPE_KEY).charge.id == charge.id


def test_the_catalog_and_a_deleted_customer_are_mirrored(office: Office) -> None:
    row = mirrored(models.Price, office.monthly.id)
    assert (row.id, row.product.id, row.product.name) == (office.monthly.id, office.monthly.product, "AI employee")
    assert office.stripe.v1.products.features.list(row.product.id).data == []
    assert mirrored(models.Customer, office.customer.id).stripe_data["email"] == "ada@example.com"
    office.stripe.v1.customers.delete(office.customer.id)
    left = office.stripe.v1.customers.retrieve(office.customer.id)
    assert models.Customer.sync_from_stripe_data(left, api_key=STRIPE_KEY).id == office.customer.id


def test_a_checkout_session_is_mirrored(office: Office) -> None:
    lines: Any = [{"price": office.monthly.id, "quantity": 3}]
    wanted: Any = {
        "mode": "subscription",
        "customer": office.customer.id,
        "line_items": lines,
        "success_url": "http://a/",
    }
    session = office.stripe.v1.checkout.sessions.create(wanted)
    [item] = mirrored(models.Session, session.id).stripe_data["line_items"]["data"]
    assert (item["quantity"], item["amount_total"], item["description"]) == (3, 3 * 4900, "AI employee")


def test_the_account_and_events_are_mirrored(office: Office) -> None:
    account = office.stripe.v1.accounts.retrieve_current()
    assert models.Account.sync_from_stripe_data(account, api_key=STRIPE_KEY).id == account.id
    product = office.stripe.v1.products.create({"name": "Seat"})
    event = next(event for event in office.stripe.v1.events.list() if event.data.object["id"] == product.id)
    data = event.to_dict(for_json=True)  # events come as JSON
    assert models.Event.sync_from_stripe_data(data, api_key=STRIPE_KEY).type == "product.created"
