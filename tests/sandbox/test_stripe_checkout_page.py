"""Checkout's page: a person subscribes, and everything that can go wrong."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from stripe import StripeClient

from tests.sandbox.conftest import Sandbox
from tests.sandbox.receiver import Receiver
from tests.sandbox.stripe_hook import Hook, hooked
from tests.sandbox.stripe_person import ASKS_ALWAYS, ASKS_ONCE, ATTACHES_THEN_FAILS, DECLINES, VISA, Person
from tests.sandbox.stripe_shapes import ShapeJudge

SHOP = "http://127.0.0.1:9"
URLS: Any = {"success_url": f"{SHOP}/done?session={{CHECKOUT_SESSION_ID}}&x=1", "cancel_url": f"{SHOP}/billing"}
TRIAL: Any = {"subscription_data": {"trial_period_days": 14, "metadata": {"tenant": "7"}}}
FREE_TRIAL: Any = {**TRIAL, "payment_method_collection": "if_required"}


@pytest.fixture(scope="module")
def price(stripe: StripeClient) -> str:
    """$49 a month."""
    price = stripe.v1.prices.create(
        {
            "currency": "usd",
            "unit_amount": 4900,
            "product_data": {"name": "AI employee"},
            "recurring": {"interval": "month"},
        }
    )
    return str(price.id)


@pytest.fixture
def person(sandbox: Sandbox) -> Person:
    """A person using the page."""
    return Person(sandbox.url)


@pytest.fixture
def hook(stripe: StripeClient, stripe_receiver: Receiver) -> Iterator[Hook]:
    """An endpoint for events about sessions and subscriptions."""
    yield from hooked(stripe, stripe_receiver, "checkout.session.completed", "customer.subscription.created")


def start(stripe: StripeClient, price: str, quantity: int = 3, **more: Any) -> Any:
    """A session for a new customer, unless one is given."""
    line = {"price": price, "quantity": quantity}
    if "customer" not in more:
        more["customer"] = stripe.v1.customers.create({"email": "ada@acme.example", "name": "Ada"}).id
    params: Any = {"mode": "subscription", "line_items": [line], **URLS, **more}
    return stripe.v1.checkout.sessions.create(params)


def finished(stripe: StripeClient, session: Any) -> Any:
    """The session with its subscription and payment."""
    expand = ["subscription", "invoice", "customer", "subscription.default_payment_method"]
    return stripe.v1.checkout.sessions.retrieve(session.id, {"expand": expand})


def test_a_person_subscribes_and_comes_back(
    stripe: StripeClient, person: Person, price: str, hook: Hook, judge: ShapeJudge
) -> None:
    session = start(stripe, price, client_reference_id="acme")
    page = person.open(session.url)
    assert page.status == 200
    for words in ("Subscribe to AI employee", "$147.00 per month", "Total due today $147.00", "ada@acme.example"):
        assert words in page.text
    person.press("Subscribe", card=VISA)
    assert person.left_for == f"{SHOP}/done?session={session.id}&x=1"
    done = finished(stripe, session)
    assert (done.status, done.payment_status, done.url) == ("complete", "paid", None)
    assert (done.subscription.status, done.subscription["items"].data[0].quantity) == ("active", 3)
    assert (done.invoice.status, done.invoice.amount_paid) == ("paid", 14700)
    assert done.subscription.default_payment_method.card.last4 == "4242"
    judge.approve(done)
    events = {event["type"]: event for event in (hook.next() for _ in range(2))}
    completed = events["checkout.session.completed"]["data"]["object"]
    assert completed["client_reference_id"] == "acme"
    assert completed["subscription"] == events["customer.subscription.created"]["data"]["object"]["id"]


def test_a_session_is_completed_once(stripe: StripeClient, person: Person, sandbox: Sandbox, price: str) -> None:
    session = start(stripe, price)
    other = Person(sandbox.url)
    for browser in (person, other):
        browser.open(session.url)
    for browser in (person, other):
        browser.press("Subscribe", card=VISA)
    assert person.left_for
    assert not other.left_for
    assert "already completed" in other.text
    assert person.open(session.url).status == 410
    assert len(stripe.v1.subscriptions.list({"customer": session.customer}).data) == 1


def test_a_trial_takes_a_card_and_charges_nothing(stripe: StripeClient, person: Person, price: str) -> None:
    session = start(stripe, price, **TRIAL)
    page = person.open(session.url)
    for words in ("Try AI employee", "14 days free", "Then $147.00 per month, from", "Total due today $0.00"):
        assert words in page.text
    person.press("Start trial", card=VISA)
    done = finished(stripe, session)
    assert (done.payment_status, done.subscription.status) == ("no_payment_required", "trialing")
    assert done.subscription.metadata["tenant"] == "7"
    assert done.subscription.trial_end - done.subscription.trial_start == 14 * 86400
    assert done.subscription.default_payment_method.card.last4 == "4242"
    assert done.subscription.pending_setup_intent is None
    assert (done.invoice.amount_due, done.invoice.status) == (0, "paid")


def test_a_trial_without_a_card_asks_for_none(stripe: StripeClient, person: Person, price: str) -> None:
    session = start(stripe, price, **FREE_TRIAL)
    page = person.open(session.url)
    assert "No card is needed now" in page.text
    assert "4242" not in page.text
    person.press("Start trial")
    done = finished(stripe, session)
    assert (done.subscription.status, done.subscription.default_payment_method) == ("trialing", None)
    assert done.subscription.pending_setup_intent is None


def test_a_declined_card_is_reported_next_to_the_cards_and_leaves_nothing(
    stripe: StripeClient, person: Person, price: str
) -> None:
    for settings, verb in (({}, "Subscribe"), (TRIAL, "Start trial")):
        session = start(stripe, price, **settings)
        person.open(session.url)
        page = person.press(verb, card=DECLINES)
        assert page
        assert page.status == 402
        assert "Your card was declined." in page.text
        assert stripe.v1.subscriptions.list({"customer": session.customer, "status": "all"}).data == []
        assert stripe.v1.checkout.sessions.retrieve(session.id).status == "open"
        person.press(verb, card=VISA)
        assert person.left_for


def test_a_card_that_fails_later_is_accepted_for_a_trial_and_declined_for_a_payment(
    stripe: StripeClient, person: Person, price: str
) -> None:
    person.open(start(stripe, price, **TRIAL).url)
    person.press("Start trial", card=ATTACHES_THEN_FAILS)
    assert person.left_for
    person.open(start(stripe, price).url)
    person.press("Subscribe", card=ATTACHES_THEN_FAILS)
    assert "Your card was declined." in person.text


@pytest.mark.parametrize("card", [ASKS_ONCE, ASKS_ALWAYS])
@pytest.mark.parametrize(("more", "verb", "status"), [({}, "Subscribe", "active"), (TRIAL, "Start trial", "trialing")])
def test_the_bank_asks_and_the_person_agrees_or_not(
    stripe: StripeClient, person: Person, price: str, card: str, more: Any, verb: str, status: str
) -> None:
    session = start(stripe, price, **more)
    person.open(session.url)
    person.press(verb, card=card)
    assert "Is this you?" in person.text
    assert ("$147.00" in person.text) == (not more)
    assert stripe.v1.subscriptions.list({"customer": session.customer, "status": "all"}).data == []
    person.press("Fail")
    assert "unable to authenticate" in person.text
    person.press(verb, card=card)
    person.press("Complete")
    assert person.left_for.startswith(SHOP)
    done = finished(stripe, session)
    assert done.subscription.status == status
    types = [event.type for event in stripe.v1.events.list({"limit": 60}).data]
    assert "invoice.payment_failed" not in types[: types.index("checkout.session.completed") + 15]


def test_a_promotion_code_is_applied_and_removed(
    stripe: StripeClient, person: Person, price: str, judge: ShapeJudge
) -> None:
    coupon = stripe.v1.coupons.create({"percent_off": 20, "duration": "forever"})
    code = stripe.v1.promotion_codes.create({"promotion": {"type": "coupon", "coupon": coupon.id}})
    session = start(stripe, price, allow_promotion_codes=True)
    person.open(session.url)
    person.press("Apply", promotion="NOTHING")
    assert "This code is invalid." in person.text
    person.press("Apply", promotion=str(code.code).lower(), card=ASKS_ONCE)
    assert person.page
    assert person.page.forms[0].fields["card"] == ASKS_ONCE  # the choice is kept
    assert "20% off forever -$29.40" in person.text
    assert "Total due today $117.60" in person.text
    person.press("Remove")
    assert "Total due today $147.00" in person.text
    person.press("Apply", promotion=code.code)
    person.press("Subscribe", card=VISA)
    done = finished(stripe, session)
    assert (done.amount_total, done.invoice.amount_paid) == (11760, 11760)
    discount = stripe.v1.subscriptions.retrieve(done.subscription.id, {"expand": ["discounts"]}).discounts[0]
    assert discount.promotion_code == code.id  # type: ignore[union-attr]
    assert discount.checkout_session == session.id  # type: ignore[union-attr]
    (used,) = stripe.v1.events.list({"type": "promotion_code.updated", "limit": 1}).data
    assert (used.data.object["id"], used.data.object["times_redeemed"]) == (code.id, 1)
    wanted: Any = {"expand": ["total_details.breakdown", "line_items.data.discounts"]}
    paid = stripe.v1.checkout.sessions.retrieve(session.id, wanted)
    for [taken] in (paid["total_details"]["breakdown"]["discounts"], paid["line_items"].data[0]["discounts"]):
        assert (taken["amount"], taken["discount"]["promotion_code"]) == (2940, code.id)
    judge.approve(done, paid)


def test_promotion_codes_are_refused_unless_the_session_allows_them(
    stripe: StripeClient, person: Person, price: str
) -> None:
    page = person.open(start(stripe, price).url)
    assert "promotion code" not in page.text


def test_the_page_asks_for_what_the_customer_lacks(
    stripe: StripeClient, person: Person, price: str, judge: ShapeJudge
) -> None:
    session = start(
        stripe,
        price,
        customer=stripe.v1.customers.create({"name": "Globex"}).id,
        automatic_tax={"enabled": True},
        customer_update={"address": "auto", "name": "auto"},
        tax_id_collection={"enabled": True},
    )
    person.open(session.url)
    person.press("Subscribe", card=VISA)
    for words in ("Enter your e-mail address", "Enter your postal code."):
        assert words in person.text
    entered = {"email": "bob@globex.example", "country": "DE", "postal_code": "10115"}
    person.press("Subscribe", card=VISA, **{**entered, "country": "XX"})
    assert "Choose a country." in person.text
    person.press("Subscribe", card=VISA, **entered)
    done = finished(stripe, session)
    assert (done.customer.email, done.customer.address.country) == ("bob@globex.example", "DE")
    assert (done.automatic_tax.status, done.customer_details.email) == ("complete", "bob@globex.example")
    assert done.subscription.default_payment_method.billing_details.address.postal_code == "10115"
    judge.approve(done)


def test_a_card_can_be_typed(stripe: StripeClient, person: Person, price: str) -> None:
    session = start(stripe, price)
    person.open(session.url)
    typed = {"card": "typed", "expiry": "12/40", "cvc": "123"}
    for number, says in (
        ("", "Enter the card number."),
        ("4242 4242 4242 4241", "Your card number is incorrect."),
        ("4000 0000 0000 0069", "Your card has expired."),
        ("4111 1111 1111 1111", "used a non test card"),
    ):
        person.press("Subscribe", **{**typed, "number": number})
        assert says in person.text
    person.press("Subscribe", **{**typed, "number": "4242424242424242", "expiry": "soon"})
    assert "Enter the expiration date" in person.text
    person.press("Subscribe", **{**typed, "number": "5555 5555 5555 4444", "expiry": "12 / 40"})
    assert finished(stripe, session).subscription.default_payment_method.card.last4 == "4444"


def test_only_the_customers_own_saved_card_can_be_used(stripe: StripeClient, person: Person, price: str) -> None:
    customer = stripe.v1.customers.create({"email": "ada@acme.example", "payment_method": "pm_card_visa"})
    own = stripe.v1.customers.payment_methods.list(customer.id).data[0].id
    other = stripe.v1.customers.create({"email": "eve@evil.example", "payment_method": "pm_card_visa"})
    stolen = stripe.v1.customers.payment_methods.list(other.id).data[0].id
    session = start(stripe, price, customer=customer.id)
    assert "Saved earlier" in person.open(session.url).text
    person.press("Subscribe", card=stolen)
    assert "Choose a card." in person.text
    person.press("Subscribe", card=own)
    assert finished(stripe, session).subscription.default_payment_method.id == own


def test_the_page_leads_nowhere_else(stripe: StripeClient, sandbox: Sandbox, price: str) -> None:
    session = start(stripe, price, cancel_url="https://shop.example/back")
    answer = sandbox.http.get(session.url)
    policy = answer.headers["content-security-policy"]
    assert policy.endswith(f"form-action 'self' {SHOP} https://shop.example")
    assert "default-src 'none'" in policy
    evil = {"Origin": "https://evil.example"}
    assert sandbox.http.post(session.url, data={"card": VISA}, headers=evil).status_code == 403
    assert sandbox.http.get("/stripe/checkout/cs_test_none").status_code == 404


def test_what_was_deleted_before_paying_is_reported_and_nothing_is_charged(
    stripe: StripeClient, person: Person, price: str
) -> None:
    customer = stripe.v1.customers.create({"email": "ada@acme.example"})
    session = start(stripe, price, customer=customer.id)
    stripe.v1.customers.delete(customer.id)
    assert person.open(session.url).status == 200
    person.press("Subscribe", card=VISA)
    assert "No such customer" in person.text
    assert stripe.v1.subscriptions.list({"customer": session.customer, "status": "all"}).data == []


def test_nonsense_from_a_browser_breaks_nothing(stripe: StripeClient, sandbox: Sandbox, price: str) -> None:
    session = start(stripe, price, allow_promotion_codes=True)
    for path, body in (
        ("", b"\xff\xfe=%00&card=%ff"),
        ("", b"card=typed&number=" + b"9" * 5000),
        ("/update", b"change=apply&promotion=%00%27%22%3C"),
        ("/update", b"change=remove"),
        ("/authenticate", b"answer=complete"),
    ):
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = sandbox.http.post(f"{session.url}{path}", content=body, headers=headers)
        assert answer.status_code in (200, 303, 400, 402), (path, body, answer.status_code)
    assert stripe.v1.checkout.sessions.retrieve(session.id).status == "open"
