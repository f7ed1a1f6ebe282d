"""Prorations of the sandbox Stripe: exact to the second and cent, and previews equal the invoice."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some
from stripe import StripeClient

from sandbox.stripe.billing import periods, proration
from sandbox.stripe.billing.proration import Debit
from tests.sandbox.stripe_office import (
    DAY,
    FEBRUARY,
    HOUR,
    JANUARY,
    MARCH,
    MONTHLY,
    YEARLY,
    Office,
    amounts,
    item_of,
    open_office,
    period_of,
    refused,
    words,
)

MONTH = 31 * DAY
MOMENTS = some.integers(0, 4_000_000_000)
INTERVALS = some.sampled_from(["month", "year"])
AT_ONCE: Any = {"proration_behavior": "always_invoice"}


@pytest.fixture
def office(stripe: StripeClient) -> Office:
    """A customer with a working card, on 1 January."""
    return open_office(stripe)


@given(amount=some.integers(0, 10**9), seconds=some.integers(0, MONTH), whole=some.integers(1, MONTH))
def test_a_portion_and_its_opposite_cancel_out(amount: int, seconds: int, whole: int) -> None:
    assert proration.portion(-amount, seconds, whole) == -proration.portion(amount, seconds, whole)
    assert proration.portion(amount, whole, whole) == amount


@given(
    seats=some.lists(some.integers(0, 1000), min_size=2, max_size=12),
    data=some.data(),
)
def test_charges_match_the_time_used_within_a_cent_per_change(seats: list[int], data: some.DataObject) -> None:
    moments = sorted(data.draw(some.lists(some.integers(0, MONTH), min_size=len(seats) - 1, max_size=len(seats) - 1)))
    debits = [_debit(seats[0] * MONTHLY, 0, seats[0])]
    billed = debits[0].amount
    for at, count in zip(moments, seats[1:], strict=True):
        billed -= sum(credit.amount for credit in proration.credits(debits, at))
        rest = proration.portion(count * MONTHLY, MONTH - at, MONTH)
        debits = [*(debit.cut(at) for debit in debits), _debit(rest, at, count)]
        billed += rest
    spans = zip(seats, [0, *moments], [*moments, MONTH], strict=True)
    used = sum((Decimal(count * MONTHLY) * (end - start) / MONTH for count, start, end in spans), Decimal(0))
    assert abs(billed - used) <= len(seats)


@given(at=some.integers(0, MONTH), seats=some.integers(1, 1000), others=some.integers(0, 1000))
def test_changing_back_at_the_same_moment_costs_nothing(at: int, seats: int, others: int) -> None:
    first = _debit(seats * MONTHLY, 0, seats)
    there = _debit(proration.portion(others * MONTHLY, MONTH - at, MONTH), at, others)
    back = proration.portion(seats * MONTHLY, MONTH - at, MONTH)
    given_back = [credit.amount for credit in proration.credits([first], at)]
    given_back += [credit.amount for credit in proration.credits([first.cut(at), there], at)]
    assert there.amount + back == sum(given_back)


def _debit(amount: int, start: int, seats: int) -> Debit:
    return Debit(amount, start, MONTH, MONTH, seats, "price")


@given(total=some.integers(0, 10**6), weights=some.lists(some.integers(0, 10**6), min_size=1, max_size=8))
def test_a_discount_is_spread_to_the_cent(total: int, weights: list[int]) -> None:
    shares, whole = proration.spread(total, weights), sum(weights)
    assert sum(shares) == (total if whole else 0)
    for share, weight in zip(shares, weights, strict=True):
        assert not whole or abs(share * whole - total * weight) < whole


@given(anchor=MOMENTS, at=MOMENTS, interval=INTERVALS)
def test_every_moment_is_in_one_period(anchor: int, at: int, interval: str) -> None:
    start, end = periods.around(anchor, interval, at)
    assert start <= at < end
    assert periods.around(anchor, interval, end)[0] == end
    assert periods.around(anchor, interval, start - 1)[1] == start


def test_an_anchor_on_the_31st_is_the_last_day_of_shorter_months() -> None:
    anchor = int(datetime(2028, 1, 31, 12, tzinfo=UTC).timestamp())
    days = [datetime.fromtimestamp(periods.boundary(anchor, "month", number), UTC).day for number in range(5)]
    assert days == [31, 29, 31, 30, 31]
    leap = int(datetime(2028, 2, 29, tzinfo=UTC).timestamp())
    assert datetime.fromtimestamp(periods.after(leap, "year"), UTC) == datetime(2029, 2, 28, tzinfo=UTC)


def test_more_seats_are_charged_for_the_rest_of_the_period(office: Office) -> None:
    sub = office.subscribe(3)
    office.wait(6 * DAY)
    sub = office.change(sub, 5, **AT_ONCE)
    invoice = office.latest(sub)
    assert amounts(invoice) == [-11855, 19758]  # 25 of 31 days of 147 and of 245 dollars
    assert words(invoice.lines.data) == [
        "Unused time on 3 × AI employee after 07 Jan 2026",  # noqa: RUF001 - as Stripe writes it
        "Remaining time on 5 × AI employee after 07 Jan 2026",  # noqa: RUF001
    ]
    assert (invoice.billing_reason, invoice.status, invoice.total, invoice.amount_paid) == (
        "subscription_update",
        "paid",
        7903,
        7903,
    )
    assert period_of(sub) == (JANUARY, FEBRUARY)


@pytest.mark.parametrize("after", [1, 12345, 6 * DAY, 15 * DAY + 7, 30 * DAY, MONTH - 61])
def test_a_preview_is_the_invoice_to_the_cent(office: Office, after: int) -> None:
    sub = office.subscribe(3)
    office.wait(after)
    at = office.now
    details: Any = {"items": [{"id": item_of(sub).id, "quantity": 8}], "proration_date": at, **AT_ONCE}
    preview = office.preview(sub, **details)
    office.wait(60)
    office.update(sub, **details, payment_behavior="pending_if_incomplete")
    invoice = office.latest(sub)
    assert (preview.total, preview.amount_due) == (invoice.total, invoice.amount_due)
    assert amounts(preview) == amounts(invoice)
    assert words(preview.lines.data) == words(invoice.lines.data)
    assert preview.id.startswith("upcoming_in_")
    assert preview.parent.subscription_details.subscription_proration_date == at  # type: ignore[union-attr]


def test_a_preview_changes_nothing(office: Office) -> None:
    sub = office.subscribe(3)
    office.wait(DAY)
    before, told = office.fresh(sub), len(office.events())
    office.preview(sub, items=[{"id": item_of(sub).id, "quantity": 9}], **AT_ONCE)
    assert office.fresh(sub) == before
    assert (len(office.invoices(sub)), len(office.events())) == (1, told)


def test_a_change_that_is_not_invoiced_at_once_waits_for_the_renewal(office: Office) -> None:
    sub = office.subscribe(1)
    office.wait(6 * DAY)
    details: Any = {"items": [{"id": item_of(sub).id, "quantity": 2}], "proration_date": office.now}
    preview = office.preview(sub, **details)
    office.change(sub, 2, proration_date=office.now)
    assert len(office.invoices(sub)) == 1
    office.wait_until(FEBRUARY + 2 * HOUR)
    invoice = office.latest(sub)
    assert amounts(invoice) == amounts(preview) == [-3952, 7903, 9800]
    assert (invoice.billing_reason, invoice.amount_paid) == ("subscription_cycle", preview.amount_due)


def test_fewer_seats_leave_a_credit_that_the_next_invoices_use(office: Office) -> None:
    sub = office.subscribe(10)
    office.wait(15 * DAY)
    office.change(sub, 1, **AT_ONCE)
    invoice = office.latest(sub)
    assert (invoice.total, invoice.amount_due, invoice.status) == (-22761, 0, "paid")
    assert office.balance == invoice.ending_balance == -22761
    preview = office.preview(sub)
    assert (preview.total, preview.amount_due, preview.starting_balance) == (MONTHLY, 0, -22761)
    office.wait_until(FEBRUARY + 2 * HOUR)
    renewal = office.latest(sub)
    assert (renewal.amount_due, renewal.status, renewal.ending_balance) == (0, "paid", MONTHLY - 22761)
    assert office.balance == MONTHLY - 22761


def test_what_was_never_charged_is_never_credited(office: Office) -> None:
    sub = office.subscribe(1)
    office.wait(6 * DAY)
    office.change(sub, 5, proration_behavior="none")
    invoice = office.latest(office.change(sub, 2, **AT_ONCE))
    assert amounts(invoice) == [-3952, 7903]  # the credit for the one seat that was paid


def test_a_trial_is_changed_without_prorations(office: Office) -> None:
    sub = office.subscribe(1, trial_period_days=14)
    office.wait(5 * DAY)
    sub = office.change(sub, 7, **AT_ONCE)
    assert (sub.status, item_of(sub).quantity, len(office.invoices(sub))) == ("trialing", 7, 1)


def test_amounts_too_small_to_charge_go_on_the_balance(office: Office) -> None:
    sub = office.subscribe(1)
    office.wait(MONTH - HOUR)
    invoice = office.latest(office.change(sub, 2, **AT_ONCE))
    assert (invoice.total, invoice.amount_due, invoice.status, office.balance) == (6, 0, "paid", 6)
    office.wait_until(FEBRUARY + 2 * HOUR)
    assert (office.latest(sub).amount_paid, office.balance) == (2 * MONTHLY + 6, 0)


def test_discounts_are_in_prorations(office: Office) -> None:
    coupon = office.stripe.v1.coupons.create({"percent_off": 50, "duration": "forever"})
    sub = office.subscribe(2, discounts=[{"coupon": coupon.id}])
    office.wait(6 * DAY)
    invoice = office.latest(office.change(sub, 4, **AT_ONCE))
    assert (amounts(invoice), invoice.total_discount_amounts) == ([-3952, 7903], [])
    assert not any(line.discountable for line in invoice.lines.data)


def test_switching_to_yearly_with_a_new_anchor_starts_a_year_and_switching_back_a_month(office: Office) -> None:
    sub = office.subscribe(3)
    office.wait(10 * DAY)
    items: Any = [{"id": item_of(sub).id, "price": office.yearly.id}]
    details: Any = {"items": items, "proration_date": office.now, "billing_cycle_anchor": "now"}
    preview = office.preview(sub, **details, **AT_ONCE)
    sub = office.update(sub, **details, **AT_ONCE)
    invoice, now = office.latest(sub), office.now
    assert amounts(invoice) == amounts(preview) == [-9958, 3 * YEARLY]
    assert (sub.billing_cycle_anchor, period_of(sub)) == (now, (now, now + 365 * DAY))
    office.wait(10 * DAY)
    items = [{"id": item_of(sub).id, "price": office.monthly.id}]
    sub = office.update(sub, items=items, billing_cycle_anchor="now")
    assert amounts(office.latest(sub)) == [-142973, 3 * MONTHLY]  # 355 of 365 days
    assert office.balance == 3 * MONTHLY - 142973
    assert period_of(sub) == (office.now, office.now + 31 * DAY)


@pytest.mark.parametrize("anchor", [{}, {"billing_cycle_anchor": "unchanged"}])
def test_another_interval_keeps_the_anchor(office: Office, anchor: Any) -> None:
    sub = office.subscribe(3)
    office.wait(10 * DAY)
    details: Any = {"items": [{"id": item_of(sub).id, "price": office.yearly.id}], "proration_date": office.now}
    preview = office.preview(sub, **details, **anchor, **AT_ONCE)
    sub = office.update(sub, **details, **anchor, **AT_ONCE)
    rest_of_year = proration.portion(3 * YEARLY, 355, 365)
    assert amounts(office.latest(sub)) == amounts(preview) == [-9958, rest_of_year]
    assert (sub.billing_cycle_anchor, period_of(sub)) == (JANUARY, (JANUARY, JANUARY + 365 * DAY))
    office.wait_until(FEBRUARY + DAY)
    assert len(office.invoices(sub)) == 2
    sub = office.update(sub, items=[{"id": item_of(sub).id, "price": office.monthly.id}], **anchor, **AT_ONCE)
    assert amounts(office.latest(sub)) == [
        -proration.portion(rest_of_year, 333, 355),
        proration.portion(3 * MONTHLY, 27, 28),
    ]
    assert (sub.billing_cycle_anchor, period_of(sub)) == (JANUARY, (FEBRUARY, MARCH))


def test_renewals_keep_the_day_of_the_month(stripe: StripeClient) -> None:
    office = open_office(stripe, at=FEBRUARY - DAY)  # 31 January
    sub = office.subscribe()
    ends = [period_of(sub)[1]]
    for _ in range(3):
        office.wait_until(ends[-1] + 2 * HOUR)
        ends.append(period_of(office.fresh(sub))[1])
    assert [datetime.fromtimestamp(end, UTC).day for end in ends] == [28, 31, 30, 31]
    assert ends[0] == MARCH - DAY
    assert {invoice.total for invoice in office.invoices(sub)} == {MONTHLY}


def test_a_proration_date_is_within_the_period(office: Office) -> None:
    sub = office.subscribe()
    for moment in (JANUARY - 1, FEBRUARY + 1):
        values: Any = {"items": [{"id": item_of(sub).id, "quantity": 2}], "proration_date": moment}
        assert refused(office.stripe.v1.subscriptions.update, sub.id, values).param == "proration_date"
    assert item_of(office.fresh(sub)).quantity == 1
