"""dj-stripe mirrors subscriptions, schedules and invoices of the sandbox Stripe, asked for as it asks by itself."""

from __future__ import annotations

from typing import Any

import pytest
import stripe as sdk
from djstripe import models
from stripe import StripeClient

from tests.sandbox.conftest import STRIPE_KEY, Sandbox
from tests.sandbox.stripe_office import DAY, Office, item_of, open_office, waiting

pytestmark = pytest.mark.django_db


@pytest.fixture
def office(sandbox: Sandbox, stripe: StripeClient, monkeypatch: pytest.MonkeyPatch) -> Office:
    """A customer whose card works; dj-stripe asks the sandbox."""
    monkeypatch.setattr(sdk, "api_base", f"{sandbox.url}/stripe")
    return open_office(stripe)


def mirrored(model: Any, object_id: str) -> Any:
    """The row that dj-stripe makes of an object that it fetches."""
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
    assert mirrored(models.SubscriptionItem, item_of(sub).id).stripe_data["quantity"] == 6
    assert mirrored(models.SubscriptionSchedule, schedule.id).stripe_data["status"] == "active"
    rows = [mirrored(models.Invoice, invoice.id) for invoice in office.invoices(sub)]
    assert [invoice.stripe_data["status"] for invoice in rows] == ["paid"] * 3
    assert [mirrored(models.InvoiceItem, item.id).stripe_data["proration"] for item in waiting(office)] == [True, True]
    office.stripe.v1.subscriptions.cancel(sub.id)
    assert mirrored(models.Subscription, sub.id).stripe_data["status"] == "canceled"
