"""Checkout sessions over the API: their parameters, what they cost, and how they end without being completed."""

from __future__ import annotations

from typing import Any

import pytest
from stripe import InvalidRequestError, StripeClient

from tests.sandbox.conftest import Sandbox
from tests.sandbox.stripe_office import refused

URLS: Any = {
    "success_url": "http://127.0.0.1:9/done?session={CHECKOUT_SESSION_ID}",
    "cancel_url": "http://127.0.0.1:9/",
}
TAXED: Any = {"automatic_tax": {"enabled": True}}


@pytest.fixture(scope="module")
def price(stripe: StripeClient) -> str:
    """$49 a month."""
    return new_price(stripe, 4900, "month")


@pytest.fixture(scope="module")
def customer(stripe: StripeClient) -> str:
    """A customer without an address."""
    return stripe.v1.customers.create({"email": "ada@acme.example"}).id


def new_price(stripe: StripeClient, amount: int, interval: Any) -> str:
    """A price of a new product."""
    recurring: Any = {"interval": interval}
    product: Any = {"name": "AI employee"}
    return stripe.v1.prices.create(
        {"currency": "usd", "unit_amount": amount, "product_data": product, "recurring": recurring}
    ).id


def subscribe(price: str, quantity: int = 3, **more: Any) -> Any:
    """Parameters of a session for a subscription."""
    return {"mode": "subscription", "line_items": [{"price": price, "quantity": quantity}], **URLS, **more}


def test_a_session_leads_to_its_page_and_says_what_is_due_today(
    stripe: StripeClient, price: str, customer: str
) -> None:
    now = stripe.v1.checkout.sessions.create(subscribe(price, customer=customer))
    assert (now.status, now.payment_status, now.amount_total, now.currency) == ("open", "unpaid", 14700, "usd")
    assert str(now.url).endswith(f"/stripe/checkout/{now.id}")
    trial: Any = {"subscription_data": {"trial_period_days": 14}}
    later = stripe.v1.checkout.sessions.create(subscribe(price, customer=customer, **trial))
    assert (later.amount_subtotal, later.amount_total) == (0, 0)
    found = stripe.v1.checkout.sessions.list({"customer": customer, "status": "open"}).data
    assert [one.id for one in found] == [later.id, now.id]


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"mode": "payment"}, "mode"),
        ({"mode": "setup"}, "mode"),
        ({"line_items": []}, "line_items"),
        ({"success_url": "nowhere"}, "success_url"),
        ({"cancel_url": "javascript:alert(1)"}, "cancel_url"),
        ({"customer": "cus_none"}, "customer"),
        ({"subscription_data": {"trial_period_days": 0}}, "subscription_data[trial_period_days]"),
        ({"payment_method_types": ["us_bank_account"]}, "payment_method_types[0]"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_invalid_parameters_are_refused(
    stripe: StripeClient, price: str, customer: str, change: dict[str, Any], param: str
) -> None:
    error = refused(stripe.v1.checkout.sessions.create, subscribe(price, **{"customer": customer, **change}))
    assert (error.http_status, error.param) == (400, param)


@pytest.mark.parametrize(
    ("line", "param"),
    [
        ({"quantity": 0}, "line_items[0][quantity]"),
        ({"quantity": 1_000_000}, "line_items[0][quantity]"),
        ({"quantity": "x"}, "line_items[0][quantity]"),
        ({"price": "price_none"}, "line_items[0][price]"),
        ({"adjustable_quantity": {"enabled": True}}, "line_items[0][adjustable_quantity]"),
    ],
)
def test_an_invalid_line_is_refused(
    stripe: StripeClient, price: str, customer: str, line: dict[str, Any], param: str
) -> None:
    lines = [{"price": price, "quantity": 2, **line}]
    wanted = subscribe(price, customer=customer, line_items=lines)
    assert refused(stripe.v1.checkout.sessions.create, wanted).param == param


def test_prices_of_a_session_are_active_and_have_one_interval(stripe: StripeClient, price: str, customer: str) -> None:
    both = [{"price": price, "quantity": 1}, {"price": new_price(stripe, 100, "year"), "quantity": 1}]
    with pytest.raises(InvalidRequestError, match="different billing intervals"):
        stripe.v1.checkout.sessions.create(subscribe(price, customer=customer, line_items=both))
    gone = new_price(stripe, 100, "month")
    stripe.v1.prices.update(gone, {"active": False})
    with pytest.raises(InvalidRequestError, match="inactive"):
        stripe.v1.checkout.sessions.create(subscribe(gone, customer=customer))


def test_tax_needs_an_address_and_tax_ids_need_a_name(stripe: StripeClient, price: str, customer: str) -> None:
    error = refused(stripe.v1.checkout.sessions.create, subscribe(price, customer=customer, **TAXED))
    assert error.code == "customer_tax_location_invalid"
    with pytest.raises(InvalidRequestError, match="customer_update"):
        stripe.v1.checkout.sessions.create(subscribe(price, customer=customer, tax_id_collection={"enabled": True}))


def test_a_session_is_expired_once(stripe: StripeClient, sandbox: Sandbox, price: str, customer: str) -> None:
    session = stripe.v1.checkout.sessions.create(subscribe(price, customer=customer))
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
