"""Time in the sandbox Stripe: test clocks that run everything in order, and the ticker for everything else."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
import stripe as sdk
from stripe import StripeClient

from tests.sandbox.conftest import Sandbox, poll
from tests.sandbox.stripe_office import (
    DAY,
    FEBRUARY,
    HOUR,
    JANUARY,
    MARCH,
    MONTHLY,
    Office,
    declined,
    open_office,
    period_of,
    refused,
)

FAILING = "pm_card_chargeCustomerFail"
TRIAL_END = JANUARY + 14 * DAY


@pytest.fixture
def office(stripe: StripeClient) -> Office:
    """A customer with a working card, on 1 January."""
    return open_office(stripe)


@pytest.fixture(params=["cancel", "unpaid", "past_due"])
def ending(request: pytest.FixtureRequest, sandbox: Sandbox) -> Iterator[str]:
    """What the account does when retries are over."""
    sandbox.stripe("settings", ending=request.param)
    yield str(request.param)
    sandbox.stripe("settings", ending="cancel")


def test_a_clock_is_advanced(stripe: StripeClient) -> None:
    clocks = stripe.v1.test_helpers.test_clocks
    clock = clocks.create({"frozen_time": JANUARY, "name": "January"})
    assert (clock.status, clock.frozen_time, clock.name) == ("ready", JANUARY, "January")
    assert stripe.v1.customers.create({"test_clock": clock.id}).created == JANUARY
    assert clocks.advance(clock.id, {"frozen_time": FEBRUARY}).status == "advancing"
    assert clocks.retrieve(clock.id).status == "ready"
    told = [event.type for event in stripe.v1.events.list({"limit": 20}).data]
    for verb in ("created", "advancing", "ready"):
        assert f"test_helpers.test_clock.{verb}" in told


def test_a_clock_moves_forward_and_two_intervals_at_most(office: Office) -> None:
    advance = office.stripe.v1.test_helpers.test_clocks.advance
    assert refused(advance, office.clock, {"frozen_time": JANUARY}).param == "frozen_time"
    assert refused(advance, office.clock, {"frozen_time": JANUARY + 3 * 366 * DAY}).param == "frozen_time"
    office.subscribe()
    assert refused(advance, office.clock, {"frozen_time": MARCH + 1}).param == "frozen_time"
    office.wait_until(MARCH)


def test_everything_happens_at_its_own_time_and_in_order(office: Office) -> None:
    sub = office.subscribe(trial_period_days=14)
    office.wait_until(MARCH)
    events = [one for one in office.events() if one.type.startswith(("customer.subscription", "invoice.", "charge."))]
    times = [event.created for event in events]
    assert times == sorted(times)
    by_type: dict[str, list[int]] = {}
    for event in events:
        by_type.setdefault(str(event.type), []).append(event.created)
    week = 7 * DAY
    renewals = [TRIAL_END, TRIAL_END + 31 * DAY]
    assert by_type["customer.subscription.trial_will_end"] == [TRIAL_END - 3 * DAY]
    assert by_type["invoice.upcoming"] == [renewal - week for renewal in renewals]
    assert by_type["invoice.created"] == [JANUARY, *renewals]
    assert by_type["charge.succeeded"] == [renewal + HOUR for renewal in renewals]
    assert by_type["invoice.paid"] == [JANUARY, *(renewal + HOUR for renewal in renewals)]
    assert [invoice.created for invoice in office.invoices(sub)] == [JANUARY, *renewals]


def test_an_upcoming_invoice_is_sent_without_an_id(office: Office) -> None:
    sub = office.subscribe(2)
    office.wait_until(FEBRUARY - 7 * DAY)
    (event,) = office.events("invoice.upcoming")
    told: Any = event.data.object
    assert "id" not in told
    assert (told["amount_due"], told["billing_reason"], told["created"]) == (2 * MONTHLY, "upcoming", FEBRUARY)
    assert told["parent"]["subscription_details"]["subscription"] == sub.id


def test_nothing_is_upcoming_when_it_ends(office: Office) -> None:
    office.update(office.subscribe(), cancel_at_period_end=True)
    office.wait_until(FEBRUARY)
    assert office.events("invoice.upcoming") == []


def test_a_trial_ends_with_a_card(office: Office) -> None:
    sub = office.subscribe(trial_period_days=14)
    office.wait_until(TRIAL_END - 1)
    assert office.fresh(sub).status == "trialing"
    office.wait(1)
    assert (office.fresh(sub).status, office.latest(sub).status) == ("active", "draft")
    office.wait(HOUR)
    assert (office.latest(sub).amount_paid, period_of(office.fresh(sub))) == (
        MONTHLY,
        (TRIAL_END, TRIAL_END + 31 * DAY),
    )


def test_a_trial_ends_with_a_card_that_declines(stripe: StripeClient) -> None:
    office = open_office(stripe, FAILING)
    sub = office.subscribe(trial_period_days=14)
    office.wait_until(TRIAL_END + HOUR)
    assert office.fresh(sub).status == "past_due"


@pytest.mark.parametrize(
    ("behavior", "status"), [("cancel", "canceled"), ("pause", "paused"), ("create_invoice", "past_due")]
)
def test_a_trial_ends_without_a_card(stripe: StripeClient, behavior: str, status: str) -> None:
    office = open_office(stripe, None)
    settings = {"end_behavior": {"missing_payment_method": behavior}}
    sub = office.subscribe(trial_period_days=14, trial_settings=settings)
    office.wait_until(TRIAL_END + 2 * HOUR)
    assert office.fresh(sub).status == status
    assert len(office.invoices(sub)) == (2 if status == "past_due" else 1)
    if status == "paused":
        assert "customer.subscription.paused" in office.told("customer.subscription")
        office.wait(31 * DAY)
        assert (office.fresh(sub).status, len(office.invoices(sub))) == ("paused", 1)


@pytest.fixture
def paused(stripe: StripeClient) -> tuple[Office, sdk.Subscription]:
    """A subscription that was paused when its trial ended without a card."""
    office = open_office(stripe, None)
    settings = {"end_behavior": {"missing_payment_method": "pause"}}
    sub = office.subscribe(2, trial_period_days=14, trial_settings=settings)
    office.wait_until(TRIAL_END + DAY)
    return office, sub


def test_a_paused_subscription_resumes_when_it_is_paid(paused: tuple[Office, sdk.Subscription]) -> None:
    office, sub = paused
    office.pays_with("pm_card_visa")
    resume = office.stripe.v1.subscriptions.resume
    answer = resume(sub.id)
    invoice = office.latest(sub)
    assert (answer.status, invoice.status, invoice.attempted) == ("paused", "open", False)
    assert invoice.next_payment_attempt is None
    assert refused(resume, sub.id).http_status == 400, "it waits for its invoice"
    office.stripe.v1.invoices.pay(invoice.id)
    assert office.fresh(sub).status == "active"
    assert office.latest(sub).amount_paid == 2 * MONTHLY
    assert period_of(office.fresh(sub)) == (office.now, office.now + 31 * DAY)
    assert office.told("customer.subscription")[-1] == "customer.subscription.resumed"
    assert refused(resume, sub.id).http_status == 400


def test_a_failed_resumption_is_past_due_and_not_retried(paused: tuple[Office, sdk.Subscription]) -> None:
    office, sub = paused
    office.pays_with(FAILING)
    office.stripe.v1.subscriptions.resume(sub.id)
    assert declined(office.stripe.v1.invoices.pay, office.latest(sub).id).http_status == 402
    invoice = office.latest(sub)
    assert (office.fresh(sub).status, invoice.status, invoice.next_payment_attempt) == ("past_due", "open", None)
    office.wait(24 * HOUR)
    assert (office.fresh(sub).status, office.latest(sub).status) == ("past_due", "open")
    office.pays_with("pm_card_visa")
    office.stripe.v1.invoices.pay(invoice.id)
    assert office.fresh(sub).status == "active"


def test_an_unpaid_resumption_expires_after_23_hours(paused: tuple[Office, sdk.Subscription]) -> None:
    office, sub = paused
    office.pays_with("pm_card_visa")
    office.stripe.v1.subscriptions.resume(sub.id)
    office.wait(23 * HOUR - 1)
    assert (office.fresh(sub).status, office.latest(sub).status) == ("paused", "open")
    office.wait(1)
    invoice = office.latest(sub)
    assert (office.fresh(sub).status, invoice.status, invoice.attempt_count) == ("paused", "void", 0)
    office.stripe.v1.subscriptions.resume(sub.id)
    office.stripe.v1.invoices.pay(office.latest(sub).id)
    assert office.fresh(sub).status == "active"


def test_a_subscription_that_is_never_paid_expires_after_23_hours(stripe: StripeClient) -> None:
    office = open_office(stripe, FAILING)
    sub = office.subscribe()
    office.wait(23 * HOUR - 1)
    assert office.fresh(sub).status == "incomplete"
    office.wait(1)
    sub = office.fresh(sub)
    assert (sub.status, sub.ended_at, office.latest(sub).status) == ("incomplete_expired", office.now, "void")
    office.wait(31 * DAY)
    assert len(office.invoices(sub)) == 1


def test_a_failed_renewal_is_retried_until_the_account_gives_up(stripe: StripeClient, ending: str) -> None:
    office = open_office(stripe)
    sub = office.subscribe()
    office.pays_with(FAILING)
    first = FEBRUARY + HOUR
    tries = [first, first + 3 * DAY, first + 8 * DAY, first + 15 * DAY]
    for count, (moment, following) in enumerate(zip(tries, [*tries[1:], None], strict=True), 1):
        office.wait_until(moment)
        invoice = office.latest(sub)
        assert (invoice.attempt_count, invoice.next_payment_attempt) == (count, following)
        assert following is None or office.fresh(sub).status == "past_due"
    sub = office.fresh(sub)
    assert (sub.status, office.latest(sub).status) == ({"cancel": "canceled"}.get(ending, ending), "open")
    assert len(office.events("invoice.payment_failed")) == len(office.events("charge.failed")) == 4
    if ending == "cancel":
        assert sub.cancellation_details.reason == "payment_failed"  # type: ignore[union-attr]
        assert office.told("customer.subscription")[-1] == "customer.subscription.deleted"


def test_an_unpaid_subscription_creates_drafts_until_it_is_paid(stripe: StripeClient, ending: str) -> None:
    office = open_office(stripe)
    sub = office.subscribe()
    office.pays_with(FAILING)
    office.wait_until(FEBRUARY + 20 * DAY)
    office.wait_until(MARCH + 20 * DAY)
    states = [invoice.status for invoice in office.invoices(sub)]
    assert (
        states
        == {
            "cancel": ["paid", "open"],
            "unpaid": ["paid", "open", "draft"],
            "past_due": ["paid", "open", "open"],
        }[ending]
    )
    if ending == "cancel":
        return
    office.pays_with("pm_card_visa")
    for invoice in office.invoices(sub)[1:]:
        office.stripe.v1.invoices.pay(invoice.id)
    assert office.fresh(sub).status == "active"


def test_a_retry_charges_the_new_card(office: Office) -> None:
    sub = office.subscribe()
    office.pays_with(FAILING)
    office.wait_until(FEBRUARY + HOUR)
    office.pays_with("pm_card_visa")
    office.wait(3 * DAY)
    assert (office.fresh(sub).status, office.latest(sub).attempt_count) == ("active", 2)


def test_the_account_settings_are_checked(sandbox: Sandbox) -> None:
    for body in ({"ending": "forgive"}, {"retry_days": [0]}, {"retry_days": ["soon"]}, {"nonsense": 1}):
        assert sandbox.http.post("/stripe/control/settings", json=body).status_code == 400
    assert sandbox.stripe("settings") == {"retry_days": [3, 5, 7], "ending": "cancel", "upcoming_days": 7}


def test_real_time_passes_without_a_clock(stripe: StripeClient) -> None:
    office = open_office(stripe)
    values: Any = {"payment_method": "pm_card_visa", "invoice_settings": {"default_payment_method": "pm_card_visa"}}
    customer = stripe.v1.customers.create(values)
    items: Any = [{"price": office.monthly.id}]
    sub = stripe.v1.subscriptions.create({"customer": customer.id, "items": items})
    assert (sub.status, sub.test_clock) == ("active", None)
    office.update(sub, cancel_at=int(time.time()) + 2)
    poll(lambda: office.fresh(sub).status == "canceled")


def test_a_customer_gets_a_clock_later(sandbox: Sandbox, stripe: StripeClient) -> None:
    office = open_office(stripe)
    values: Any = {"payment_method": "pm_card_visa", "invoice_settings": {"default_payment_method": "pm_card_visa"}}
    customer = stripe.v1.customers.create(values)
    items: Any = [{"price": office.monthly.id}]
    sub = stripe.v1.subscriptions.create({"customer": customer.id, "items": items, "trial_period_days": 14})
    clock = sandbox.stripe("advance", customer=customer.id, days=14, seconds=2 * HOUR)
    assert (office.fresh(sub).status, office.fresh(sub).test_clock) == ("active", clock["id"])
    assert office.latest(sub).amount_paid == MONTHLY
    sandbox.stripe("advance", customer=customer.id, days=365)
    assert len(office.invoices(sub)) == 14
    back = sandbox.http.post("/stripe/control/advance", json={"customer": customer.id, "to": JANUARY})
    assert back.status_code == 400
