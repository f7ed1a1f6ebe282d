"""The billing portal and the invoice page: configurations and sessions over the API, and a person on the pages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from stripe import InvalidRequestError, StripeClient

from tests.sandbox.conftest import Sandbox
from tests.sandbox.stripe_person import ASKS_ALWAYS, DECLINES, VISA, Person

SHOP = "http://127.0.0.1:9/billing"
DONE = "http://127.0.0.1:9/done"
TIMES = "\N{MULTIPLICATION SIGN}"
REDIRECT: Any = {"type": "redirect", "redirect": {"return_url": DONE}}


@dataclass(frozen=True)
class Account:
    """A customer with a plan for $49 a month, paid with the plan's own card, and a portal."""

    stripe: StripeClient
    customer: str
    subscription: str
    price: str
    configuration: str

    def session(self, **more: Any) -> Any:
        """A portal session."""
        params = {"customer": self.customer, "configuration": self.configuration, "return_url": SHOP, **more}
        return self.stripe.v1.billing_portal.sessions.create(params)  # type: ignore[arg-type]

    def sub(self, *expand: str) -> Any:
        """The plan in its current state."""
        return self.stripe.v1.subscriptions.retrieve(self.subscription, {"expand": list(expand)})

    def default_card(self) -> Any:
        """The customer's default card."""
        expand = ["invoice_settings.default_payment_method"]
        customer = self.stripe.v1.customers.retrieve(self.customer, {"expand": expand})
        return customer.invoice_settings.default_payment_method  # type: ignore[union-attr]


@pytest.fixture(scope="module")
def price(stripe: StripeClient) -> Any:
    """$49 a month."""
    params: Any = {
        "currency": "usd",
        "unit_amount": 4900,
        "product_data": {"name": "AI employee"},
        "recurring": {"interval": "month"},
    }
    return stripe.v1.prices.create(params)


def configure(stripe: StripeClient, **more: Any) -> Any:
    """A configuration with everything enabled."""
    on = {"enabled": True}
    features = {
        "customer_update": {"enabled": True, "allowed_updates": ["address", "email", "name", "tax_id"]},
        "invoice_history": on,
        "payment_method_update": on,
        "subscription_cancel": {"enabled": True, "mode": "at_period_end", "proration_behavior": "none"},
        "subscription_update": {"enabled": False},
    }
    params: Any = {"features": {**features, **more}, "metadata": {"a": "b"}}
    return stripe.v1.billing_portal.configurations.create(params)


@pytest.fixture
def account(stripe: StripeClient, price: Any) -> Account:
    """A customer with an active plan for two."""
    return subscribed(stripe, price, configure(stripe).id)


def subscribed(stripe: StripeClient, price: Any, configuration: str, card: str = VISA, **more: Any) -> Account:
    """A customer with a plan for two."""
    customer = stripe.v1.customers.create({"email": "ada@acme.example", "name": "Ada", "payment_method": card})
    own = stripe.v1.customers.payment_methods.list(customer.id).data[0].id
    params: Any = {"customer": customer.id, "items": [{"price": price.id, "quantity": 2}], **more}
    params["default_payment_method"] = own
    sub = stripe.v1.subscriptions.create(params)
    return Account(stripe, customer.id, sub.id, price.id, configuration)


@pytest.fixture
def person(sandbox: Sandbox) -> Person:
    """A person using the page."""
    return Person(sandbox.url)


def test_features_that_are_not_named_stay(stripe: StripeClient, account: Account) -> None:
    changed = stripe.v1.billing_portal.configurations.update(
        account.configuration, {"features": {"invoice_history": {"enabled": False}}}
    )
    assert not changed.features.invoice_history.enabled
    assert changed.features.payment_method_update.enabled
    assert changed.id in {one.id for one in stripe.v1.billing_portal.configurations.list({"active": True}).data}
    choosing: Any = {"features": {"subscription_update": {"enabled": True}}}
    with pytest.raises(InvalidRequestError) as refused:
        stripe.v1.billing_portal.configurations.create(choosing)
    assert refused.value.param == "features[subscription_update][enabled]"


@pytest.mark.parametrize(
    ("more", "param"),
    [
        ({"customer": "cus_none"}, "customer"),
        ({"configuration": "bpc_none"}, "configuration"),
        ({"return_url": "javascript:alert(1)"}, "return_url"),
        ({"flow_data": {"type": "subscription_cancel"}}, "flow_data[type]"),
        ({"flow_data": {"type": "customer_update"}}, "flow_data[type]"),
        (
            {"flow_data": {"type": "payment_method_update", "after_completion": {"type": "redirect"}}},
            "flow_data[after_completion][redirect]",
        ),
        ({"on_behalf_of": "acct_1"}, "on_behalf_of"),
    ],
)
def test_a_wrong_session_is_refused(account: Account, more: dict[str, Any], param: str) -> None:
    with pytest.raises(InvalidRequestError) as refused:
        account.session(**more)
    assert (refused.value.http_status, refused.value.param) == (400, param)


def test_a_session_needs_a_configuration_and_what_a_flow_needs(stripe: StripeClient, account: Account) -> None:
    with pytest.raises(InvalidRequestError, match="No configuration provided"):
        stripe.v1.billing_portal.sessions.create({"customer": account.customer})
    bare = configure(stripe, payment_method_update={"enabled": False})
    with pytest.raises(InvalidRequestError, match="not enabled"):
        account.session(configuration=bare.id, flow_data={"type": "payment_method_update"})


def test_the_start_shows_plan_card_details_and_invoices(account: Account, person: Person) -> None:
    text = person.open(account.session().url).text
    for words in (
        f"AI employee {TIMES} 2",
        "$98.00 per month",
        "Active",
        "Renews on",
        "•••• 4242",
        "ada@acme.example",
        "Paid",
    ):
        assert words in text, words
    assert person.page
    assert person.page.links["Back to Roster"] == SHOP
    invoice = person.open(person.page.links["View"])
    assert "$98.00" in invoice.text
    assert "This invoice is paid" in invoice.text


def test_a_plan_is_canceled_at_the_periods_end_and_kept_after_all(account: Account, person: Person) -> None:
    person.open(account.session().url)
    assert person.page
    person.open(person.page.links["Cancel plan"])
    assert "will end on" in person.text
    person.press("Cancel plan")
    assert "It will not renew." in person.text
    sub = account.sub()
    assert (sub.cancel_at_period_end, sub.status) == (False, "active")
    assert sub.cancel_at == sub["items"].data[0].current_period_end
    assert sub.cancellation_details.reason == "cancellation_requested"
    person.press("Keep plan")
    assert account.sub().cancel_at is None
    assert "Renews on" in person.text


def test_a_plan_that_ends_at_a_date_or_with_its_period_is_kept_in_the_portal(
    stripe: StripeClient, account: Account, person: Person
) -> None:
    end = account.sub()["items"].data[0].current_period_end
    plans: list[Any] = [{"cancel_at": end - 86400}, {"cancel_at_period_end": True}]
    for plan in plans:
        stripe.v1.subscriptions.update(account.subscription, plan)
        person.open(account.session().url)
        person.press("Keep plan")
        assert (account.sub().cancel_at, account.sub().cancel_at_period_end) == (None, False)


def test_what_the_configuration_disables_is_not_shown(
    stripe: StripeClient, account: Account, person: Person, sandbox: Sandbox
) -> None:
    off = {"enabled": False}
    names = ("customer_update", "invoice_history", "payment_method_update", "subscription_cancel")
    bare = configure(stripe, **dict.fromkeys(names, off))
    session = account.session(configuration=bare.id)
    page = person.open(session.url)
    for words in ("Cancel plan", "Add a card", "Edit", "Invoices"):
        assert words not in page.text
    for path, method in (("card", "POST"), (f"cancel/{account.subscription}", "POST"), ("details", "GET")):
        assert sandbox.http.request(method, f"{session.url}/{path}").status_code == 403
    assert account.sub().status == "active"


def test_a_new_card_becomes_the_customers_default_and_a_plan_keeps_its_own(account: Account, person: Person) -> None:
    old = account.sub().default_payment_method
    flow = {"type": "payment_method_update", "after_completion": REDIRECT}
    person.open(account.session(flow_data=flow).url)
    person.press("Add card", card=DECLINES)
    assert "Your card was declined." in person.text
    assert account.default_card() is None
    person.press("Add card", card="pm_card_mastercard")
    assert person.left_for == DONE
    assert account.default_card().card.last4 == "4444"
    assert account.sub().default_payment_method == old


def test_the_bank_asks_about_a_new_card(account: Account, person: Person) -> None:
    person.open(account.session(flow_data={"type": "payment_method_update", "after_completion": REDIRECT}).url)
    person.press("Add card", card=ASKS_ALWAYS)
    assert "Is this you?" in person.text
    person.press("Fail")
    assert "unable to authenticate" in person.text
    assert account.default_card() is None
    person.press("Add card", card=ASKS_ALWAYS)
    person.press("Complete")
    assert person.left_for == DONE
    assert account.default_card().card.last4 == "3184"


def test_cards_are_made_default_and_removed(stripe: StripeClient, account: Account, person: Person) -> None:
    session = account.session()
    person.open(session.url)
    assert person.page
    person.open(person.page.links["Add a card"])
    person.press("Add card", card="pm_card_mastercard")
    assert account.default_card().card.last4 == "4444"
    person.press("Make default")
    assert account.default_card().card.last4 == "4242"
    person.press("Remove")
    assert [one.card.last4 for one in stripe.v1.customers.payment_methods.list(account.customer).data] == ["4242"]  # type: ignore[union-attr]


def test_nobody_touches_another_customers_card_or_plan(
    stripe: StripeClient, account: Account, price: Any, sandbox: Sandbox
) -> None:
    stranger = subscribed(stripe, price, account.configuration)
    card = stripe.v1.customers.payment_methods.list(stranger.customer).data[0].id
    url = account.session().url
    sandbox.http.post(f"{url}/cards/{card}", data={"do": "remove"})
    sandbox.http.post(f"{url}/cards/{card}", data={"do": "default"})
    sandbox.http.post(f"{url}/cancel/{stranger.subscription}")
    assert stripe.v1.payment_methods.retrieve(card).customer == stranger.customer
    assert account.default_card() is None
    assert stranger.sub().cancel_at is None
    assert sandbox.http.get("/stripe/portal/test_none").status_code == 404
    evil = {"Origin": "https://evil.example"}
    assert sandbox.http.post(f"{url}/cancel/{account.subscription}", headers=evil).status_code == 403


def test_billing_details_are_changed(stripe: StripeClient, account: Account, person: Person) -> None:
    person.open(account.session().url)
    assert person.page
    person.open(person.page.links["Edit"])
    person.press("Save", email="nobody")
    assert "Enter an e-mail address" in person.text
    where = {"line1": "1 Main St", "city": "Berlin", "postal_code": "10115", "country": "DE"}
    person.press("Save", email="new@acme.example", name="Acme", **where)
    customer = stripe.v1.customers.retrieve(account.customer)
    assert (customer.email, customer.name) == ("new@acme.example", "Acme")
    assert customer.address
    assert customer.address.country == "DE"
    assert "new@acme.example" in person.text


def open_invoice(account: Account) -> Any:
    """An unpaid invoice of $98."""
    items: Any = [{"price": account.price, "quantity": 2}]
    params: Any = {"customer": account.customer, "items": items, "payment_behavior": "default_incomplete"}
    sub = account.stripe.v1.subscriptions.create(params)
    return account.stripe.v1.invoices.retrieve(str(sub.latest_invoice))


def test_an_open_invoice_is_paid_on_its_page(account: Account, person: Person, sandbox: Sandbox) -> None:
    invoice = open_invoice(account)
    page = person.open(invoice.hosted_invoice_url)
    for words in (f"Invoice {invoice.number}", "Due", "Amount due $98.00", "Pay $98.00"):
        assert words in page.text
    person.press("Pay $98.00", card=DECLINES)
    assert "Your card was declined." in person.text
    person.press("Pay $98.00", card=ASKS_ALWAYS)
    assert "asks for $98.00" in person.text
    person.press("Fail")
    assert "unable to authenticate" in person.text
    person.press("Pay $98.00", card=ASKS_ALWAYS)
    person.press("Complete")
    assert "This invoice is paid" in person.text
    assert account.stripe.v1.invoices.retrieve(invoice.id).status == "paid"
    again = sandbox.http.post(invoice.hosted_invoice_url, data={"card": VISA}, follow_redirects=True)
    assert "This invoice is paid" in again.text
    assert sandbox.http.get("/stripe/invoice/in_none").status_code == 404


def test_an_invoice_can_be_downloaded_as_a_pdf(account: Account, sandbox: Sandbox) -> None:
    invoice = open_invoice(account)
    answer = sandbox.http.get(invoice.invoice_pdf)
    assert answer.headers["content-type"] == "application/pdf"
    assert f"Invoice-{invoice.number}.pdf" in answer.headers["content-disposition"]
    assert answer.content.startswith(b"%PDF-1.4")
    assert b"($98.00) Tj" in answer.content


def test_nonsense_from_a_browser_breaks_nothing(account: Account, sandbox: Sandbox) -> None:
    url, invoice = account.session().url, open_invoice(account).hosted_invoice_url
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    for address in (
        *(f"{url}/{path}" for path in ("card", "card/authenticate", "cards/pm_none", "details")),
        *(f"{url}/{verb}/{sub}" for verb in ("cancel", "resume") for sub in ("sub_none", account.customer)),
        invoice,
        f"{invoice}/authenticate",
    ):
        for body in (b"\xff=%00&card=%ff&do=fly&email=%00", b"card=typed&number=1&expiry=99/99&cvc=x&country=XX"):
            answer = sandbox.http.post(address, content=body, headers=headers)
            assert answer.status_code in (200, 303, 400, 402), (address, answer.status_code)
    assert (account.sub().status, account.sub().cancel_at) == ("active", None)
