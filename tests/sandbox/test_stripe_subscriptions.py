"""Subscriptions of the sandbox Stripe, through the official SDK: how they start, change and end."""

from __future__ import annotations

from typing import Any

import pytest
from stripe import StripeClient, Subscription

from sandbox.stripe.billing.proration import portion
from tests.sandbox.conftest import Sandbox
from tests.sandbox.stripe_office import (
    DAY,
    FEBRUARY,
    HOUR,
    JANUARY,
    MARCH,
    MONTHLY,
    Office,
    amounts,
    item_of,
    open_office,
    period_of,
    refused,
)
from tests.sandbox.stripe_shapes import ShapeJudge

IF_PAID: Any = {"proration_behavior": "always_invoice", "payment_behavior": "pending_if_incomplete"}
FAILING = "pm_card_chargeCustomerFail"


@pytest.fixture
def office(stripe: StripeClient) -> Office:
    """A customer with a working card, on 1 January."""
    return open_office(stripe)


def intent_of(office: Office, sub: Subscription) -> str:
    """The payment intent of a subscription's latest invoice."""
    found = office.stripe.v1.invoice_payments.list({"invoice": str(office.fresh(sub).latest_invoice)})
    return str(found.data[0].payment.payment_intent)


def test_a_subscription_starts_when_its_first_invoice_is_paid(office: Office, judge: ShapeJudge) -> None:
    sub = office.subscribe(3, metadata={"workspace": "acme"})
    assert (sub.status, sub.currency, item_of(sub).quantity) == ("active", "usd", 3)
    assert period_of(sub) == (JANUARY, FEBRUARY)
    assert (sub.billing_cycle_anchor, sub.start_date, sub.created) == (JANUARY, JANUARY, JANUARY)
    invoice = office.latest(sub)
    assert (invoice.billing_reason, invoice.amount_paid, sub.latest_invoice) == (
        "subscription_create",
        3 * MONTHLY,
        invoice.id,
    )
    assert office.told("customer.subscription", "invoice.") == [
        "invoice.created",
        "customer.subscription.created",
        "invoice.updated",
        "invoice.finalized",
        "invoice.updated",
        "invoice.paid",
        "invoice.payment_succeeded",
        "customer.subscription.updated",
    ]
    began = office.events("customer.subscription.updated")[-1]
    assert began.data.previous_attributes.to_dict() == {"status": "incomplete"}  # type: ignore[union-attr]
    judge.approve(sub, invoice, office.stripe.v1.events.list({"limit": 10}))


def test_a_declined_first_payment_leaves_it_incomplete(stripe: StripeClient) -> None:
    office = open_office(stripe, FAILING)
    sub = office.subscribe()
    invoice = office.latest(sub)
    assert (sub.status, invoice.status, invoice.attempt_count, invoice.next_payment_attempt) == (
        "incomplete",
        "open",
        1,
        None,
    )
    error = refused(office.stripe.v1.subscriptions.update, sub.id, {"items": [{"id": item_of(sub).id, "quantity": 2}]})
    assert "incomplete" in str(error)
    office.pays_with("pm_card_visa")
    office.stripe.v1.invoices.pay(invoice.id)
    assert office.fresh(sub).status == "active"


def test_default_incomplete_waits_for_the_customer(stripe: StripeClient) -> None:
    office = open_office(stripe, None)
    sub = office.subscribe(payment_behavior="default_incomplete")
    invoice = office.latest(sub)
    assert (sub.status, invoice.status, invoice.attempted) == ("incomplete", "open", False)
    stripe.v1.invoices.pay(invoice.id, {"payment_method": "pm_card_visa"})
    assert office.fresh(sub).status == "active"
    assert office.latest(sub).amount_paid == MONTHLY


@pytest.mark.parametrize("succeeds", [True, False])
def test_three_d_secure_decides_whether_it_starts(sandbox: Sandbox, stripe: StripeClient, succeeds: bool) -> None:
    office = open_office(stripe, "pm_card_authenticationRequired")
    sub = office.subscribe()
    assert sub.status == "incomplete"
    assert "invoice.payment_action_required" in office.told("invoice.")
    sandbox.stripe("authenticate", intent=intent_of(office, sub), succeed=succeeds)
    assert office.fresh(sub).status == ("active" if succeeds else "incomplete")


def test_without_a_payment_method_there_is_no_subscription(stripe: StripeClient) -> None:
    office = open_office(stripe, None)
    items: Any = [{"price": office.monthly.id}]
    values: Any = {"customer": office.customer.id, "items": items}
    assert refused(office.stripe.v1.subscriptions.create, values).code == "resource_missing"
    coupon = stripe.v1.coupons.create({"percent_off": 100, "duration": "forever"})
    free = office.subscribe(discounts=[{"coupon": coupon.id}])
    assert (free.status, office.latest(free).amount_due) == ("active", 0)


def test_a_trial_costs_nothing(stripe: StripeClient, judge: ShapeJudge) -> None:
    office = open_office(stripe, None)
    sub = office.subscribe(2, trial_period_days=14)
    assert (sub.status, sub.trial_start, sub.trial_end) == ("trialing", JANUARY, JANUARY + 14 * DAY)
    assert period_of(sub) == (JANUARY, JANUARY + 14 * DAY)
    assert sub.billing_cycle_anchor == sub.trial_end
    invoice = office.latest(sub)
    assert (invoice.status, invoice.total, invoice.lines.data[0].description) == (
        "paid",
        0,
        "Trial period for AI employee",
    )
    judge.approve(sub, invoice)


@pytest.mark.parametrize("quantity", ["-1", "x", "1.5", "", "10000000000"])
def test_a_quantity_is_a_whole_number(office: Office, quantity: str) -> None:
    sub = office.subscribe()
    values: Any = {"items": [{"id": item_of(sub).id, "quantity": quantity}]}
    assert refused(office.stripe.v1.subscriptions.update, sub.id, values).param == "items[0][quantity]"
    assert item_of(office.fresh(sub)).quantity == 1


def test_unsupported_parameters_are_refused(office: Office) -> None:
    create, customer = office.stripe.v1.subscriptions.create, office.customer.id
    monthly = {"price": office.monthly.id}
    cases: list[tuple[Any, str | None]] = [
        ({"items": [monthly]}, "customer"),
        ({"customer": "cus_nobody", "items": [monthly]}, "customer"),
        ({"customer": customer}, "items"),
        ({"customer": customer, "items": [{"price": "price_none"}]}, "items[0][price]"),
        ({"customer": customer, "items": [monthly, {"price": office.yearly.id}]}, "items"),
        ({"customer": customer, "items": [monthly, monthly]}, "items"),
        ({"customer": customer, "items": [monthly], "trial_period_days": 731}, "trial_period_days"),
        ({"customer": customer, "items": [monthly], "application_fee_percent": 5}, "application_fee_percent"),
        ({"customer": customer, "items": [monthly], "default_payment_method": "pm_x"}, "default_payment_method"),
        ({"customer": customer, "items": [monthly], "payment_behavior": "pending_if_incomplete"}, "payment_behavior"),
    ]
    for values, param in cases:
        assert refused(create, values).param == param
    office.stripe.v1.prices.update(office.yearly.id, {"active": False})
    assert refused(create, {"customer": customer, "items": [{"price": office.yearly.id}]}).param == "items[0][price]"
    assert office.stripe.v1.subscriptions.list({"customer": customer, "status": "all"}).data == []
    assert refused(office.stripe.v1.subscriptions.retrieve, "sub_none").http_status == 404


def test_an_update_that_is_not_paid_waits(office: Office, judge: ShapeJudge) -> None:
    sub = office.subscribe(2)
    office.pays_with(FAILING)
    office.wait(10 * DAY)
    sub = office.change(sub, 4, **IF_PAID)
    pending: Any = sub.pending_update
    assert (item_of(sub).quantity, pending.subscription_items[0].quantity) == (2, 4)
    assert pending.expires_at == office.now + 23 * HOUR
    invoice = office.latest(sub)
    assert (sub.status, sub.latest_invoice, invoice.status) == ("active", invoice.id, "open")
    judge.approve(sub)
    good = office.stripe.v1.payment_methods.attach("pm_card_visa", {"customer": office.customer.id})
    office.stripe.v1.invoices.pay(invoice.id, {"payment_method": good.id})
    sub = office.fresh(sub)
    assert (item_of(sub).quantity, sub.pending_update) == (4, None)
    assert office.told("customer.subscription.pending") == ["customer.subscription.pending_update_applied"]
    office.change(sub, 3, proration_behavior="always_invoice")
    assert amounts(office.latest(sub)) == [-13277, 9958]  # the four are what was charged


def test_an_update_that_is_never_paid_is_dropped(office: Office) -> None:
    sub = office.subscribe(2)
    office.pays_with(FAILING)
    office.wait(10 * DAY)
    sub = office.change(sub, 4, **IF_PAID)
    office.wait(23 * HOUR - 1)
    assert office.fresh(sub).pending_update
    office.wait(1)
    sub = office.fresh(sub)
    assert (sub.pending_update, item_of(sub).quantity, office.latest(sub).status) == (None, 2, "void")
    assert office.told("customer.subscription.pending") == ["customer.subscription.pending_update_expired"]
    office.pays_with("pm_card_visa")
    office.change(sub, 1, proration_behavior="always_invoice")
    assert amounts(office.latest(sub))[0] == -round(9800 * (FEBRUARY - office.now) / (31 * DAY))


def test_an_update_waits_for_three_d_secure(sandbox: Sandbox, office: Office) -> None:
    sub = office.subscribe(1)
    office.pays_with("pm_card_authenticationRequired")
    office.wait(DAY)
    sub = office.change(sub, 2, **IF_PAID)
    assert sub.pending_update
    sandbox.stripe("authenticate", intent=intent_of(office, sub))
    sub = office.fresh(sub)
    assert (sub.pending_update, item_of(sub).quantity) == (None, 2)


def test_another_update_replaces_a_pending_one(office: Office) -> None:
    sub = office.subscribe(2)
    office.pays_with(FAILING)
    office.wait(DAY)
    first = office.latest(office.change(sub, 4, **IF_PAID))
    office.pays_with("pm_card_visa")
    sub = office.change(sub, 5, **IF_PAID)
    assert (item_of(sub).quantity, sub.pending_update) == (5, None)
    assert office.stripe.v1.invoices.retrieve(first.id).status == "void"


def test_only_what_is_charged_can_wait_for_its_payment(office: Office) -> None:
    sub = office.subscribe()
    for values in ({"metadata": {"a": "b"}}, {"cancel_at_period_end": True}):
        wanted: Any = {**values, **IF_PAID}
        assert refused(office.stripe.v1.subscriptions.update, sub.id, wanted).param == "payment_behavior"


@pytest.mark.parametrize("behavior", ["allow_incomplete", "default_incomplete"])
def test_an_update_can_be_carried_out_before_its_payment(office: Office, behavior: str) -> None:
    sub = office.subscribe()
    office.pays_with(FAILING)
    office.wait(DAY)
    office.change(sub, 3, proration_behavior="always_invoice", payment_behavior=behavior)
    sub = office.fresh(sub)
    assert (sub.status, item_of(sub).quantity) == ("past_due", 3)


def test_it_ends_with_its_period_unless_that_is_undone(office: Office) -> None:
    sub = office.update(office.subscribe(), cancel_at_period_end=True)
    assert (sub.cancel_at_period_end, sub.cancel_at, sub.canceled_at) == (True, FEBRUARY, JANUARY)
    assert sub.cancellation_details.reason == "cancellation_requested"  # type: ignore[union-attr]
    assert refused(office.stripe.v1.invoices.create_preview, {"subscription": sub.id}).code == "invoice_upcoming_none"
    sub = office.update(sub, cancel_at_period_end=False)
    assert (sub.cancel_at_period_end, sub.cancel_at, sub.canceled_at) == (False, None, None)
    assert sub.cancellation_details.reason is None  # type: ignore[union-attr]
    sub = office.update(sub, cancel_at="max_period_end")
    assert (sub.cancel_at_period_end, sub.cancel_at) == (False, FEBRUARY)
    assert office.update(sub, cancel_at_period_end=False).cancel_at == FEBRUARY  # a date is undone as a date
    assert office.update(sub, cancel_at="").cancel_at is None
    office.update(sub, cancel_at="max_period_end")
    office.wait_until(FEBRUARY)
    sub = office.fresh(sub)
    assert (sub.status, sub.ended_at, sub.canceled_at) == ("canceled", FEBRUARY, JANUARY)
    assert (len(office.invoices(sub)), office.told("customer.subscription")[-1]) == (1, "customer.subscription.deleted")


def test_a_planned_end_within_a_period_shortens_it(office: Office) -> None:
    sub = office.update(office.subscribe(), cancel_at=FEBRUARY + 7 * DAY)
    office.wait_until(FEBRUARY + 2 * HOUR)
    assert (amounts(office.latest(sub)), period_of(office.fresh(sub))[1]) == ([MONTHLY // 4], FEBRUARY + 7 * DAY)
    office.wait_until(FEBRUARY + 7 * DAY)
    assert office.fresh(sub).status == "canceled"


def test_it_can_be_canceled_at_once(office: Office) -> None:
    sub = office.subscribe(2)
    office.wait(6 * DAY)
    sub = office.stripe.v1.subscriptions.cancel(sub.id, {"prorate": False})
    assert (sub.status, sub.ended_at, office.balance, len(office.invoices(sub))) == ("canceled", office.now, 0, 1)
    assert refused(office.stripe.v1.subscriptions.cancel, sub.id).code == "resource_missing"
    assert refused(office.stripe.v1.subscriptions.cancel, sub.id, {"prorate": True}).param == "prorate"
    assert refused(office.stripe.v1.subscriptions.update, sub.id, {"cancel_at_period_end": False}).http_status == 400


def test_the_nearest_payment_method_pays(office: Office) -> None:
    own = office.stripe.v1.payment_methods.attach("pm_card_mastercard", {"customer": office.customer.id})
    sub = office.subscribe(default_payment_method=own.id)
    assert office.stripe.v1.payment_intents.retrieve(intent_of(office, sub)).payment_method == own.id
    office.stripe.v1.payment_methods.detach(own.id)
    assert office.fresh(sub).default_payment_method is None
    office.wait_until(FEBRUARY + 2 * HOUR)
    default = office.stripe.v1.customers.retrieve(office.customer.id).invoice_settings.default_payment_method  # type: ignore[union-attr]
    assert office.stripe.v1.payment_intents.retrieve(intent_of(office, sub)).payment_method == default


def test_items_can_be_added_changed_and_removed(office: Office) -> None:
    sub = office.subscribe()
    extra: Any = {"currency": "usd", "unit_amount": 1000, "recurring": {"interval": "month"}}
    price = office.stripe.v1.prices.create(extra | {"product": str(office.monthly.product)})
    free: Any = {"proration_behavior": "none"}
    sub = office.update(sub, items=[{"price": price.id, "quantity": 2}], **free)
    first, added = sub["items"].data
    assert (first.quantity, added.quantity, added.price.unit_amount) == (1, 2, 1000)
    sub = office.update(sub, items=[{"id": added.id, "deleted": True}], **free)
    assert item_of(sub).id == first.id
    last: Any = {"items": [{"id": first.id, "deleted": True}], **free}
    assert refused(office.stripe.v1.subscriptions.update, sub.id, last).param == "items"  # the last one stays


def test_lists_are_filtered(office: Office) -> None:
    first, second = office.subscribe(), office.subscribe()
    office.stripe.v1.subscriptions.cancel(first.id)
    lists = office.stripe.v1.subscriptions.list
    common: Any = {"customer": office.customer.id}
    cases: list[tuple[Any, list[Subscription]]] = [
        ({}, [second]),
        ({"status": "all"}, [second, first]),
        ({"status": "canceled"}, [first]),
    ]
    for more, found in cases:
        wanted: Any = {**common, **more}
        assert [one.id for one in lists(wanted).data] == [one.id for one in found]


def test_fewer_seats_come_with_the_schedules_next_phase(office: Office, judge: ShapeJudge) -> None:
    sub = office.subscribe(5)
    schedules = office.stripe.v1.subscription_schedules
    schedule = schedules.create({"from_subscription": sub.id})
    phase = schedule.phases[0]
    assert (phase.start_date, phase.end_date, phase["items"][0].quantity) == (JANUARY, FEBRUARY, 5)
    first: Any = {"items": [{"price": office.monthly.id, "quantity": 5}], "start_date": JANUARY, "end_date": FEBRUARY}
    second: Any = {"items": [{"price": office.monthly.id, "quantity": 2}], "proration_behavior": "none"}
    schedule = schedules.update(schedule.id, {"phases": [first, second], "end_behavior": "release"})
    assert (schedule.status, schedule.phases[1].end_date) == ("active", MARCH)
    judge.approve(schedule, office.fresh(sub))
    assert (item_of(office.fresh(sub)).quantity, amounts(office.preview(sub))) == (5, [2 * MONTHLY])
    office.wait_until(FEBRUARY + 2 * HOUR)
    assert item_of(office.fresh(sub)).quantity == 2
    assert (amounts(office.latest(sub)), office.latest(sub).billing_reason) == ([2 * MONTHLY], "subscription_cycle")
    office.wait_until(MARCH + 2 * HOUR)
    done, sub = schedules.retrieve(schedule.id), office.fresh(sub)
    assert (done.status, done.released_subscription, sub.schedule, item_of(sub).quantity) == (
        "released",
        sub.id,
        None,
        2,
    )
    assert office.told("subscription_schedule")[-1] == "subscription_schedule.released"


def test_a_schedule_is_released_or_ends_with_its_subscription(office: Office) -> None:
    sub = office.subscribe(5)
    schedules = office.stripe.v1.subscription_schedules
    schedule = schedules.create({"from_subscription": sub.id})
    error = refused(office.stripe.v1.subscriptions.update, sub.id, {"cancel_at_period_end": True})
    assert schedule.id in str(error)
    assert refused(schedules.create, {"from_subscription": sub.id}).param == "from_subscription"
    phases: Any = {"phases": [{"items": [{"price": office.monthly.id, "quantity": 1}]}]}
    assert refused(schedules.update, schedule.id, phases).param == "phases"
    current: Any = {"phases": [{"start_date": JANUARY, "end_date": FEBRUARY, **phases["phases"][0]}]}
    assert refused(schedules.update, schedule.id, current).param == "phases[0]"
    assert schedules.release(schedule.id).status == "released"
    assert office.fresh(sub).schedule is None
    assert refused(schedules.release, schedule.id).http_status == 400
    again = schedules.create({"from_subscription": sub.id})
    office.stripe.v1.subscriptions.cancel(sub.id)
    assert schedules.retrieve(again.id).status == "canceled"


def test_a_yearly_price_can_be_scheduled_for_the_periods_end(office: Office) -> None:
    sub = office.subscribe(2)
    schedules = office.stripe.v1.subscription_schedules
    schedule = schedules.create({"from_subscription": sub.id})
    first: Any = {"items": [{"price": office.monthly.id, "quantity": 2}], "start_date": JANUARY, "end_date": FEBRUARY}
    second: Any = {"items": [{"price": office.yearly.id, "quantity": 2}], "proration_behavior": "none"}
    schedules.update(schedule.id, {"phases": [first, second]})
    preview = office.preview(sub)
    office.wait_until(FEBRUARY + 2 * HOUR)
    sub = office.fresh(sub)
    assert amounts(office.latest(sub)) == amounts(preview) == [portion(98000, 334, 365)]  # the anchor stays
    assert (period_of(sub), sub.billing_cycle_anchor) == ((FEBRUARY, JANUARY + 365 * DAY), JANUARY)


def test_a_deleted_customer_has_no_subscription_left(office: Office) -> None:
    sub = office.subscribe()
    office.stripe.v1.customers.delete(office.customer.id)
    assert office.fresh(sub).status == "canceled"
