"""Checkout sessions over the API: what they are made with, what they cost, and how they end without being completed."""

from __future__ import annotations

import time
from typing import Any

import pytest
from stripe import InvalidRequestError, StripeClient

from tests.sandbox.conftest import Sandbox
from tests.sandbox.stripe_shapes import ShapeJudge

URLS: Any = {
    "success_url": "http://127.0.0.1:9/done?session={CHECKOUT_SESSION_ID}",
    "cancel_url": "http://127.0.0.1:9/",
}


@pytest.fixture(scope="module")
def price(stripe: StripeClient) -> str:
    """$49 a month."""
    return new_price(stripe, 4900, "month")


def new_price(stripe: StripeClient, amount: int, interval: str | None = None) -> str:
    """A price of a product of its own; without an interval it is paid once."""
    recurring: dict[str, Any] = {"recurring": {"interval": interval}} if interval else {}
    params = {"currency": "usd", "unit_amount": amount, "product_data": {"name": "AI employee"}, **recurring}
    return str(stripe.v1.prices.create(params).id)  # type: ignore[arg-type]


def subscribe(price: str, quantity: int = 3, **more: Any) -> Any:
    """Parameters of a session that subscribes."""
    return {"mode": "subscription", "line_items": [{"price": price, "quantity": quantity}], **URLS, **more}


def test_a_session_has_stripes_shape_in_all_its_states(stripe: StripeClient, judge: ShapeJudge, price: str) -> None:
    customer = stripe.v1.customers.create({"email": "ada@acme.example"})
    everything = subscribe(
        price,
        customer=customer.id,
        client_reference_id="acme",
        metadata={"tenant": "1"},
        allow_promotion_codes=True,
        automatic_tax={"enabled": True},
        billing_address_collection="required",
        consent_collection={"terms_of_service": "required"},
        custom_text={"submit": {"message": "Thank you."}},
        customer_update={"address": "auto", "name": "auto"},
        locale="en",
        payment_method_collection="if_required",
        tax_id_collection={"enabled": True},
        subscription_data={
            "trial_period_days": 14,
            "trial_settings": {"end_behavior": {"missing_payment_method": "cancel"}},
            "metadata": {"tenant": "1"},
        },
    )
    made = stripe.v1.checkout.sessions.create(everything)
    plain = stripe.v1.checkout.sessions.create(subscribe(price))
    saves: Any = {"mode": "setup", "currency": "usd", **URLS}
    setup = stripe.v1.checkout.sessions.create(saves)
    whole = stripe.v1.checkout.sessions.retrieve(made.id, {"expand": ["line_items", "customer"]})
    items = stripe.v1.checkout.sessions.line_items.list(made.id)
    expired = stripe.v1.checkout.sessions.expire(plain.id)
    listed = stripe.v1.checkout.sessions.list({"customer": customer.id})
    judge.approve(made, plain, setup, whole, items, expired, listed)
    assert [one.id for one in listed.data] == [made.id]
    assert (made.status, made.payment_status, made.customer_details.email) == ("open", "unpaid", "ada@acme.example")  # type: ignore[union-attr]
    assert (setup.payment_status, setup.amount_total) == ("no_payment_required", None)
    assert made.url
    assert made.url.endswith(f"/stripe/checkout/{made.id}")


def test_the_amounts_are_those_of_today(stripe: StripeClient, price: str) -> None:
    once = new_price(stripe, 1000)
    lines: Any = {"line_items": [{"price": price, "quantity": 3}, {"price": once, "quantity": 1}]}
    now = stripe.v1.checkout.sessions.create(subscribe(price, **lines))
    assert (now.amount_subtotal, now.amount_total, now.currency) == (15700, 15700, "usd")
    later = stripe.v1.checkout.sessions.create(subscribe(price, **lines, subscription_data={"trial_period_days": 14}))
    assert (later.amount_subtotal, later.amount_total) == (1000, 1000)


def test_a_discount_is_taken_off_to_the_cent(stripe: StripeClient, price: str) -> None:
    coupon = stripe.v1.coupons.create({"percent_off": 33.3, "duration": "forever"})
    code = stripe.v1.promotion_codes.create({"promotion": {"type": "coupon", "coupon": coupon.id}})
    session = stripe.v1.checkout.sessions.create(subscribe(price, discounts=[{"promotion_code": code.id}]))
    assert (session.amount_subtotal, session.amount_total) == (14700, 9805)
    assert session.total_details
    assert session.total_details.amount_discount == 4895
    assert session.discounts
    assert session.discounts[0].promotion_code == code.id
    (item,) = stripe.v1.checkout.sessions.line_items.list(session.id).data
    assert (item.amount_total, item.amount_discount, item.quantity) == (9805, 4895, 3)


def test_an_inline_price_makes_a_price(stripe: StripeClient) -> None:
    data = {
        "currency": "usd",
        "unit_amount": 500,
        "product_data": {"name": "Extra"},
        "recurring": {"interval": "month"},
    }
    params: Any = {"mode": "subscription", "line_items": [{"price_data": data, "quantity": 2}], **URLS}
    session = stripe.v1.checkout.sessions.create(params)
    (item,) = stripe.v1.checkout.sessions.line_items.list(session.id).data
    assert item.price
    assert (item.description, item.price.unit_amount, item.price.active) == ("Extra", 500, False)


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"mode": "payment"}, "mode"),
        ({"mode": "setup"}, "line_items"),
        ({"line_items": []}, "line_items"),
        ({"success_url": "nowhere"}, "success_url"),
        ({"cancel_url": "javascript:alert(1)"}, "cancel_url"),
        ({"customer": "cus_none"}, "customer"),
        ({"customer_email": "nobody"}, "customer_email"),
        ({"customer_update": {"address": "auto"}}, "customer_update"),
        ({"discounts": [{"coupon": "none"}]}, "discounts[0][coupon]"),
        ({"allow_promotion_codes": True, "discounts": [{"coupon": "none"}]}, "discounts"),
        ({"expires_at": int(time.time()) + 60}, "expires_at"),
        ({"expires_at": int(time.time()) + 90000}, "expires_at"),
        ({"subscription_data": {"trial_period_days": 0}}, "subscription_data[trial_period_days]"),
        ({"subscription_data": {"trial_end": int(time.time()) + 60}}, "subscription_data[trial_end]"),
        ({"payment_method_types": ["paypal"]}, "payment_method_types[0]"),
        ({"ui_mode": "embedded_page"}, "ui_mode"),
        ({"colour": "red"}, "colour"),
        ({"shipping_address_collection": {"allowed_countries": ["US"]}}, "shipping_address_collection"),
    ],
)
def test_what_makes_no_sense_is_refused(stripe: StripeClient, price: str, change: dict[str, Any], param: str) -> None:
    with pytest.raises(InvalidRequestError) as refused:
        stripe.v1.checkout.sessions.create(subscribe(price, **change))
    assert (refused.value.http_status, refused.value.param) == (400, param)


@pytest.mark.parametrize(
    ("line", "param"),
    [
        ({"quantity": 0}, "line_items[0][quantity]"),
        ({"quantity": -1}, "line_items[0][quantity]"),
        ({"quantity": 1_000_000}, "line_items[0][quantity]"),
        ({"quantity": "x"}, "line_items[0][quantity]"),
        ({"price": "price_none"}, "line_items[0][price]"),
        ({"adjustable_quantity": {"enabled": True, "minimum": 5}}, "line_items[0][quantity]"),
        ({"adjustable_quantity": {"enabled": True, "maximum": 1}}, "line_items[0][quantity]"),
    ],
)
def test_a_line_that_makes_no_sense_is_refused(
    stripe: StripeClient, price: str, line: dict[str, Any], param: str
) -> None:
    with pytest.raises(InvalidRequestError) as refused:
        stripe.v1.checkout.sessions.create(subscribe(price, line_items=[{"price": price, "quantity": 2, **line}]))
    assert refused.value.param == param


def test_a_session_needs_a_recurring_and_active_price(stripe: StripeClient, price: str) -> None:
    with pytest.raises(InvalidRequestError, match="at least one recurring price"):
        stripe.v1.checkout.sessions.create(subscribe(new_price(stripe, 100)))
    both = [{"price": price, "quantity": 1}, {"price": new_price(stripe, 100, "year"), "quantity": 1}]
    with pytest.raises(InvalidRequestError, match="different billing intervals"):
        stripe.v1.checkout.sessions.create(subscribe(price, line_items=both))
    gone = new_price(stripe, 100, "month")
    stripe.v1.prices.update(gone, {"active": False})
    with pytest.raises(InvalidRequestError, match="inactive"):
        stripe.v1.checkout.sessions.create(subscribe(gone))


def test_tax_of_a_known_customer_needs_a_place_and_tax_ids_a_name(stripe: StripeClient, price: str) -> None:
    customer = stripe.v1.customers.create({"email": "ada@acme.example"})
    with pytest.raises(InvalidRequestError) as refused:
        stripe.v1.checkout.sessions.create(subscribe(price, customer=customer.id, automatic_tax={"enabled": True}))
    assert refused.value.code == "customer_tax_location_invalid"
    with pytest.raises(InvalidRequestError, match="customer_update"):
        stripe.v1.checkout.sessions.create(subscribe(price, customer=customer.id, tax_id_collection={"enabled": True}))


def test_a_session_is_expired_once(stripe: StripeClient, sandbox: Sandbox, price: str) -> None:
    session = stripe.v1.checkout.sessions.create(subscribe(price))
    url = str(session.url)
    assert sandbox.http.get(url).status_code == 200
    expired = stripe.v1.checkout.sessions.expire(session.id)
    assert (expired.status, expired.url) == ("expired", None)
    with pytest.raises(InvalidRequestError, match="status of `expired`"):
        stripe.v1.checkout.sessions.expire(session.id)
    (event,) = stripe.v1.events.list({"type": "checkout.session.expired", "limit": 1}).data
    assert event.data.object["id"] == session.id
    page = sandbox.http.get(url)
    assert "expired" in page.text
    assert page.status_code == 410


def test_metadata_of_a_session_can_be_changed(stripe: StripeClient, price: str) -> None:
    session = stripe.v1.checkout.sessions.create(subscribe(price, metadata={"a": "1", "b": "2"}))
    changed = stripe.v1.checkout.sessions.update(session.id, {"metadata": {"a": "", "c": "3"}})
    assert changed.to_dict()["metadata"] == {"b": "2", "c": "3"}
