"""Invoices of the sandbox Stripe, by the official SDK: from draft to paid, void or written off."""

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
    YEARLY,
    Office,
    amounts,
    declined,
    item_of,
    open_office,
    refused,
    waiting,
    words,
)
from tests.sandbox.stripe_shapes import ShapeJudge

FAILING = "pm_card_chargeCustomerFail"


# Everything that the billing engine answers with.
BILLING = {
    *("subscription", "subscription_item", "subscription_schedule", "invoice", "line_item", "invoiceitem"),
    *("invoice_payment", "discount", "test_helpers.test_clock", "deleted_invoice", "deleted_invoiceitem"),
    *("deleted_subscription_item", "deleted_test_helpers.test_clock"),
}


@pytest.fixture
def office(stripe: StripeClient) -> Office:
    """A customer whose card works, on 1 January."""
    return open_office(stripe)


@pytest.fixture
def owing(stripe: StripeClient) -> tuple[Office, Invoice]:
    """A customer whose renewal could not be collected, and its invoice."""
    office = open_office(stripe)
    sub = office.subscribe()
    office.pays_with(FAILING)
    office.wait_until(FEBRUARY + HOUR)
    assert office.fresh(sub).status == "past_due"
    return office, office.latest(sub)


def subscription_of(office: Office, invoice: Invoice) -> sdk.Subscription:
    """The subscription of an invoice, as it is now."""
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
    invoice = office.stripe.v1.invoices.retrieve(
        office.latest(sub).id, {"expand": ["payments", "confirmation_secret", "customer", "discounts"]}
    )
    customer: Any = invoice.customer
    assert invoice.number == f"{customer.invoice_prefix}-0001"
    assert invoice.hosted_invoice_url == f"{sandbox.url}/stripe/invoice/{invoice.id}"
    assert re.fullmatch(r"\d{4}-\d{4}", str(invoice.receipt_number))
    payment = invoice.payments.data[0]  # type: ignore[union-attr]
    assert (payment.status, payment.amount_paid, payment.is_default) == ("paid", MONTHLY, True)
    intent = office.stripe.v1.payment_intents.retrieve(str(payment.payment.payment_intent))
    assert (intent.status, intent.amount_received, intent.description) == (
        "succeeded",
        MONTHLY,
        "Subscription creation",
    )
    payments = office.stripe.v1.invoice_payments
    found = payments.list({"payment": {"type": "payment_intent", "payment_intent": intent.id}})
    judge.approve(invoice, found, payments.retrieve(payment.id))
    assert [one.id for one in found.data] == [payment.id]
    assert "invoice_payment.paid" in [one.type for one in office.stripe.v1.events.list({"limit": 20}).data]


def test_lines_say_what_they_are_for(office: Office, judge: ShapeJudge) -> None:
    sub = office.subscribe(2, metadata={"workspace": "acme"})
    invoice = office.latest(sub)
    line = office.stripe.v1.invoices.line_items.list(invoice.id).data[0]
    assert line.description == "2 × AI employee (at $49.00 / month)"  # noqa: RUF001 - as Stripe writes it
    pricing: Any = line.pricing
    assert (pricing.price_details.price, pricing.price_details.product) == (office.monthly.id, office.monthly.product)
    details: Any = line.parent.subscription_item_details  # type: ignore[union-attr]
    assert (details.subscription, details.subscription_item, details.proration) == (sub.id, item_of(sub).id, False)
    assert invoice.parent.subscription_details.metadata.to_dict() == {"workspace": "acme"}  # type: ignore[union-attr]
    judge.approve(office.stripe.v1.invoices.line_items.list(invoice.id))


def test_an_open_invoice_is_paid_by_another_card(owing: tuple[Office, Invoice]) -> None:
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


@pytest.mark.parametrize("ending", ["void_invoice", "mark_uncollectible", "paid_out_of_band"])
def test_an_open_invoice_ends_in_another_way(owing: tuple[Office, Invoice], judge: ShapeJudge, ending: str) -> None:
    office, invoice = owing
    invoices = office.stripe.v1.invoices
    if ending == "paid_out_of_band":
        ended = invoices.pay(invoice.id, {"paid_out_of_band": True})
    else:
        ended = getattr(invoices, ending)(invoice.id)
    expected = {"void_invoice": "void", "mark_uncollectible": "uncollectible", "paid_out_of_band": "paid"}[ending]
    assert (ended.status, ended.next_payment_attempt) == (expected, None)
    assert subscription_of(office, invoice).status == "active"
    judge.approve(ended)
    if ending == "void_invoice":
        assert refused(invoices.pay, invoice.id).code == "invoice_not_editable"
    if ending == "mark_uncollectible":
        office.pays_with("pm_card_visa")
        assert invoices.pay(invoice.id).status == "paid"


def test_voiding_the_first_invoice_ends_what_never_began(stripe: StripeClient) -> None:
    office = open_office(stripe, FAILING)
    sub = office.subscribe()
    office.stripe.v1.invoices.void_invoice(str(sub.latest_invoice))
    assert office.fresh(sub).status == "incomplete_expired"


def test_extras_go_on_the_next_invoice(office: Office, judge: ShapeJudge) -> None:
    sub = office.subscribe()
    items: Any = office.stripe.v1.invoice_items
    common = {"customer": office.customer.id, "currency": "usd"}
    help_ = items.create({**common, "amount": 2500, "description": "Help"})
    refund = items.create({**common, "amount": -500, "description": "Sorry", "subscription": sub.id})
    wrong = items.create({**common, "amount": 1, "description": "Wrong"})
    items.update(help_.id, {"amount": 2600, "metadata": {"hours": "2"}})
    gone = items.delete(wrong.id)
    judge.approve(items.retrieve(help_.id), refund, gone, items.list({"customer": office.customer.id}))
    preview = office.preview(sub)
    office.wait_until(FEBRUARY + 2 * HOUR)
    invoice = office.latest(sub)
    assert words(invoice.lines.data)[:2] == ["Help", "Sorry"]
    assert (invoice.total, preview.total, waiting(office)) == (MONTHLY + 2100, MONTHLY + 2100, [])
    assert refused(items.delete, help_.id).http_status == 400
    assert refused(items.create, {**common, "customer": "cus_none", "amount": 1}).param == "customer"


def test_an_invoice_by_hand(office: Office, judge: ShapeJudge) -> None:
    items, invoices = office.stripe.v1.invoice_items, office.stripe.v1.invoices
    items.create({"customer": office.customer.id, "amount": 2500, "currency": "usd"})
    empty = invoices.create({"customer": office.customer.id})
    assert (empty.total, empty.status) == (0, "draft")
    items.create({"customer": office.customer.id, "amount": 100, "currency": "usd", "invoice": empty.id})
    assert amounts(invoices.retrieve(empty.id)) == [100]
    draft = invoices.create({"customer": office.customer.id, "pending_invoice_items_behavior": "include"})
    draft = invoices.update(draft.id, {"description": "Thank you", "metadata": {"a": "b"}})
    assert (draft.total, draft.description) == (2500, "Thank you")
    opened = invoices.finalize_invoice(draft.id, {"auto_advance": False})
    assert (opened.status, opened.amount_due, opened.next_payment_attempt) == ("open", 2500, None)
    assert refused(invoices.update, opened.id, {"description": "No"}).param == "description"
    assert refused(invoices.delete, opened.id).http_status == 400
    paid = invoices.pay(opened.id)
    judge.approve(draft, opened, paid)
    deleted = invoices.delete(empty.id)
    judge.approve(deleted)
    assert (deleted.deleted, amounts_waiting(office)) == (True, [100])


def amounts_waiting(office: Office) -> list[int]:
    """The amounts that wait for an invoice."""
    return [item.amount for item in waiting(office)]


def test_an_invoice_is_mailed_and_due_later(office: Office) -> None:
    sub = office.subscribe(collection_method="send_invoice", days_until_due=30)
    draft = office.latest(sub)
    assert (sub.status, draft.status, draft.due_date) == ("active", "draft", JANUARY + 30 * DAY)
    office.wait(2 * HOUR)
    opened = office.latest(sub)
    assert (opened.status, opened.attempted, "invoice.sent" in office.told("invoice.")) == ("open", False, True)
    assert office.stripe.v1.invoices.send_invoice(opened.id).id == opened.id
    assert office.stripe.v1.invoices.pay(opened.id).status == "paid"


def test_coupons_take_off_once_for_a_time_or_for_ever(office: Office) -> None:
    coupons = office.stripe.v1.coupons
    once = coupons.create({"percent_off": 50, "duration": "once"})
    while_ = coupons.create({"amount_off": 1000, "currency": "usd", "duration": "repeating", "duration_in_months": 2})
    forever = coupons.create({"percent_off": 10, "duration": "forever"})
    sub = office.subscribe(discounts=[{"coupon": one.id} for one in (once, while_, forever)])
    assert len(sub.discounts) == 2  # the first has done its work
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
    assert coupons.retrieve(once.id).times_redeemed == 1


def test_a_promotion_code_is_redeemed_once_each(office: Office) -> None:
    coupon = office.stripe.v1.coupons.create({"percent_off": 20, "duration": "forever"})
    code = office.stripe.v1.promotion_codes.create(
        {"promotion": {"type": "coupon", "coupon": coupon.id}, "max_redemptions": 1}
    )
    sub = office.subscribe(discounts=[{"promotion_code": code.id}])
    assert office.latest(sub).total == 3920
    items: Any = [{"price": office.monthly.id}]
    values: Any = {"customer": office.customer.id, "items": items, "discounts": [{"promotion_code": code.id}]}
    assert refused(office.stripe.v1.subscriptions.create, values).param == "discounts[0][promotion_code]"
    sub = office.update(sub, discounts="")
    assert (sub.discounts, office.preview(sub).total) == ([], MONTHLY)


def test_automatic_tax_finds_nothing_to_collect(office: Office, judge: ShapeJudge) -> None:
    sub = office.subscribe(automatic_tax={"enabled": True})
    invoice = office.latest(sub)
    assert (invoice.automatic_tax.enabled, invoice.automatic_tax.status) == (True, "complete")
    assert [tax.amount for tax in invoice.total_taxes or []] == [0]
    assert (invoice.total, invoice.total_excluding_tax) == (MONTHLY, MONTHLY)
    judge.approve(sub, invoice)


def test_a_credit_pays_first(office: Office) -> None:
    transactions = office.stripe.v1.customers.balance_transactions
    transactions.create(office.customer.id, {"amount": -2000, "currency": "usd"})
    invoice = office.latest(office.subscribe())
    assert (invoice.total, invoice.starting_balance, invoice.amount_due, invoice.ending_balance) == (
        MONTHLY,
        -2000,
        2900,
        0,
    )
    applied = transactions.list(office.customer.id).data[0]
    assert (applied.amount, applied.type, applied.invoice) == (2000, "applied_to_invoice", invoice.id)


def test_a_new_subscription_can_be_previewed(office: Office, judge: ShapeJudge) -> None:
    preview = office.stripe.v1.invoices.create_preview(
        {
            "customer": office.customer.id,
            "subscription_details": {"items": [{"price": office.yearly.id, "quantity": 2}]},
        }
    )
    assert (preview.total, preview.billing_reason, preview.number) == (2 * YEARLY, "upcoming", None)
    judge.approve(preview)
    assert office.stripe.v1.subscriptions.list({"customer": office.customer.id, "status": "all"}).data == []
    nothing = refused(office.stripe.v1.invoices.create_preview, {"customer": office.customer.id})
    assert (nothing.http_status, nothing.code) == (404, "invoice_upcoming_none")


def test_lists_are_filtered(office: Office) -> None:
    first, second = office.subscribe(), office.subscribe()
    invoices = office.stripe.v1.invoices
    assert [one.id for one in invoices.list({"subscription": first.id}).data] == [office.latest(first).id]
    assert len(invoices.list({"customer": office.customer.id, "status": "paid"}).data) == 2
    assert invoices.list({"customer": office.customer.id, "status": "open"}).data == []
    assert invoices.list({"customer": office.customer.id, "created": {"gt": JANUARY}}).data == []
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


def test_every_resource_of_billing_has_stripes_keys_and_types(office: Office, judge: ShapeJudge) -> None:
    api, customer = office.stripe.v1, office.customer.id
    coupon = api.coupons.create({"percent_off": 12.5, "duration": "repeating", "duration_in_months": 3})
    sub = office.subscribe(2, discounts=[{"coupon": coupon.id}], automatic_tax={"enabled": True}, metadata={"a": "b"})
    office.wait(DAY)
    office.change(sub, 3)
    office.update(sub, pause_collection={"behavior": "void"}, cancellation_details={"comment": "Hm"})
    extra = api.subscription_items.create({"subscription": sub.id, "price_data": _price_data(office)})
    draft, item = api.invoices.create({"customer": customer}), api.invoice_items.list({"customer": customer}).data[0]
    scheduled = api.subscription_schedules.create({"from_subscription": office.subscribe(trial_period_days=9).id})
    expand: Any = ["discounts", "latest_invoice.payments", "latest_invoice.discounts", "schedule", "test_clock"]
    answers: list[Any] = [
        api.subscriptions.retrieve(sub.id, {"expand": expand}),
        api.subscriptions.list({"customer": customer}),
        office.preview(sub),
        scheduled,
        api.subscription_schedules.list({"customer": customer}),
        api.invoices.list({"customer": customer}),
        api.invoice_payments.list({"invoice": str(sub.latest_invoice)}),
        api.invoice_items.retrieve(item.id),
        api.subscription_items.delete(extra.id),
        api.invoice_items.delete(api.invoice_items.list({"customer": customer, "pending": True}).data[0].id),
        api.invoices.delete(draft.id),
        api.subscriptions.cancel(sub.id),
        api.test_helpers.test_clocks.retrieve(office.clock),
        api.test_helpers.test_clocks.delete(office.clock),
        api.events.list({"limit": 100}),
    ]
    verdict = judge.verdict(*answers)
    print(  # noqa: T201 - what the test is for
        f"{len(verdict.judged & BILLING)} resources of billing: keys missing {len(verdict.missing)}, "
        f"types wrong {len(verdict.wrong)}, keys unknown {len(verdict.unknown)}"
    )
    assert verdict.is_good, verdict
    assert verdict.judged >= BILLING


def _price_data(office: Office) -> Any:
    return {"currency": "usd", "product": office.monthly.product, "unit_amount": 5, "recurring": {"interval": "month"}}
