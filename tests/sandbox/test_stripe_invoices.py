"""Invoices of the sandbox Stripe, through the official SDK: from draft to paid, void or written off."""

from __future__ import annotations

import re
from typing import Any

import pytest
import stripe as sdk
from stripe import Invoice, StripeClient

from tests.sandbox.conftest import Sandbox
from tests.sandbox.stripe_office import (
    DAY,
    FEBRUARY,
    HOUR,
    JANUARY,
    MARCH,
    MONTHLY,
    Office,
    declined,
    item_of,
    open_office,
    refused,
)
from tests.sandbox.stripe_shapes import ShapeJudge

FAILING = "pm_card_chargeCustomerFail"


@pytest.fixture
def office(stripe: StripeClient) -> Office:
    """A customer with a working card, on 1 January."""
    return open_office(stripe)


@pytest.fixture
def owing(stripe: StripeClient) -> tuple[Office, Invoice]:
    """A customer whose renewal payment failed, and its invoice."""
    office = open_office(stripe)
    sub = office.subscribe()
    office.pays_with(FAILING)
    office.wait_until(FEBRUARY + HOUR)
    assert office.fresh(sub).status == "past_due"
    return office, office.latest(sub)


def subscription_of(office: Office, invoice: Invoice) -> sdk.Subscription:
    """An invoice's subscription in its current state."""
    return office.stripe.v1.subscriptions.retrieve(str(invoice.parent.subscription_details.subscription))  # type: ignore[union-attr]


def test_a_renewal_is_a_draft_for_an_hour(office: Office, judge: ShapeJudge) -> None:
    sub = office.subscribe(2)
    office.wait_until(FEBRUARY)
    draft = office.latest(sub)
    assert (draft.status, draft.number, draft.hosted_invoice_url) == ("draft", None, None)
    assert draft.automatically_finalizes_at == FEBRUARY + HOUR
    assert (draft.billing_reason, draft.period_start, draft.period_end) == ("subscription_cycle", JANUARY, FEBRUARY)
    assert draft.lines.data[0].period.to_dict() == {"start": FEBRUARY, "end": MARCH}
    judge.approve(draft)
    office.wait(HOUR)
    paid = office.latest(sub)
    assert (paid.status, paid.amount_paid, paid.amount_remaining, paid.attempt_count) == ("paid", 2 * MONTHLY, 0, 1)
    assert paid.status_transitions.to_dict() == {
        "finalized_at": FEBRUARY + HOUR,
        "marked_uncollectible_at": None,
        "paid_at": FEBRUARY + HOUR,
        "voided_at": None,
    }
    judge.approve(paid)


def test_a_paid_invoice_has_number_page_receipt_and_payment(
    sandbox: Sandbox, office: Office, judge: ShapeJudge
) -> None:
    sub = office.subscribe()
    invoice = office.stripe.v1.invoices.retrieve(office.latest(sub).id, {"expand": ["customer"]})
    customer: Any = invoice.customer
    assert invoice.number == f"{customer.invoice_prefix}-0001"
    assert invoice.hosted_invoice_url == f"{sandbox.url}/stripe/invoice/{invoice.id}"
    assert re.fullmatch(r"\d{4}-\d{4}", str(invoice.receipt_number))
    payments = office.stripe.v1.invoice_payments.list({"invoice": invoice.id})
    payment = payments.data[0]
    assert (payment.status, payment.amount_paid, payment.is_default) == ("paid", MONTHLY, True)
    intent = office.stripe.v1.payment_intents.retrieve(str(payment.payment.payment_intent))
    assert (intent.status, intent.amount_received, intent.description) == (
        "succeeded",
        MONTHLY,
        "Subscription creation",
    )
    judge.approve(invoice, payments)
    assert "invoice_payment.paid" in [one.type for one in office.stripe.v1.events.list({"limit": 20}).data]


def test_lines_say_what_they_are_for(office: Office) -> None:
    sub = office.subscribe(2, metadata={"workspace": "acme"})
    invoice = office.latest(sub)
    line = invoice.lines.data[0]
    assert line.description == "2 × AI employee (at $49.00 / month)"  # noqa: RUF001 - as Stripe writes it
    pricing: Any = line.pricing
    assert (pricing.price_details.price, pricing.price_details.product) == (office.monthly.id, office.monthly.product)
    details: Any = line.parent.subscription_item_details  # type: ignore[union-attr]
    assert (details.subscription, details.subscription_item, details.proration) == (sub.id, item_of(sub).id, False)
    assert invoice.parent.subscription_details.metadata.to_dict() == {"workspace": "acme"}  # type: ignore[union-attr]


def test_an_open_invoice_is_paid_with_another_card(owing: tuple[Office, Invoice]) -> None:
    office, invoice = owing
    assert (invoice.status, invoice.amount_remaining, invoice.attempt_count) == ("open", MONTHLY, 1)
    assert office.stripe.v1.customers.retrieve(office.customer.id).delinquent
    error = declined(office.stripe.v1.invoices.pay, invoice.id)
    assert (error.code, error.error.decline_code) == ("card_declined", "generic_decline")  # type: ignore[union-attr]
    again = office.stripe.v1.invoices.retrieve(invoice.id)
    assert (again.attempt_count, again.next_payment_attempt) == (1, invoice.next_payment_attempt)
    office.pays_with("pm_card_visa")
    assert office.stripe.v1.invoices.pay(invoice.id).status == "paid"
    assert subscription_of(office, invoice).status == "active"
    assert not office.stripe.v1.customers.retrieve(office.customer.id).delinquent
    assert "paid" in str(refused(office.stripe.v1.invoices.pay, invoice.id))


def test_an_invoice_waits_for_three_d_secure(sandbox: Sandbox, owing: tuple[Office, Invoice]) -> None:
    office, invoice = owing
    office.pays_with("pm_card_authenticationRequired")
    error = declined(office.stripe.v1.invoices.pay, invoice.id)
    assert error.code == "invoice_payment_intent_requires_action"
    assert "invoice.payment_action_required" in office.told("invoice.")
    payment = office.stripe.v1.invoice_payments.list({"invoice": invoice.id}).data[0]
    sandbox.stripe("authenticate", intent=str(payment.payment.payment_intent))
    assert office.stripe.v1.invoices.retrieve(invoice.id).status == "paid"
    assert subscription_of(office, invoice).status == "active"


def test_an_open_invoice_that_is_void_is_never_paid(owing: tuple[Office, Invoice]) -> None:
    office, invoice = owing
    ended = office.stripe.v1.invoices.void_invoice(invoice.id)
    assert (ended.status, ended.next_payment_attempt) == ("void", None)
    assert subscription_of(office, invoice).status == "active"
    assert refused(office.stripe.v1.invoices.pay, invoice.id).code == "invoice_not_editable"


def test_voiding_the_first_invoice_ends_a_subscription_that_never_started(stripe: StripeClient) -> None:
    office = open_office(stripe, FAILING)
    sub = office.subscribe()
    office.stripe.v1.invoices.void_invoice(str(sub.latest_invoice))
    assert office.fresh(sub).status == "incomplete_expired"


def test_coupons_apply_once_for_a_time_or_forever(office: Office) -> None:
    coupons = office.stripe.v1.coupons
    once = coupons.create({"percent_off": 50, "duration": "once"})
    while_ = coupons.create({"amount_off": 1000, "currency": "usd", "duration": "repeating", "duration_in_months": 2})
    forever = coupons.create({"percent_off": 10, "duration": "forever"})
    sub = office.subscribe(discounts=[{"coupon": one.id} for one in (once, while_, forever)])
    assert len(sub.discounts) == 2  # the first is used up
    previews = []
    for month in (FEBRUARY, MARCH):
        previews.append(office.preview(sub).total)
        office.wait_until(month + 2 * HOUR)
    totals = [invoice.total for invoice in office.invoices(sub)]
    assert totals == [1305, 3510, 4410]  # (49 / 2 - 10) * 0.9, (49 - 10) * 0.9, 49 * 0.9
    assert previews == totals[1:]
    first = office.stripe.v1.invoices.retrieve(office.invoices(sub)[0].id, {"expand": ["discounts"]})
    off: Any = first.total_discount_amounts
    assert [one.amount for one in off] == [2450, 1000, 145]
    assert [one["source"]["coupon"] for one in first.discounts] == [once.id, while_.id, forever.id]  # type: ignore[index]
    ended = [event.data.object["source"]["coupon"] for event in office.events("customer.discount.deleted")]
    assert ended == [once.id, while_.id]


def test_a_promotion_code_is_redeemed_and_removed(office: Office) -> None:
    coupon = office.stripe.v1.coupons.create({"percent_off": 20, "duration": "forever"})
    code = office.stripe.v1.promotion_codes.create({"promotion": {"type": "coupon", "coupon": coupon.id}})
    sub = office.subscribe(discounts=[{"promotion_code": code.id}])
    assert office.latest(sub).total == 3920
    items: Any = [{"price": office.monthly.id}]
    values: Any = {"customer": office.customer.id, "items": items, "discounts": [{"coupon": "none"}]}
    assert refused(office.stripe.v1.subscriptions.create, values).param == "discounts[0][coupon]"
    sub = office.update(sub, discounts="")
    assert (sub.discounts, office.preview(sub).total) == ([], MONTHLY)


def test_automatic_tax_finds_nothing_to_collect(office: Office, judge: ShapeJudge) -> None:
    sub = office.subscribe(automatic_tax={"enabled": True})
    invoice = office.latest(sub)
    assert (invoice.automatic_tax.enabled, invoice.automatic_tax.status) == (True, "complete")
    assert [tax.amount for tax in invoice.total_taxes or []] == [0]
    assert (invoice.total, invoice.total_excluding_tax) == (MONTHLY, MONTHLY)
    judge.approve(sub, invoice)


def test_lists_are_filtered(office: Office) -> None:
    first, second = office.subscribe(), office.subscribe()
    invoices = office.stripe.v1.invoices
    assert [one.id for one in invoices.list({"subscription": first.id}).data] == [office.latest(first).id]
    assert len(invoices.list({"customer": office.customer.id, "status": "paid"}).data) == 2
    assert invoices.list({"customer": office.customer.id, "status": "open"}).data == []
    assert invoices.list({"customer": office.customer.id, "limit": 1}).data[0].id == office.latest(second).id


@pytest.mark.parametrize(
    ("behavior", "status"), [("void", "void"), ("keep_as_draft", "draft"), ("mark_uncollectible", "uncollectible")]
)
def test_collection_can_pause(office: Office, behavior: str, status: str) -> None:
    sub = office.subscribe()
    sub = office.update(sub, pause_collection={"behavior": behavior, "resumes_at": FEBRUARY + 5 * DAY})
    office.wait_until(FEBRUARY + 2 * HOUR)
    assert (office.latest(sub).status, office.fresh(sub).status) == (status, "active")
    office.wait_until(FEBRUARY + 5 * DAY)
    assert office.fresh(sub).pause_collection is None
    office.wait_until(MARCH + 2 * HOUR)
    assert office.latest(sub).status == "paid"
