"""Stripe's catalog and customers, by the official SDK."""

from __future__ import annotations

import time
from typing import Any

import pytest
import stripe as sdk
from stripe import Customer, Product, StripeClient

from tests.sandbox.conftest import Sandbox
from tests.sandbox.stripe_shapes import ShapeJudge


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
    """Other tests' events tell of invoices, too, that are only upcoming and have no id."""
    return getattr(event.data.object, "id", None) == object_id


def events(stripe: StripeClient, object_id: str) -> list[sdk.Event]:
    """The events about an object, oldest first."""
    found = [event for event in stripe.v1.events.list({"limit": 100}) if is_about(event, object_id)]
    return found[::-1]


def types(stripe: StripeClient, object_id: str) -> list[str]:
    """The types of the events about an object, oldest first."""
    return [str(event.type) for event in events(stripe, object_id)]


def refused(call: Any, *args: Any) -> sdk.InvalidRequestError:
    """The error of a call that must fail."""
    with pytest.raises(sdk.InvalidRequestError) as error:
        call(*args)
    return error.value


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


def test_a_product_id_is_taken_once(stripe: StripeClient, seat: Product) -> None:
    again = refused(stripe.v1.products.create, {"id": seat.id, "name": "Other"})
    assert again.code == "resource_already_exists"


def test_a_change_that_changes_nothing_is_no_event(stripe: StripeClient, seat: Product) -> None:
    stripe.v1.products.update(seat.id, {"name": "AI employee"})
    assert types(stripe, seat.id) == ["product.created"]


def test_a_price_keeps_its_amount(stripe: StripeClient, seat: Product, judge: ShapeJudge) -> None:
    made = stripe.v1.prices.create(
        {
            "product": seat.id,
            "currency": "usd",
            "unit_amount": 4900,
            "recurring": {"interval": "month"},
            "lookup_key": "seat_month",
            "nickname": "Monthly",
        }
    )
    assert made.recurring
    assert (made.type, made.recurring.interval, made.recurring.interval_count) == ("recurring", "month", 1)
    assert refused(stripe.v1.prices.update, made.id, {"unit_amount": 5900}).code == "parameter_unknown"
    retired = stripe.v1.prices.update(made.id, {"active": False})
    assert not retired.active
    assert types(stripe, made.id) == ["price.created", "plan.created", "price.updated"]
    assert "one or more user-created prices" in str(refused(stripe.v1.products.delete, seat.id))
    judge.approve(made, retired, stripe.v1.plans.retrieve(made.id), stripe.v1.prices.list({"product": seat.id}))


def test_a_price_of_parts_of_a_cent_has_no_whole_amount(stripe: StripeClient, seat: Product, judge: ShapeJudge) -> None:
    values: Any = {"product": seat.id, "currency": "usd", "unit_amount_decimal": "0.5"}
    price = stripe.v1.prices.create(values)
    assert (price.unit_amount, str(price.unit_amount_decimal), price.type) == (None, "0.5", "one_time")
    judge.approve(price)


def test_a_lookup_key_is_one_prices_until_it_is_transferred(stripe: StripeClient, seat: Product) -> None:
    values: Any = {"product": seat.id, "currency": "usd", "unit_amount": 1, "lookup_key": "unique"}
    first = stripe.v1.prices.create(values)
    assert refused(stripe.v1.prices.create, values).param == "lookup_key"
    second = stripe.v1.prices.create(values | {"transfer_lookup_key": True})
    assert [price.id for price in stripe.v1.prices.list({"lookup_keys": ["unique"]})] == [second.id]
    assert stripe.v1.prices.retrieve(first.id).lookup_key is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"recurring": {"interval": "decade"}},
        {"recurring": {"interval": "month", "interval_count": 37}},
        {"recurring": {"interval": "month", "usage_type": "metered"}},
        {"tiers_mode": "graduated"},
        {"unit_amount_decimal": "1.5"},
    ],
)
def test_prices_that_are_not_played_are_refused(stripe: StripeClient, seat: Product, wrong: Any) -> None:
    refused(stripe.v1.prices.create, {"product": seat.id, "currency": "usd", "unit_amount": 1, **wrong})


def test_a_coupon_ends_when_it_says(stripe: StripeClient, judge: ShapeJudge) -> None:
    percent = stripe.v1.coupons.create({"percent_off": 25.5, "duration": "repeating", "duration_in_months": 3})
    amount = stripe.v1.coupons.create({"id": "TEN", "amount_off": 1000, "currency": "usd", "name": "Ten dollars"})
    assert (percent.percent_off, percent.currency, len(percent.id)) == (25.5, None, 8)
    assert (amount.duration, amount.valid, amount.times_redeemed) == ("once", True, 0)
    soon = int(time.time()) + 1
    short = stripe.v1.coupons.create({"percent_off": 1, "duration": "forever", "redeem_by": soon})
    judge.approve(percent, amount, short, stripe.v1.coupons.list(), stripe.v1.coupons.update("TEN", {"name": "10"}))
    assert stripe.v1.coupons.delete("TEN").deleted
    assert refused(stripe.v1.coupons.retrieve, "TEN").code == "resource_missing"
    assert "future" in str(refused(stripe.v1.coupons.create, {"percent_off": 1, "redeem_by": soon - 60}))


def test_a_coupon_may_be_for_some_products(stripe: StripeClient, seat: Product) -> None:
    made = stripe.v1.coupons.create({"percent_off": 5, "applies_to": {"products": [seat.id]}})
    assert not hasattr(made, "applies_to")
    shown: Any = stripe.v1.coupons.retrieve(made.id, {"expand": ["applies_to"]})
    assert shown.applies_to.products == [seat.id]


def test_a_promotion_code_is_typed_in_any_case(stripe: StripeClient, ada: Customer, judge: ShapeJudge) -> None:
    coupon = stripe.v1.coupons.create({"percent_off": 20})
    values: Any = {"promotion": {"type": "coupon", "coupon": coupon.id}, "code": "Fall-20"}
    code = stripe.v1.promotion_codes.create(values)
    assert [found.id for found in stripe.v1.promotion_codes.list({"code": "fALL-20"})] == [code.id]
    assert refused(stripe.v1.promotion_codes.create, values).param == "code"
    own = stripe.v1.promotion_codes.create(
        values | {"customer": ada.id, "restrictions": {"first_time_transaction": True}}
    )
    assert own.restrictions.first_time_transaction
    off = stripe.v1.promotion_codes.update(code.id, {"active": False})
    assert not off.active
    assert stripe.v1.promotion_codes.create(values).active
    judge.approve(code, own, off, stripe.v1.promotion_codes.list({"expand": ["data.promotion.coupon"]}))


@pytest.mark.parametrize("text", ["with space", "ümlaut", "a_b", "-" * 501])
def test_a_promotion_code_has_plain_letters(stripe: StripeClient, text: str) -> None:
    coupon = stripe.v1.coupons.create({"percent_off": 20})
    values: Any = {"promotion": {"type": "coupon", "coupon": coupon.id}, "code": text}
    assert refused(stripe.v1.promotion_codes.create, values).param == "code"


def test_a_customer_starts_with_a_card(stripe: StripeClient, ada: Customer, judge: ShapeJudge) -> None:
    assert ada.invoice_settings
    cards = stripe.v1.customers.payment_methods.list(ada.id)
    assert [card.id for card in cards] == [ada.invoice_settings.default_payment_method]
    assert cards.data[0].card
    assert (cards.data[0].card.brand, cards.data[0].card.last4) == ("visa", "4242")
    assert types(stripe, ada.id) == ["customer.created"]
    judge.approve(ada, cards, stripe.v1.customers.list(), events(stripe, ada.id)[0])


@pytest.mark.parametrize("name", ["pm_card_chargeDeclined", "pm_card_chargeDeclinedExpiredCard"])
def test_no_customer_comes_of_a_card_that_declines(stripe: StripeClient, name: str) -> None:
    with pytest.raises(sdk.CardError):
        stripe.v1.customers.create({"email": f"{name}@example.com", "payment_method": name})
    assert not stripe.v1.customers.list({"email": f"{name}@example.com"}).data


def test_a_customer_changes_field_by_field(stripe: StripeClient, ada: Customer, judge: ShapeJudge) -> None:
    changed = stripe.v1.customers.update(
        ada.id,
        {
            "address": {"country": "DE", "city": "Berlin"},
            "shipping": {"name": "Ada", "address": {"line1": "Ring 1"}},
            "invoice_settings": {"footer": "Thanks", "custom_fields": [{"name": "PO", "value": "7"}]},
            "preferred_locales": ["de"],
            "phone": "+49 1",
        },
    )
    assert changed.address
    assert ada.invoice_settings
    assert changed.invoice_settings
    assert (changed.address.city, changed.address.line1) == ("Berlin", None)
    assert changed.invoice_settings.default_payment_method == ada.invoice_settings.default_payment_method
    before = events(stripe, ada.id)[-1].to_dict()["data"]["previous_attributes"]
    assert before["invoice_settings"] == {"footer": None, "custom_fields": None}
    cleared = stripe.v1.customers.update(ada.id, {"address": "", "phone": "", "shipping": ""})
    assert (cleared.address, cleared.phone, cleared.shipping) == (None, None, None)
    judge.approve(changed, cleared, stripe.v1.customers.retrieve(ada.id, {"expand": ["tax", "tax_ids"]}))


def test_a_customers_default_must_be_its_own_card(stripe: StripeClient, ada: Customer) -> None:
    other = stripe.v1.payment_methods.create({"type": "card", "card": {"token": "tok_visa"}})
    values: Any = {"invoice_settings": {"default_payment_method": other.id}}
    error = refused(stripe.v1.customers.update, ada.id, values)
    assert (error.code, error.param) == ("resource_missing", "invoice_settings[default_payment_method]")
    stripe.v1.payment_methods.attach(other.id, {"customer": ada.id})
    assert stripe.v1.customers.update(ada.id, values).invoice_settings


def test_a_card_that_leaves_is_no_default_any_more(stripe: StripeClient, ada: Customer) -> None:
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


def test_a_card_belongs_to_one_customer(stripe: StripeClient, ada: Customer) -> None:
    ben = stripe.v1.customers.create({"name": "Ben"})
    assert ada.invoice_settings
    method = str(ada.invoice_settings.default_payment_method)
    assert "already been attached" in str(refused(stripe.v1.payment_methods.attach, method, {"customer": ben.id}))
    params: Any = {"amount": 1000, "currency": "usd", "customer": ben.id, "payment_method": method, "confirm": True}
    assert "does not belong" in str(refused(stripe.v1.payment_intents.create, params))


def test_a_deleted_customer_leaves_a_trace(stripe: StripeClient, ada: Customer, judge: ShapeJudge) -> None:
    deleted = stripe.v1.customers.delete(ada.id)
    rest = stripe.v1.customers.retrieve(ada.id)
    assert rest.to_dict() == {"id": ada.id, "object": "customer", "deleted": True}
    assert ada.id not in [customer.id for customer in stripe.v1.customers.list({"email": "ada@example.com"})]
    assert refused(stripe.v1.customers.update, ada.id, {"name": "Eve"}).http_status == 404
    params: Any = {"amount": 1000, "currency": "usd", "customer": ada.id}
    assert refused(stripe.v1.payment_intents.create, params).code == "resource_missing"
    assert types(stripe, ada.id)[-1] == "customer.deleted"
    judge.approve(deleted, rest)


def test_a_balance_is_a_sum_of_its_changes(stripe: StripeClient, ada: Customer, judge: ShapeJudge) -> None:
    balances = stripe.v1.customers.balance_transactions
    credit = balances.create(ada.id, {"amount": -500, "currency": "usd", "description": "Sorry"})
    stripe.v1.customers.update(ada.id, {"balance": -200})
    found = balances.list(ada.id)
    assert [(item.amount, item.ending_balance) for item in found] == [(300, -200), (-500, -500)]
    assert refused(balances.create, ada.id, {"amount": 1, "currency": "eur"}).param == "currency"
    assert stripe.v1.customers.retrieve(ada.id).balance == -200
    judge.approve(credit, found, balances.retrieve(ada.id, credit.id))


@pytest.mark.parametrize(
    ("kind", "value", "country", "status"),
    [
        ("eu_vat", "DE123456789", "DE", "verified"),
        ("eu_vat", "de111111111", "DE", "unverified"),
        ("eu_vat", "EL222222222", "GR", "pending"),
        ("gb_vat", "GB123456789", "GB", "verified"),
        ("us_ein", "12-3456789", "US", "unavailable"),
    ],
)
def test_tax_ids_are_checked(
    stripe: StripeClient, ada: Customer, judge: ShapeJudge, kind: Any, value: str, country: str, status: str
) -> None:
    made = stripe.v1.customers.tax_ids.create(ada.id, {"type": kind, "value": value})
    assert made.verification
    assert (made.country, made.verification.status) == (country, status)
    judge.approve(made, stripe.v1.customers.tax_ids.list(ada.id))
    judge.approve(stripe.v1.customers.tax_ids.delete(ada.id, made.id))
    assert types(stripe, made.id) == ["customer.tax_id.created", "customer.tax_id.deleted"]


@pytest.mark.parametrize(
    ("kind", "value"), [("eu_vat", "DE"), ("eu_vat", "US123456789"), ("gb_vat", "123"), ("us_ein", "x")]
)
def test_a_tax_id_of_the_wrong_form_is_refused(stripe: StripeClient, ada: Customer, kind: Any, value: str) -> None:
    error = refused(stripe.v1.customers.tax_ids.create, ada.id, {"type": kind, "value": value})
    assert error.code == "tax_id_invalid"


def test_objects_survive_a_restart(sandbox: Sandbox, stripe: StripeClient, ada: Customer) -> None:
    sandbox.stop()
    sandbox.start()
    assert stripe.v1.customers.retrieve(ada.id).email == "ada@example.com"
