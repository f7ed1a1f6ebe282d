"""Changes made directly at Stripe: another product on the subscription, another subscription, a pause."""

import re
from decimal import Decimal
from typing import Any

import pytest

from billing.catalogue import EMPLOYEE_YEAR
from billing.models import Entitlement
from billing.subscription import cancellation
from billing.subscription.base import NotOfferedError
from billing.subscription.plan import preview_switch
from billing.subscription.seats import apply_seats, preview_seats
from tenants.models import AuditEvent
from tenants.scope import tenant_scope
from tests.billing.people import Member, member
from tests.billing.shop import Shop
from tests.billing.test_sync import drifts, price_of_something_else
from tests.conftest import Cast

S = Entitlement.Status


@pytest.fixture
def owner(shop: Shop, committed_cast: Cast) -> Member:
    return member(committed_cast.alice, shop.tenant)


def add_something(shop: Shop, quantity: int = 7) -> None:
    """Add another product to our subscription."""
    added: Any = {"price": price_of_something_else(shop.api).id, "quantity": quantity}
    wanted: Any = {"items": [added], "proration_behavior": "none"}
    shop.api.v1.subscriptions.update(shop.entitlement.subscription_id, wanted)


def quantities(shop: Shop) -> dict[str, int | None]:
    return {str(item.price.lookup_key): item.quantity for item in shop.subscription["items"].data}


def test_another_product_adds_no_seats_and_stays_when_seats_change(shop: Shop) -> None:
    shop.subscribe(3)
    shop.sync()
    add_something(shop)

    current = shop.sync()

    assert (current.seats, current.plan and current.plan.lookup_key, drifts(shop)) == (3, "employee_month", [])
    assert shop.sync().entitlement.synced_at  # it finds nothing new
    with tenant_scope(shop.tenant.id):
        assert AuditEvent.objects.filter(action="subscription.changed").count() == 2
    assert [(each["name"], each["quantity"], each["usd"]) for each in current.entitlement.other_items] == [
        ("something_else", 7, "1.00")
    ]
    change = preview_seats(shop.tenant, 5)
    assert (change.seats_now, change.next_invoice_usd) == (3, Decimal(5 * 49 + 7))
    assert apply_seats(shop.tenant, 5, shop.shown()).seats == 5
    assert quantities(shop) == {"employee_month": 5, "something_else": 7}


def test_another_product_stays_when_fewer_seats_come_at_the_periods_end(shop: Shop) -> None:
    shop.subscribe(3)
    shop.sync()
    add_something(shop)
    shop.sync()

    current = apply_seats(shop.tenant, 2, shop.shown())

    assert current.entitlement.next_seats == 2
    shop.wait(32)
    assert (shop.sync().seats, shop.entitlement.next_seats) == (2, None)
    assert quantities(shop) == {"employee_month": 2, "something_else": 7}


def test_another_product_is_explained_and_only_changes_affecting_it_are_not_offered(shop: Shop, owner: Member) -> None:
    shop.subscribe(3)
    shop.sync()
    add_something(shop)
    shop.sync()

    page = owner.read()

    assert "This subscription charges for something else too" in page
    assert re.search("something_else . 7, [$]1.00 per month", page)
    assert "Change seats</a>" in page
    assert "Pay yearly</a>" not in page
    with pytest.raises(NotOfferedError, match="You cannot switch between monthly and yearly now"):
        preview_switch(shop.tenant, EMPLOYEE_YEAR)
    assert cancellation.cancel(shop.tenant).entitlement.cancels_at
    assert cancellation.resume(shop.tenant).entitlement.cancels_at is None


def test_another_subscription_for_something_else_is_ignored(shop: Shop) -> None:
    price = price_of_something_else(shop.api)
    theirs = shop.api.v1.subscriptions.create({"customer": shop.customer_id, "items": [{"price": price.id}]})
    assert (shop.sync().status, shop.entitlement.seats) == (S.NONE, 0)
    shop.subscribe(3)

    current = shop.sync()

    assert (current.status, current.seats, drifts(shop)) == (S.ACTIVE, 3, [])
    assert shop.api.v1.subscriptions.retrieve(theirs.id).status == "active"
    assert [invoice.status for invoice in shop.invoices()] == ["paid", "paid"]


@pytest.mark.parametrize(
    ("behavior", "words"),
    [
        ("keep_as_draft", "invoices are kept as drafts and may be charged later"),
        ("void", "invoices are created and voided"),
        ("mark_uncollectible", "invoices are created and written off"),
    ],
)
def test_a_pause_of_payments_is_explained_and_seats_can_be_changed(
    shop: Shop, owner: Member, behavior: str, words: str
) -> None:
    shop.subscribe(3)
    paid = shop.sync().entitlement
    pause: Any = {"behavior": behavior, "resumes_at": shop.now() + 5 * 86_400}
    shop.api.v1.subscriptions.update(paid.subscription_id, {"pause_collection": pause})

    current = shop.sync()

    assert (current.status, current.seats, current.entitlement.next_invoice_usd) == (S.ACTIVE, 3, None)
    page = owner.read()
    assert "Payments are paused at Stripe until" in page
    assert words in page
    assert "Change seats</a>" in page
    preview = owner.read("billing/seats/", seats="5")
    assert "Payments are paused at Stripe: the invoice for this change" in preview
    assert "Pay $" not in preview
    assert apply_seats(shop.tenant, 5, shop.shown()).seats == 5
    shop.wait(6)
    assert (shop.sync().entitlement.collection_pause, "are paused at Stripe" in owner.read()) == ("", False)
