"""Stripe's test cards: payments, saved cards, 3-D Secure, refunds and disputes, by the official SDK."""

from __future__ import annotations

from typing import Any

import pytest
import stripe as sdk
from stripe import Customer, PaymentIntent, StripeClient

from tests.sandbox.conftest import Sandbox
from tests.sandbox.stripe_shapes import ShapeJudge

# Number, name of the ready-made payment method, code, decline code. https://docs.stripe.com/testing#declined-payments
DECLINES = [
    ("4000000000000002", "pm_card_visa_chargeDeclined", "card_declined", "generic_decline"),
    ("4000000000009995", "pm_card_visa_chargeDeclinedInsufficientFunds", "card_declined", "insufficient_funds"),
    ("4000000000009987", "pm_card_visa_chargeDeclinedLostCard", "card_declined", "lost_card"),
    ("4000000000009979", "pm_card_visa_chargeDeclinedStolenCard", "card_declined", "stolen_card"),
    ("4000000000000069", "pm_card_chargeDeclinedExpiredCard", "expired_card", "expired_card"),
    ("4000000000000127", "pm_card_chargeDeclinedIncorrectCvc", "incorrect_cvc", "incorrect_cvc"),
    ("4000000000000119", "pm_card_chargeDeclinedProcessingError", "processing_error", "processing_error"),
    ("4000000000006975", "pm_card_visa_chargeDeclinedVelocityLimitExceeded", "card_declined", "card_velocity_exceeded"),
]
ON_SETUP, ALWAYS = "pm_card_authenticationRequiredOnSetup", "pm_card_authenticationRequired"


@pytest.fixture
def ada(stripe: StripeClient) -> Customer:
    """A customer without a card."""
    return stripe.v1.customers.create({"email": "ada@example.com"})


def card(number: str, **more: Any) -> Any:
    """What somebody types into a form."""
    return {"type": "card", "card": {"number": number, "exp_month": 12, "exp_year": 2034, "cvc": "123", **more}}


def pay(stripe: StripeClient, method: str, **more: Any) -> PaymentIntent:
    """Pay ten dollars at once."""
    values: Any = {"amount": 1000, "currency": "usd", "payment_method": method, "confirm": True, **more}
    return stripe.v1.payment_intents.create(values)


def declined(call: Any, *args: Any, **more: Any) -> Any:
    """The error of a card that must be declined."""
    with pytest.raises(sdk.CardError) as error:
        call(*args, **more)
    assert error.value.http_status == 402
    return error.value


def refused(call: Any, *args: Any, **more: Any) -> sdk.InvalidRequestError:
    """The error of a call that must fail."""
    with pytest.raises(sdk.InvalidRequestError) as error:
        call(*args, **more)
    return error.value


def types(stripe: StripeClient, *object_ids: str) -> list[str]:
    """The types of the events about objects, oldest first."""
    every = stripe.v1.events.list({"limit": 100})  # an invoice that is to come has no id
    found = [event for event in every if getattr(event.data.object, "id", None) in object_ids]
    return [str(event.type) for event in found][::-1]


@pytest.mark.parametrize(
    ("name", "brand", "last4"),
    [
        ("pm_card_visa", "visa", "4242"),
        ("pm_card_mastercard", "mastercard", "4444"),
        ("pm_card_amex", "amex", "0005"),
        ("pm_card_unionpay", "unionpay", "0005"),
    ],
)
def test_a_card_that_works_pays(stripe: StripeClient, judge: ShapeJudge, name: str, brand: str, last4: str) -> None:
    paid = pay(stripe, name, description="Seats", metadata={"a": "b"}, expand=["latest_charge.balance_transaction"])
    charge: Any = paid.latest_charge
    assert (paid.status, paid.amount_received) == ("succeeded", 1000)
    assert (charge.status, charge.paid, charge.captured, charge.metadata["a"]) == ("succeeded", True, True, "b")
    assert (charge.payment_method_details.card.brand, charge.payment_method_details.card.last4) == (brand, last4)
    assert (charge.balance_transaction.fee, charge.balance_transaction.net) == (59, 941)
    assert types(stripe, paid.id) == ["payment_intent.created", "payment_intent.succeeded"]
    judge.approve(paid, stripe.v1.payment_intents.list(), stripe.v1.charges.list({"payment_intent": paid.id}))


@pytest.mark.parametrize(("number", "name", "code", "decline_code"), DECLINES)
def test_a_card_that_declines_leaves_its_intent_and_charge(
    stripe: StripeClient, judge: ShapeJudge, ada: Customer, number: str, name: str, code: str, decline_code: str
) -> None:
    error = declined(pay, stripe, name)
    assert (error.code, error.error.decline_code) == (code, decline_code)
    intent = stripe.v1.payment_intents.retrieve(error.error.payment_intent.id, {"expand": ["latest_charge"]})
    assert intent.last_payment_error
    charge: Any = intent.latest_charge
    assert (intent.status, intent.payment_method) == ("requires_payment_method", None)
    assert (intent.last_payment_error.code, charge.status, charge.failure_code) == (code, "failed", code)
    assert types(stripe, intent.id)[-1] == "payment_intent.payment_failed"
    typed = stripe.v1.payment_methods.create(card(number))
    refusal = declined(stripe.v1.payment_methods.attach, typed.id, {"customer": ada.id})
    assert refusal.code == code
    judge.approve(intent, typed)


def test_another_card_pays_what_one_declined(stripe: StripeClient) -> None:
    intent_id = declined(pay, stripe, "pm_card_chargeDeclined").error.payment_intent.id
    paid = stripe.v1.payment_intents.confirm(intent_id, {"payment_method": "pm_card_visa"})
    assert (paid.status, paid.last_payment_error) == ("succeeded", None)
    assert [charge.status for charge in stripe.v1.charges.list({"payment_intent": intent_id})] == [
        "succeeded",
        "failed",
    ]
    error = refused(stripe.v1.payment_intents.confirm, intent_id, {"payment_method": "pm_card_visa"})
    assert error.code == "payment_intent_unexpected_state"


def test_0341_is_saved_and_then_declines(stripe: StripeClient, ada: Customer) -> None:
    method = stripe.v1.payment_methods.create(card("4000000000000341"))
    assert stripe.v1.payment_methods.attach(method.id, {"customer": ada.id}).customer == ada.id
    assert declined(pay, stripe, method.id, customer=ada.id, off_session=True).code == "card_declined"
    assert stripe.v1.payment_methods.retrieve(method.id).customer == ada.id


@pytest.mark.parametrize(
    ("number", "more", "code"),
    [
        ("4242424242424241", {}, "incorrect_number"),
        ("42", {}, "incorrect_number"),
        ("4242 4242 4242 4242", {"exp_month": 13}, "invalid_expiry_month"),
        ("4242424242424242", {"exp_year": 1995}, "invalid_expiry_year"),
        ("4242424242424242", {"cvc": "99"}, "invalid_cvc"),
        ("378282246310005", {"cvc": "99"}, "invalid_cvc"),
        ("4539578763621486", {}, "card_declined"),
    ],
)
def test_what_is_no_card_is_refused(stripe: StripeClient, number: str, more: Any, code: str) -> None:
    assert declined(stripe.v1.payment_methods.create, card(number, **more)).code == code


def test_no_intent_comes_of_a_card_with_a_wrong_number(stripe: StripeClient, ada: Customer) -> None:
    values: Any = {"amount": 1000, "currency": "usd", "customer": ada.id, "confirm": True}
    declined(stripe.v1.payment_intents.create, values | {"payment_method_data": card("4242424242424241")})
    assert not stripe.v1.payment_intents.list({"customer": ada.id}).data


def test_checks_say_what_was_given(stripe: StripeClient, ada: Customer) -> None:
    method = stripe.v1.payment_methods.create(
        card("4000000000000101") | {"billing_details": {"address": {"line1": "Ring 1"}}}
    )
    attached = stripe.v1.payment_methods.attach(method.id, {"customer": ada.id})
    assert attached.card
    assert attached.card.checks
    checks = attached.card.checks
    assert (checks.cvc_check, checks.address_line1_check, checks.address_postal_code_check) == ("fail", "pass", None)


def test_a_saved_card_changes_its_details(stripe: StripeClient, ada: Customer, judge: ShapeJudge) -> None:
    method = stripe.v1.payment_methods.attach("pm_card_visa", {"customer": ada.id})
    changed = stripe.v1.payment_methods.update(
        method.id, {"billing_details": {"name": "Ada"}, "card": {"exp_month": 1, "exp_year": 2040}}
    )
    assert changed.card
    assert (changed.billing_details.name, changed.card.exp_year, changed.card.exp_month) == ("Ada", 2040, 1)
    judge.approve(method, changed, stripe.v1.customers.payment_methods.retrieve(ada.id, method.id))


@pytest.mark.parametrize("name", [ON_SETUP, ALWAYS, "pm_card_authenticationRequiredSetupForOffSession"])
def test_3d_secure_comes_before_the_payment(
    sandbox: Sandbox, stripe: StripeClient, judge: ShapeJudge, name: str
) -> None:
    waiting = pay(stripe, name, return_url="https://example.com/back")
    assert (waiting.status, waiting.latest_charge, waiting.amount_received) == ("requires_action", None, 0)
    assert waiting.next_action
    assert waiting.next_action.redirect_to_url
    assert waiting.next_action.redirect_to_url.return_url == "https://example.com/back"
    sandbox.stripe("authenticate", intent=waiting.id)
    paid: Any = stripe.v1.payment_intents.retrieve(waiting.id, {"expand": ["latest_charge"]})
    assert (paid.status, paid.next_action) == ("succeeded", None)
    assert paid.latest_charge.payment_method_details.card.three_d_secure.result == "authenticated"
    judge.approve(waiting, paid)
    assert types(stripe, waiting.id)[1:] == ["payment_intent.requires_action", "payment_intent.succeeded"]


def test_who_fails_3d_secure_pays_with_another_card(sandbox: Sandbox, stripe: StripeClient, judge: ShapeJudge) -> None:
    waiting = pay(stripe, ALWAYS)
    sandbox.stripe("authenticate", intent=waiting.id, succeed=False)
    failed = stripe.v1.payment_intents.retrieve(waiting.id)
    assert failed.last_payment_error
    assert failed.status == "requires_payment_method"
    assert failed.last_payment_error.code == "payment_intent_authentication_failure"
    judge.approve(failed)
    again = sandbox.http.post("/stripe/control/authenticate", json={"intent": waiting.id})
    assert again.status_code == 400
    assert stripe.v1.payment_intents.confirm(waiting.id, {"payment_method": "pm_card_visa"}).status == "succeeded"


def test_a_card_may_decline_after_3d_secure(sandbox: Sandbox, stripe: StripeClient) -> None:
    waiting = pay(stripe, "pm_card_authenticationRequiredChargeDeclinedInsufficientFunds")
    sandbox.stripe("authenticate", intent=waiting.id)
    failed = stripe.v1.payment_intents.retrieve(waiting.id)
    assert failed.last_payment_error
    assert failed.last_payment_error.decline_code == "insufficient_funds"


def test_3155_asks_until_it_is_set_up_and_3184_always(sandbox: Sandbox, stripe: StripeClient, ada: Customer) -> None:
    for name, attached_only in ((ON_SETUP, True), (ON_SETUP, False), (ALWAYS, False)):
        method = stripe.v1.payment_methods.attach(name, {"customer": ada.id})
        if not attached_only:
            set_up(sandbox, stripe, ada, method.id)
        off_session: Any = {"customer": ada.id, "off_session": True}
        if name == ON_SETUP and not attached_only:
            assert pay(stripe, method.id, **off_session).status == "succeeded"
            assert pay(stripe, method.id, customer=ada.id).status == "requires_action"
        else:
            error = declined(pay, stripe, method.id, **off_session)
            assert (error.code, error.error.decline_code) == ("authentication_required", "authentication_required")


def set_up(sandbox: Sandbox, stripe: StripeClient, customer: Customer, method: str) -> None:
    """Save a card by a setup intent, with 3-D Secure."""
    intent = stripe.v1.setup_intents.create({"customer": customer.id, "payment_method": method, "confirm": True})
    assert intent.status == "requires_action"
    sandbox.stripe("authenticate", intent=intent.id)
    assert stripe.v1.setup_intents.retrieve(intent.id).status == "succeeded"


def test_a_first_payment_may_save_the_card(sandbox: Sandbox, stripe: StripeClient, ada: Customer) -> None:
    waiting = pay(stripe, ON_SETUP, customer=ada.id, setup_future_usage="off_session")
    sandbox.stripe("authenticate", intent=waiting.id)
    cards = stripe.v1.customers.payment_methods.list(ada.id)
    assert [method.id for method in cards] == [waiting.payment_method]
    assert pay(stripe, str(waiting.payment_method), customer=ada.id, off_session=True).status == "succeeded"


def test_a_card_of_nobody_pays_once(stripe: StripeClient) -> None:
    paid = pay(stripe, "pm_card_visa")
    assert "may not be used again" in str(refused(pay, stripe, str(paid.payment_method)))


def test_a_card_is_saved_by_a_setup_intent(
    sandbox: Sandbox, stripe: StripeClient, ada: Customer, judge: ShapeJudge
) -> None:
    simple = stripe.v1.setup_intents.create({"customer": ada.id, "payment_method": "pm_card_visa", "confirm": True})
    assert simple.status == "succeeded"
    assert [method.id for method in stripe.v1.customers.payment_methods.list(ada.id)] == [simple.payment_method]
    waiting = stripe.v1.setup_intents.create({"customer": ada.id})
    waiting = stripe.v1.setup_intents.confirm(waiting.id, {"payment_method": ON_SETUP, "expand": ["latest_attempt"]})
    sandbox.stripe("authenticate", intent=waiting.id, succeed=False)
    failed = stripe.v1.setup_intents.retrieve(waiting.id, {"expand": ["latest_attempt"]})
    assert failed.last_setup_error
    assert failed.last_setup_error.code == "setup_intent_authentication_failure"
    error = declined(stripe.v1.setup_intents.confirm, waiting.id, {"payment_method": "pm_card_chargeDeclined"})
    assert error.error.setup_intent.id == waiting.id
    canceled = stripe.v1.setup_intents.cancel(waiting.id)
    assert canceled.status == "canceled"
    assert refused(stripe.v1.setup_intents.confirm, waiting.id).code == "setup_intent_unexpected_state"
    judge.approve(simple, waiting, failed, canceled, stripe.v1.setup_attempts.list({"setup_intent": waiting.id}))
    assert types(stripe, waiting.id) == [
        *("setup_intent.created", "setup_intent.requires_action", "setup_intent.setup_failed"),
        *("setup_intent.setup_failed", "setup_intent.canceled"),
    ]


def test_an_intent_is_changed_and_given_up(stripe: StripeClient, ada: Customer, judge: ShapeJudge) -> None:
    made = stripe.v1.payment_intents.create({"amount": 1000, "currency": "usd"})
    assert refused(stripe.v1.payment_intents.confirm, made.id).code == "payment_intent_unexpected_state"
    changed = stripe.v1.payment_intents.update(
        made.id, {"amount": 2000, "customer": ada.id, "payment_method": "pm_card_visa", "metadata": {"a": "b"}}
    )
    assert (changed.amount, changed.customer, changed.status) == (2000, ada.id, "requires_confirmation")
    canceled = stripe.v1.payment_intents.cancel(made.id, {"cancellation_reason": "abandoned"})
    assert (canceled.status, canceled.cancellation_reason) == ("canceled", "abandoned")
    assert refused(stripe.v1.payment_intents.update, made.id, {"amount": 3000}).http_status == 400
    judge.approve(made, changed, canceled)


def test_an_authorization_is_captured_later(stripe: StripeClient, judge: ShapeJudge) -> None:
    held = pay(stripe, "pm_card_visa", capture_method="manual")
    assert (held.status, held.amount_capturable, held.amount_received) == ("requires_capture", 1000, 0)
    assert refused(stripe.v1.payment_intents.capture, held.id, {"amount_to_capture": 1001}).http_status == 400
    taken = stripe.v1.payment_intents.capture(held.id, {"amount_to_capture": 700, "expand": ["latest_charge"]})
    charge: Any = taken.latest_charge
    assert (taken.status, taken.amount_received, charge.amount_captured) == ("succeeded", 700, 700)
    let_go = stripe.v1.payment_intents.cancel(pay(stripe, "pm_card_visa", capture_method="manual").id)
    judge.approve(held, taken, let_go)


def test_a_payment_is_given_back_in_parts(stripe: StripeClient, judge: ShapeJudge) -> None:
    paid = pay(stripe, "pm_card_visa")
    part = stripe.v1.refunds.create({"payment_intent": paid.id, "amount": 300, "reason": "requested_by_customer"})
    assert part.status == "succeeded"
    assert "greater than unrefunded" in str(refused(stripe.v1.refunds.create, {"charge": part.charge, "amount": 701}))
    rest = stripe.v1.refunds.create({"charge": str(part.charge), "metadata": {"why": "sorry"}})
    assert rest.amount == 700
    assert refused(stripe.v1.refunds.create, {"payment_intent": paid.id}).code == "charge_already_refunded"
    charge = stripe.v1.charges.retrieve(str(part.charge))
    assert charge.refunds
    assert (charge.refunded, charge.amount_refunded, len(charge.refunds.data)) == (True, 1000, 2)
    assert types(stripe, str(part.charge)) == ["charge.succeeded", "charge.refunded", "charge.refunded"]
    judge.approve(part, rest, charge, stripe.v1.refunds.list(), stripe.v1.refunds.update(rest.id, {"metadata": ""}))


def test_what_was_not_paid_is_not_refunded(stripe: StripeClient) -> None:
    intent_id = declined(pay, stripe, "pm_card_chargeDeclined").error.payment_intent.id
    assert "does not have a successful charge" in str(refused(stripe.v1.refunds.create, {"payment_intent": intent_id}))


@pytest.mark.parametrize(
    ("name", "first", "last", "event"),
    [
        ("pm_card_pendingRefund", "pending", "succeeded", "refund.updated"),
        ("pm_card_refundFail", "succeeded", "failed", "refund.failed"),
    ],
)
def test_a_refund_may_end_later(
    stripe: StripeClient, judge: ShapeJudge, name: str, first: str, last: str, event: str
) -> None:
    refund = stripe.v1.refunds.create({"payment_intent": pay(stripe, name).id})
    ended = stripe.v1.refunds.retrieve(refund.id)
    assert (refund.status, ended.status) == (first, last)
    assert types(stripe, refund.id) == ["refund.created", event]
    assert stripe.v1.charges.retrieve(str(refund.charge)).refunded is (last == "succeeded")
    judge.approve(refund, ended)


def test_0259_is_disputed_at_once(stripe: StripeClient, judge: ShapeJudge) -> None:
    paid = pay(stripe, "pm_card_createDispute")
    dispute = stripe.v1.disputes.list({"payment_intent": paid.id}).data[0]
    assert (dispute.status, dispute.reason, dispute.is_charge_refundable) == ("needs_response", "fraudulent", False)
    assert (dispute.balance_transactions[0].amount, dispute.balance_transactions[0].net) == (-1000, -2500)
    assert refused(stripe.v1.refunds.create, {"payment_intent": paid.id}).code == "charge_disputed"
    assert types(stripe, dispute.id) == ["charge.dispute.created", "charge.dispute.funds_withdrawn"]
    judge.approve(stripe.v1.disputes.retrieve(dispute.id), stripe.v1.charges.retrieve(str(dispute.charge)))


@pytest.mark.parametrize(
    ("evidence", "status", "event"),
    [
        ("winning_evidence", "won", "charge.dispute.funds_reinstated"),
        ("losing_evidence", "lost", "charge.dispute.closed"),
    ],
)
def test_evidence_decides_a_dispute(
    sandbox: Sandbox, stripe: StripeClient, judge: ShapeJudge, evidence: str, status: str, event: str
) -> None:
    charge = str(pay(stripe, "pm_card_visa").latest_charge)
    opened = sandbox.stripe("disputes", charge=charge, reason="product_not_received")
    ended = stripe.v1.disputes.update(opened["id"], {"evidence": {"uncategorized_text": evidence}})
    assert (ended.status, ended.evidence_details.submission_count) == (status, 1)
    assert event in types(stripe, opened["id"])
    assert refused(stripe.v1.disputes.close, opened["id"]).code == "dispute_already_closed"
    judge.approve(opened, ended)


def test_an_inquiry_takes_no_money(sandbox: Sandbox, stripe: StripeClient, judge: ShapeJudge) -> None:
    charge = str(pay(stripe, "pm_card_visa").latest_charge)
    opened = sandbox.stripe("disputes", charge=charge, inquiry=True)
    assert (opened["status"], opened["balance_transactions"]) == ("warning_needs_response", [])
    assert stripe.v1.disputes.close(opened["id"]).status == "warning_closed"
    again = sandbox.http.post("/stripe/control/disputes", json={"charge": charge})
    assert again.status_code == 400
    judge.approve(opened)
