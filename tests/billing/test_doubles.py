"""A workspace pays for one subscription: a second one is ended and refunded, right away or later."""

import pytest
import stripe as sdk

from billing.models import Drift, Entitlement, SyncRequest
from billing.sync import duplicate_subscriptions, reconcile
from tenants.models import AuditEvent
from tenants.scope import tenant_scope
from tenants.wordings import TOLD
from tests.billing.shop import Shop
from tests.sandbox.conftest import Sandbox

S = Entitlement.Status


def test_a_second_subscription_is_ended_and_refunded_and_the_older_stays(shop: Shop) -> None:
    first = shop.subscribe(3)
    shop.wait(0.1)
    second = shop.subscribe(5)

    current = shop.sync()

    assert (current.seats, current.entitlement.subscription_id) == (3, first.id)
    assert shop.api.v1.subscriptions.retrieve(second.id).status == "canceled"
    [refund] = refunds_of(shop, second)
    assert (refund.amount, refund.reason, bool(refund.charge)) == (5 * 4900, "duplicate", True)
    assert refunds_of(shop, first) == []
    with tenant_scope(shop.tenant.id):
        assert AuditEvent.objects.filter(action="subscription.double").count() == 1


def test_of_two_subscriptions_the_paid_one_stays_although_it_is_newer(shop: Shop) -> None:
    first = shop.subscribe(2, payment_behavior="default_incomplete")
    shop.wait(0.1)
    second = shop.subscribe(5)

    current = shop.sync()

    assert (current.status, current.seats, current.entitlement.subscription_id) == (S.ACTIVE, 5, second.id)
    assert shop.api.v1.subscriptions.retrieve(first.id).status in {"canceled", "incomplete_expired"}
    assert [invoice.status for invoice in shop.invoices()] == ["paid", "void"]


@pytest.mark.parametrize("again", ["sync", "reconcile"])
@pytest.mark.parametrize("broken", ["DELETE /v1/subscriptions/{id}", "POST /v1/refunds"])
def test_a_duplicate_that_could_not_be_ended_is_ended_later(
    shop: Shop, stripe_process: Sandbox, broken: str, again: str
) -> None:
    shop.subscribe(3)
    shop.wait(0.1)
    second = shop.subscribe(5)
    stripe_process.stripe("faults", method=broken, kind="503", times=2)
    assert shop.sync().seats == 3, "known facts apply immediately"
    with tenant_scope(shop.tenant.id):
        assert SyncRequest.objects.exists()

    shop.sync() if again == "sync" else reconcile.reconcile(shop.tenant.id)

    assert shop.api.v1.subscriptions.retrieve(second.id).status == "canceled"
    assert sum(each.amount for each in refunds_of(shop, second)) == 5 * 4900
    with tenant_scope(shop.tenant.id):
        assert not SyncRequest.objects.exists()
        assert not Drift.objects.exists()


def test_a_disputed_duplicate_is_ended_too(shop: Shop) -> None:
    shop.subscribe(3)
    shop.wait(0.1)
    shop.use_card("pm_card_createDispute")
    second = shop.subscribe(5)

    shop.sync()

    assert shop.api.v1.subscriptions.retrieve(second.id).status == "canceled"
    assert shop.sync().seats == 3


def test_manual_work_stays_open_until_it_is_done(shop: Shop) -> None:
    shop.subscribe(3)
    shop.sync()
    with tenant_scope(shop.tenant.id):
        Drift.objects.create(
            problem=TOLD(text="A refund was refused."),
            differences={"double": ["sub_2", duplicate_subscriptions.BY_HAND]},
        )
        Drift.objects.create(problem=TOLD(text="It could not be read."))

    reconcile.reconcile(shop.tenant.id)

    with tenant_scope(shop.tenant.id):
        assert [str(left.problem) for left in Drift.objects.filter(repaired_at=None)] == ["A refund was refused."]


def refunds_of(shop: Shop, subscription: sdk.Subscription) -> list[sdk.Refund]:
    """The refunds of its newest invoice's payments."""
    invoice = str(subscription.latest_invoice)
    payments = shop.api.v1.invoice_payments.list({"invoice": invoice}).data
    intents = [str(each.payment.payment_intent) for each in payments]
    return [refund for intent in intents for refund in shop.api.v1.refunds.list({"payment_intent": intent}).data]
