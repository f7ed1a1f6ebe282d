"""More seats right away, fewer at the period's end; the preview is what is charged."""

from decimal import Decimal

import pytest

from agents.models import Agent
from billing import quota
from billing.errors import BillingError, CardDeclinedError
from billing.models import SyncRequest
from billing.stripe.reading import usd
from billing.subscription import base, cancellation
from billing.subscription.seats import apply_seats, keep_current_seats, preview_seats
from tenants.scope import tenant_scope
from tests import factories
from tests.billing.shop import Shop
from tests.sandbox.conftest import Sandbox


def hire(shop: Shop, *names: str) -> None:
    with tenant_scope(shop.tenant.id):
        for name in names:
            factories.make_agent(name)


def seated(shop: Shop) -> list[str]:
    with tenant_scope(shop.tenant.id):
        return [agent.name for agent in Agent.objects.in_order() if quota.is_seated(agent.id)]


def test_the_invoice_matches_the_preview_to_the_cent(shop: Shop) -> None:
    shop.subscribe(3)
    shop.sync()
    shop.wait(11.3)
    shop.sync()

    shown = preview_seats(shop.tenant, 5)
    after = apply_seats(shop.tenant, 5, shown.shown)

    invoice = shop.invoices()[0]
    assert usd(invoice.amount_paid) == shown.due_now_usd > 0
    assert invoice.status == "paid"
    assert (after.seats, after.paid_seats) == (5, 5)
    assert shown.next_invoice_usd == after.entitlement.next_invoice_usd == Decimal(5 * 49)


def test_a_fourth_is_refused_on_three_seats_and_works_on_five(shop: Shop) -> None:
    shop.subscribe(3)
    shop.sync()
    hire(shop, "Ada", "Ben", "Chloe")
    with pytest.raises(quota.NoSeatError, match=r"3 seats, all taken\. Add seats under Billing"):
        hire(shop, "Dan")

    apply_seats(shop.tenant, 5, shop.shown())
    hire(shop, "Dan", "Eve")

    assert seated(shop) == ["Ada", "Ben", "Chloe", "Dan", "Eve"]


def test_fewer_seats_come_at_the_period_s_end_and_the_last_ones_pause(shop: Shop) -> None:
    shop.subscribe(5)
    shop.sync()
    hire(shop, "Ada", "Ben", "Chloe", "Dan", "Eve")

    shown = preview_seats(shop.tenant, 2)
    current = apply_seats(shop.tenant, 2, shown.shown)

    assert (shown.due_now_usd, shown.next_invoice_usd) == (Decimal(0), Decimal(98))
    assert shown.pauses == ("Chloe", "Dan", "Eve")
    assert shown.takes_effect_at == current.entitlement.period_end == current.entitlement.next_seats_at
    assert (current.seats, current.entitlement.next_seats) == (5, 2)
    assert len(seated(shop)) == 5

    shop.wait(32)
    then = shop.sync()

    assert (then.seats, then.entitlement.next_seats) == (2, None)
    assert seated(shop) == ["Ada", "Ben"]
    assert usd(shop.invoices()[0].amount_paid) == Decimal(98)


def test_a_promotion_continues_when_fewer_seats_are_planned(shop: Shop) -> None:
    coupon = shop.api.v1.coupons.create({"percent_off": 50, "duration": "forever"})
    shop.subscribe(5, discounts=[{"coupon": coupon.id}])
    shop.sync()

    shown = preview_seats(shop.tenant, 2)
    apply_seats(shop.tenant, 2, shown.shown)
    shop.wait(32)

    assert shop.sync().seats == 2
    assert usd(shop.invoices()[0].amount_paid) == shown.next_invoice_usd == Decimal(49)


def test_a_planned_decrease_can_be_undone(shop: Shop) -> None:
    shop.subscribe(5)
    shop.sync()
    apply_seats(shop.tenant, 2, shop.shown())

    current = keep_current_seats(shop.tenant)

    assert (current.entitlement.next_seats, current.entitlement.schedule_id) == (None, "")
    shop.wait(32)
    assert shop.sync().seats == 5


def test_an_increase_replaces_a_planned_decrease(shop: Shop) -> None:
    shop.subscribe(5)
    shop.sync()
    apply_seats(shop.tenant, 2, shop.shown())

    current = apply_seats(shop.tenant, 6, shop.shown())

    assert (current.seats, current.entitlement.next_seats) == (6, None)


def test_a_declined_card_changes_nothing(shop: Shop) -> None:
    shop.subscribe(3)
    shop.sync()
    shop.use_card("pm_card_chargeCustomerFail")

    with pytest.raises(CardDeclinedError, match="nothing has changed"):
        apply_seats(shop.tenant, 5, shop.shown())

    assert shop.sync().seats == 3


def test_a_declined_card_leaves_the_planned_change_too(shop: Shop) -> None:
    shop.subscribe(3)
    shop.sync()
    planned = apply_seats(shop.tenant, 2, shop.shown()).entitlement
    shop.use_card("pm_card_chargeCustomerFail")

    with pytest.raises(CardDeclinedError, match="nothing has changed"):
        apply_seats(shop.tenant, 5, shop.shown())

    after = shop.sync().entitlement
    assert (after.seats, after.next_seats, after.next_seats_at) == (3, 2, planned.next_seats_at)
    assert shop.subscription.pending_update is None
    assert [invoice.status for invoice in shop.invoices()] == ["void", "paid"]


@pytest.mark.parametrize(("kind", "times"), [("lock_timeout", 2), ("409", 2), ("500", 1)])  # a 500 is not retried
def test_a_change_that_stripe_refuses_leaves_the_planned_change_too(
    shop: Shop, stripe_process: Sandbox, kind: str, times: int
) -> None:
    shop.subscribe(3)
    shop.sync()
    apply_seats(shop.tenant, 2, shop.shown())
    stripe_process.stripe("faults", method="POST /v1/subscriptions/{id}", kind=kind, times=times)

    with pytest.raises(BillingError):
        apply_seats(shop.tenant, 5, shop.shown())

    after = shop.sync().entitlement
    assert (after.seats, after.next_seats) == (3, 2)


def test_a_cancellation_that_stripe_refuses_leaves_the_planned_change_too(shop: Shop, stripe_process: Sandbox) -> None:
    shop.subscribe(3)
    shop.sync()
    apply_seats(shop.tenant, 2, shop.shown())
    stripe_process.stripe("faults", method="POST /v1/subscriptions/{id}", kind="500", times=1)

    with pytest.raises(BillingError):
        cancellation.cancel(shop.tenant)

    after = shop.sync().entitlement
    assert (after.next_seats, after.cancels_at) == (2, None)


def test_a_planned_change_that_cannot_be_restored_is_reported(shop: Shop, stripe_process: Sandbox) -> None:
    shop.subscribe(3)
    shop.sync()
    apply_seats(shop.tenant, 2, shop.shown())
    for method in ("POST /v1/subscriptions/{id}", "POST /v1/subscription_schedules"):
        stripe_process.stripe("faults", method=method, kind="500", times=1)

    with pytest.raises(BillingError, match="you may have to plan the change to 2 seats at the end of the period again"):
        apply_seats(shop.tenant, 5, shop.shown())

    after = shop.sync().entitlement
    assert (after.seats, after.next_seats) == (3, None)


def test_a_change_applies_even_if_stripes_event_is_late(shop: Shop, stripe_process: Sandbox) -> None:
    shop.subscribe(3)
    shop.sync()
    stripe_process.stripe("faults", method="GET /v1/subscriptions", kind="503", times=2)

    apply_seats(shop.tenant, 5, shop.shown())

    with tenant_scope(shop.tenant.id):
        assert SyncRequest.objects.exists()
    assert shop.sync().seats == 5


def test_the_names_of_those_who_return_are_shown(shop: Shop) -> None:
    shop.subscribe(3)
    shop.sync()
    hire(shop, "Ada", "Ben", "Chloe")
    apply_seats(shop.tenant, 1, shop.shown())
    shop.wait(32)
    shop.sync()

    assert preview_seats(shop.tenant, 3).returns == ("Ben", "Chloe")


@pytest.mark.parametrize("value", [0, -1, "0", "-1", 10_000, "10000", "x", "", "1.5", "1e3", None, True, "٣"])
def test_an_invalid_number_of_seats_is_refused(value: object) -> None:
    with pytest.raises(base.SeatsError, match="a whole number from 1 to 1,000"):
        base.whole_seats(value)


def test_in_a_trial_more_seats_cost_nothing_now(shop: Shop) -> None:
    shop.subscribe(3, trial_period_days=14)
    shop.sync()

    shown = preview_seats(shop.tenant, 4)
    apply_seats(shop.tenant, 4, shown.shown)

    assert shown.due_now_usd == 0
    assert shown.next_invoice_usd == Decimal(4 * 49)
    assert [invoice.amount_paid for invoice in shop.invoices()] == [0]
