"""Stripe's hosted pages in Chromium: a person subscribes, and each page is checked in both themes and at 375 px."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect, sync_playwright
from stripe import StripeClient

from tests.browser.conftest import ARGUMENTS, find_chromium
from tests.browser.pages import Judge
from tests.browser.watch import Watch
from tests.sandbox.conftest import Sandbox


@pytest.fixture
def page(sandbox: Sandbox) -> Iterator[Page]:
    """A new browser, closed with the test. Nothing may be written to its console."""
    executable = find_chromium()
    if executable is None:
        pytest.skip("no Chromium or Chrome on this machine: install one (on Debian: apt-get install chromium)")
    watch = Watch({urlsplit(sandbox.url).netloc, urlsplit(shop(sandbox)).netloc})
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=ARGUMENTS)
        context = browser.new_context(timezone_id="Europe/London")
        watch.follow(context)
        yield context.new_page()
        browser.close()
    assert watch.offences == []


def shop(sandbox: Sandbox) -> str:
    """Where the pages lead back to: another site for the browser, which the form's policy must allow."""
    return sandbox.url.replace("127.0.0.1", "localhost")


def subscribe(stripe: StripeClient, sandbox: Sandbox, **more: Any) -> Any:
    """A session for three seats at $49 a month, for a customer with only a name."""
    price: Any = {
        "currency": "usd",
        "unit_amount": 4900,
        "product_data": {"name": "AI employee"},
        "recurring": {"interval": "month"},
    }
    params: Any = {
        "mode": "subscription",
        "customer": stripe.v1.customers.create({"name": "Acme"}).id,
        "line_items": [{"price": stripe.v1.prices.create(price).id, "quantity": 3}],
        "allow_promotion_codes": True,
        "success_url": f"{shop(sandbox)}/?done={{CHECKOUT_SESSION_ID}}",
        "cancel_url": f"{shop(sandbox)}/?back",
        **more,
    }
    return stripe.v1.checkout.sessions.create(params)


@pytest.mark.timeout(240)
def test_a_person_subscribes_in_a_browser(stripe: StripeClient, sandbox: Sandbox, page: Page) -> None:
    code = _code(stripe)
    auto: Any = {"address": "auto", "name": "auto"}
    session = subscribe(stripe, sandbox, automatic_tax={"enabled": True}, customer_update=auto)
    judge = Judge(page, "Sandbox")
    page.goto(session.url)
    judge.look("stripe-checkout")
    page.get_by_text("Add a promotion code").click()
    page.get_by_label("Promotion code").fill(code)
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_text("20% off for 3 months")).to_be_visible()
    _fail_twice(page, judge)
    _pay_with_a_typed_card(page, judge)
    page.wait_for_url(f"{shop(sandbox)}/?done={session.id}")

    done = stripe.v1.checkout.sessions.retrieve(session.id)
    assert (done.status, done.payment_status, done.amount_total) == ("complete", "paid", 11760)
    assert not judge.faults, "\n".join(judge.faults)


def _code(stripe: StripeClient) -> str:
    """A promotion code for 20% off."""
    coupon = stripe.v1.coupons.create({"percent_off": 20, "duration": "repeating", "duration_in_months": 3})
    return str(stripe.v1.promotion_codes.create({"promotion": {"type": "coupon", "coupon": coupon.id}}).code)


def _fail_twice(page: Page, judge: Judge) -> None:
    """Leave the postal code out, then pay with a card that is declined."""
    page.get_by_label("E-mail").fill("ada@acme.example")
    page.get_by_label("•••• 0002").check()
    page.get_by_label("Country").select_option("GB")
    page.get_by_role("button", name="Subscribe").click()
    expect(page.get_by_text("Enter your postal code.")).to_be_focused()
    judge.look("stripe-checkout-incomplete")
    page.get_by_label("Postal code").fill("SW1Y 4JH")
    page.get_by_role("button", name="Subscribe").click()
    expect(page.get_by_text("Your card was declined.")).to_be_focused()
    judge.look("stripe-checkout-declined")


def _pay_with_a_typed_card(page: Page, judge: Judge) -> None:
    """Type a card that needs 3-D Secure, press Enter, and confirm."""
    page.get_by_label("Another card").check()
    page.get_by_label("Card number").fill("4000 0027 6000 3184")
    page.get_by_label("Expiry").fill("12/40")
    page.get_by_label("CVC").fill("123")
    page.get_by_label("CVC").press("Enter")
    expect(page.get_by_role("heading", name="Is this you?")).to_be_visible()
    judge.look("stripe-3d-secure")
    page.get_by_role("button", name="Complete").click()


@pytest.mark.timeout(240)
def test_a_trial_and_an_expired_session_in_a_browser(stripe: StripeClient, sandbox: Sandbox, page: Page) -> None:
    customer = stripe.v1.customers.create({"email": "ada@acme.example"}).id
    trial = {"subscription_data": {"trial_period_days": 14}, "customer": customer}
    judge = Judge(page, "Sandbox")
    page.goto(subscribe(stripe, sandbox, **trial).url)
    judge.look("stripe-checkout-trial")
    free = subscribe(stripe, sandbox, payment_method_collection="if_required", **trial)
    page.goto(free.url)
    judge.look("stripe-checkout-trial-without-card")
    page.get_by_role("link", name="Back to Roster").click()
    page.wait_for_url(f"{shop(sandbox)}/?back")
    stripe.v1.checkout.sessions.expire(free.id)
    page.goto(free.url)
    judge.look("stripe-checkout-expired")
    assert not judge.faults, "\n".join(judge.faults)


@pytest.mark.timeout(240)
def test_the_portal_and_an_invoice_in_a_browser(stripe: StripeClient, sandbox: Sandbox, page: Page) -> None:
    session = subscribe(stripe, sandbox, customer=stripe.v1.customers.create({"email": "ada@acme.example"}).id)
    judge = Judge(page, "Sandbox")
    page.goto(session.url)
    page.get_by_role("button", name="Subscribe").click()
    page.wait_for_url(f"{shop(sandbox)}/?done={session.id}")
    url = _portal(stripe, sandbox, str(session.customer))
    page.goto(url)
    judge.look("stripe-portal")
    page.get_by_role("link", name="Cancel plan").click()
    judge.look("stripe-portal-cancel")
    page.get_by_role("button", name="Cancel plan").click()
    page.get_by_role("button", name="Keep plan").click()
    page.get_by_role("link", name="Add a card").click()
    judge.look("stripe-portal-card")
    page.get_by_label("•••• 4444").check()
    page.get_by_role("button", name="Add card").click()
    page.get_by_role("link", name="Edit").click()
    judge.look("stripe-portal-details")
    page.goto(url)
    page.get_by_role("link", name="View").click()
    judge.look("stripe-invoice-paid")
    _leave_unpaid(stripe, str(session.customer))
    page.goto(url)
    page.get_by_role("link", name="Pay").click()
    judge.look("stripe-invoice-open")
    page.get_by_role("button", name="Pay $49.00").click()
    expect(page.get_by_role("heading", name="Paid")).to_be_visible()
    page.goto(f"{sandbox.url}/stripe/")
    judge.look("stripe-account")
    page.goto(sandbox.url)
    judge.look("stripe-start")
    assert not judge.faults, "\n".join(judge.faults)


def _portal(stripe: StripeClient, sandbox: Sandbox, customer: str) -> str:
    """The URL of a portal with everything enabled."""
    features: Any = {
        "customer_update": {"enabled": True, "allowed_updates": ["email", "name", "address", "tax_id"]},
        "invoice_history": {"enabled": True},
        "payment_method_update": {"enabled": True},
        "subscription_cancel": {"enabled": True},
    }
    configuration = stripe.v1.billing_portal.configurations.create({"features": features})
    portal = stripe.v1.billing_portal.sessions.create(
        {"customer": customer, "configuration": configuration.id, "return_url": f"{shop(sandbox)}/?back"}
    )
    return portal.url


def _leave_unpaid(stripe: StripeClient, customer: str) -> None:
    """An open invoice of $49."""
    [known] = stripe.v1.subscriptions.list({"customer": customer}).data
    items: Any = [{"price": known["items"].data[0].price.id}]
    stripe.v1.subscriptions.create({"customer": customer, "items": items, "payment_behavior": "default_incomplete"})
