"""What counts as owed, and since when, according to Stripe's invoices."""

from datetime import UTC, datetime
from typing import Any

import pytest

from billing.stripe import open_invoices
from billing.stripe.open_invoices import Debt

JANUARY, FEBRUARY, MARCH = (int(datetime(2031, month, 1, tzinfo=UTC).timestamp()) for month in (1, 2, 3))
PAST_DUE = {"status": "past_due", "items": {"data": [{"current_period_start": MARCH}]}}
UNPAID = {**PAST_DUE, "status": "unpaid"}


def invoice(created: int, status: str, total: int = 4900) -> dict[str, Any]:
    left = 0 if status == "paid" else total
    facts = {"id": f"in_{created}", "created": created, "status_transitions": {"finalized_at": created}}
    return {**facts, "status": status, "total": total, "amount_remaining": left, "hosted_invoice_url": f"/{created}"}


def columns(subscription: dict[str, Any], *invoices: dict[str, Any]) -> dict[str, Any]:
    states = open_invoices.WAITING_UNPAID if subscription is UNPAID else open_invoices.WAITING
    return Debt(open_invoices.waiting(invoices, states)).columns(subscription)


def test_grace_does_not_count_from_an_invoice_before_one_that_was_paid() -> None:
    """The subscription became active again although January's invoice stays open."""
    found = columns(PAST_DUE, invoice(MARCH, "open"), invoice(FEBRUARY, "paid"), invoice(JANUARY, "open"))
    assert found == {"past_due_since": datetime.fromtimestamp(MARCH, UTC), "pay_url": f"/{MARCH}"}


def test_grace_counts_from_the_oldest_open_invoice() -> None:
    found = columns(PAST_DUE, invoice(MARCH, "open"), invoice(FEBRUARY, "open"), invoice(JANUARY, "paid"))
    assert found == {"past_due_since": datetime.fromtimestamp(FEBRUARY, UTC), "pay_url": f"/{FEBRUARY}"}


def test_an_invoice_for_zero_settles_nothing() -> None:
    found = columns(PAST_DUE, invoice(FEBRUARY, "paid", total=0), invoice(JANUARY, "open"))
    assert found["past_due_since"] == datetime.fromtimestamp(JANUARY, UTC)


def tried(found: dict[str, Any]) -> dict[str, Any]:
    """An invoice with four payment attempts."""
    return {**found, "attempt_count": 4}


def test_an_invoice_written_off_without_an_attempt_is_not_owed() -> None:
    """As `pause_collection` with `mark_uncollectible` does."""
    assert columns(UNPAID, invoice(JANUARY, "uncollectible")) == {}


def test_an_uncollectible_invoice_can_be_paid() -> None:
    """A Stripe account can be set to mark an invoice uncollectible after the last retry."""
    assert columns(UNPAID, tried(invoice(JANUARY, "uncollectible"))) == {"pay_url": f"/{JANUARY}"}


@pytest.mark.parametrize("status", ["void", "paid"])
def test_grace_ends_even_without_an_invoice(status: str) -> None:
    found = columns(PAST_DUE, invoice(JANUARY, status))
    assert found == {"past_due_since": datetime.fromtimestamp(MARCH, UTC), "pay_url": ""}
