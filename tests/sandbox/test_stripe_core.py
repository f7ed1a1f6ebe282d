"""Stripe's catalog, customers, cards and refunds, through the official SDK."""

from __future__ import annotations

from typing import Any

import pytest
import stripe as sdk
from stripe import Customer, Product, StripeClient

from sandbox.stripe.payments import cards
from tests.sandbox.conftest import Sandbox
from tests.sandbox.stripe_office import declined, open_office, refused
from tests.sandbox.stripe_shapes import ShapeJudge

MONTHLY: Any = {"currency": "usd", "unit_amount": 4900, "recurring": {"interval": "month"}}
# Name of the test payment method, code, decline code. https://docs.stripe.com/testing#declined-payments
DECLINES = [
    ("pm_card_chargeDeclined", "card_declined", "generic_decline"),
    ("pm_card_chargeDeclinedInsufficientFunds", "card_declined", "insufficient_funds"),
    ("pm_card_chargeDeclinedExpiredCard", "expired_card", "expired_card"),
    ("pm_card_chargeDeclinedIncorrectCvc", "incorrect_cvc", "incorrect_cvc"),
    ("pm_card_chargeDeclinedProcessingError", "processing_error", "processing_error"),
]


@pytest.fixture
def seat(stripe: StripeClient) -> Product:
    """A product."""
    return stripe.v1.products.create({"name": "AI employee"})


@pytest.fixture
def ada(stripe: StripeClient) -> Customer:
    """A customer with a card."""
    return stripe.v1.customers.create(
        {
            "email": "ada@example.com",
            "name": "Ada",
            "payment_method": "pm_card_visa",
            "invoice_settings": {"default_payment_method": "pm_card_visa"},
        }
    )


def is_about(event: sdk.Event, object_id: str) -> bool:
    """Other tests also cause events about upcoming invoices, which have no id."""
    return getattr(event.data.object, "id", None) == object_id


def events(stripe: StripeClient, object_id: str) -> list[sdk.Event]:
    """The events about an object, oldest first."""
    found = [event for event in stripe.v1.events.list({"limit": 100}) if is_about(event, object_id)]
    return found[::-1]


def types(stripe: StripeClient, object_id: str) -> list[str]:
    """The types of the events about an object, oldest first."""
    return [str(event.type) for event in events(stripe, object_id)]


def test_a_product_lives_and_dies(stripe: StripeClient, judge: ShapeJudge) -> None:
    made = stripe.v1.products.create({"id": "prod_mine", "name": "Seat", "metadata": {"team": "a", "tier": "b"}})
    assert (made.id, made.active, made.type) == ("prod_mine", True, "service")
    changed = stripe.v1.products.update(
        "prod_mine", {"description": "Works all day", "active": False, "metadata": {"tier": "", "more": "c"}}
    )
    assert changed.metadata.to_dict() == {"team": "a", "more": "c"}
    last = events(stripe, "prod_mine")[-1]
    assert last.type == "product.updated"
    before = last.to_dict()["data"]["previous_attributes"]
    assert (before["active"], before["description"], before["metadata"]) == (True, None, {"tier": "b", "more": None})
    cleared = stripe.v1.products.update("prod_mine", {"description": "", "metadata": ""})
    assert (cleared.description, cleared.metadata.to_dict()) == (None, {})
    judge.approve(made, changed, stripe.v1.products.list(), last)
    assert stripe.v1.products.delete("prod_mine").deleted
    assert refused(stripe.v1.products.retrieve, "prod_mine").http_status == 404
    assert types(stripe, "prod_mine")[-1] == "product.deleted"


def test_a_product_id_is_unique(stripe: StripeClient, seat: Product) -> None:
    again = refused(stripe.v1.products.create, {"id": seat.id, "name": "Other"})
    assert again.code == "resource_already_exists"


def test_an_update_that_changes_nothing_sends_no_event(stripe: StripeClient, seat: Product) -> None:
    stripe.v1.products.update(seat.id, {"name": "AI employee"})
    assert types(stripe, seat.id) == ["product.created"]


def test_a_price_keeps_its_amount(stripe: StripeClient, seat: Product) -> None:
    made = stripe.v1.prices.create(MONTHLY | {"product": seat.id, "nickname": "Monthly"})
    assert made.recurring
    assert (made.type, made.recurring.interval, made.recurring.interval_count) == ("recurring", "month", 1)
    assert refused(stripe.v1.prices.update, made.id, {"unit_amount": 5900}).code == "parameter_unknown"
    assert not stripe.v1.prices.update(made.id, {"active": False}).active
    assert types(stripe, made.id) == ["price.created", "price.updated"]
    assert "one or more user-created prices" in str(refused(stripe.v1.products.delete, seat.id))


def test_a_lookup_key_belongs_to_one_price_until_it_is_transferred(stripe: StripeClient, seat: Product) -> None:
    values: Any = {"product": seat.id, "lookup_key": "unique", **MONTHLY}
    first = stripe.v1.prices.create(values)
    assert refused(stripe.v1.prices.create, values).param == "lookup_key"
    second = stripe.v1.prices.create(values | {"transfer_lookup_key": True})
    assert [price.id for price in stripe.v1.prices.list({"lookup_keys": ["unique"]})] == [second.id]
    assert stripe.v1.prices.retrieve(first.id).lookup_key is None


@pytest.mark.parametrize("text", ["with space", "ümlaut", "a_b", "-" * 501])
def test_a_promotion_code_has_plain_letters(stripe: StripeClient, text: str) -> None:
    coupon = stripe.v1.coupons.create({"percent_off": 20})
    values: Any = {"promotion": {"type": "coupon", "coupon": coupon.id}, "code": text}
    assert refused(stripe.v1.promotion_codes.create, values).param == "code"


def test_promotion_codes_are_unique_in_upper_and_lower_case(stripe: StripeClient) -> None:
    coupon = stripe.v1.coupons.create({"percent_off": 20})
    promotion: Any = {"promotion": {"type": "coupon", "coupon": coupon.id}}
    stripe.v1.promotion_codes.create(promotion | {"code": "Fall-20"})
    assert refused(stripe.v1.promotion_codes.create, promotion | {"code": "fALL-20"}).param == "code"


def test_a_customer_starts_with_a_card(stripe: StripeClient, ada: Customer) -> None:
    assert ada.invoice_settings
    found = stripe.v1.customers.payment_methods.list(ada.id)
    assert [card.id for card in found] == [ada.invoice_settings.default_payment_method]
    assert found.data[0].card
    assert (found.data[0].card.brand, found.data[0].card.last4) == ("visa", "4242")
    assert types(stripe, ada.id) == ["customer.created"]


@pytest.mark.parametrize(("name", "code", "decline_code"), DECLINES)
def test_a_card_that_declines_is_not_saved(
    stripe: StripeClient, ada: Customer, name: str, code: str, decline_code: str
) -> None:
    error = declined(stripe.v1.payment_methods.attach, name, {"customer": ada.id})
    assert (error.code, error.error and error.error.decline_code) == (code, decline_code)
    declined(stripe.v1.customers.create, {"email": f"{name}@example.com", "payment_method": name})
    assert not stripe.v1.customers.list({"email": f"{name}@example.com"}).data


def test_every_test_card_has_a_number_that_checks() -> None:
    assert all(cards.passes_luhn(card.number) for card in cards.BY_NAME.values())
    assert {name for name, _ in cards.CHOICES} <= cards.BY_NAME.keys()


def test_a_customer_changes_field_by_field(stripe: StripeClient, ada: Customer, judge: ShapeJudge) -> None:
    changed = stripe.v1.customers.update(ada.id, {"address": {"country": "DE", "city": "Berlin"}, "name": "Acme"})
    assert changed.address
    assert ada.invoice_settings
    assert changed.invoice_settings
    assert (changed.address.city, changed.address.line1, changed.name) == ("Berlin", None, "Acme")
    assert changed.invoice_settings.default_payment_method == ada.invoice_settings.default_payment_method
    before = events(stripe, ada.id)[-1].to_dict()["data"]["previous_attributes"]
    assert (before["address"], before["name"]) == (None, "Ada")
    cleared = stripe.v1.customers.update(ada.id, {"address": ""})
    assert cleared.address is None
    judge.approve(changed, cleared)


def test_a_customers_default_must_be_its_own_card(stripe: StripeClient, ada: Customer) -> None:
    ben = stripe.v1.customers.create({"name": "Ben"})
    other = stripe.v1.payment_methods.attach("pm_card_visa", {"customer": ben.id})
    values: Any = {"invoice_settings": {"default_payment_method": other.id}}
    error = refused(stripe.v1.customers.update, ada.id, values)
    assert (error.code, error.param) == ("resource_missing", "invoice_settings[default_payment_method]")
    assert stripe.v1.customers.update(ben.id, values).invoice_settings
    assert "already been attached" in str(refused(stripe.v1.payment_methods.attach, other.id, {"customer": ada.id}))


def test_a_detached_card_is_no_longer_the_default(stripe: StripeClient, ada: Customer) -> None:
    assert ada.invoice_settings
    method = str(ada.invoice_settings.default_payment_method)
    gone = stripe.v1.payment_methods.detach(method)
    assert gone.customer is None
    left = stripe.v1.customers.retrieve(ada.id)
    assert left.invoice_settings
    assert left.invoice_settings.default_payment_method is None
    assert "may not be used again" in str(refused(stripe.v1.payment_methods.attach, method, {"customer": ada.id}))
    assert types(stripe, method)[-1] == "payment_method.detached"
    told = events(stripe, method)[-1].to_dict()["data"]
    assert (told["object"]["customer"], told["previous_attributes"]) == (None, {"customer": ada.id})


def test_a_deleted_customer_leaves_a_trace(stripe: StripeClient, ada: Customer) -> None:
    stripe.v1.customers.delete(ada.id)
    rest = stripe.v1.customers.retrieve(ada.id)
    assert rest.to_dict() == {"id": ada.id, "object": "customer", "deleted": True}
    assert ada.id not in [customer.id for customer in stripe.v1.customers.list({"email": "ada@example.com"})]
    assert refused(stripe.v1.customers.update, ada.id, {"name": "Eve"}).http_status == 404
    assert types(stripe, ada.id)[-1] == "customer.deleted"


@pytest.mark.parametrize(
    ("card", "code"),
    [
        ("pm_card_visa", "charge_already_refunded"),
        ("pm_card_createDispute", "charge_disputed"),
        ("pm_card_chargeCustomerFail", None),
    ],
)
def test_a_payment_is_refunded_once_unless_it_is_disputed(stripe: StripeClient, card: str, code: str | None) -> None:
    office = open_office(stripe, card)
    payments = stripe.v1.invoice_payments.list({"invoice": str(office.subscribe().latest_invoice)})
    intent: Any = {"payment_intent": str(payments.data[0].payment.payment_intent)}
    if code == "charge_already_refunded":
        refund = stripe.v1.refunds.create(intent | {"reason": "duplicate"})
        charge = stripe.v1.charges.retrieve(str(refund.charge))
        assert charge.refunds
        assert (refund.status, refund.amount, charge.refunded) == ("succeeded", 4900, True)
        assert types(stripe, charge.id)[-1] == "charge.refunded"
        assert [one.id for one in stripe.v1.refunds.list(intent).data] == [refund.id]
    assert refused(stripe.v1.refunds.create, intent).code == code


def test_objects_survive_a_restart(sandbox: Sandbox, stripe: StripeClient, ada: Customer) -> None:
    sandbox.stop()
    sandbox.start()
    assert stripe.v1.customers.retrieve(ada.id).email == "ada@example.com"
