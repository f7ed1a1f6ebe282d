"""The Stripe client: the key is inserted at the last moment, and each failure says what to do."""

import time

import pytest
import stripe as sdk
from djstripe.models import Customer
from djstripe.settings import djstripe_settings
from pytest_django import Settings

from billing.catalogue import PLANS, plan_of, plan_of_price
from billing.errors import (
    BillingError,
    CardDeclinedError,
    StripeDownError,
    StripeMisconfiguredError,
    StripeMissingError,
    StripeRefusedError,
    UnknownPriceError,
)
from billing.stripe import client
from tests.sandbox.conftest import Sandbox

pytestmark = pytest.mark.django_db


def test_dj_stripe_uses_the_placeholder_and_stripe_gets_the_key(stripe_sandbox: Sandbox, settings: Settings) -> None:
    made = client.stripe_client().v1.customers.create({"name": "Acme"})

    synced = Customer.sync_from_stripe_data(sdk.Customer.retrieve(made.id, api_key=settings.STRIPE_SECRET_KEY))

    assert synced.name == "Acme"


def test_no_other_key_is_replaced(stripe_sandbox: Sandbox) -> None:
    with pytest.raises(sdk.AuthenticationError):
        sdk.Customer.list(api_key="sk_test_somethingElseAltogether00")


def test_every_call_names_the_pinned_version(stripe_sandbox: Sandbox, settings: Settings) -> None:
    answer = client.stripe_client().v1.products.list().last_response
    assert answer
    assert answer.headers["stripe-version"] == settings.STRIPE_API_VERSION
    assert settings.STRIPE_API_VERSION == djstripe_settings.DEFAULT_STRIPE_API_VERSION, "its models' version"


@pytest.mark.parametrize("kind", ["lock_timeout", "503", "cut"])
def test_a_stripe_that_fails_once_is_retried(stripe_sandbox: Sandbox, kind: str) -> None:
    stripe_sandbox.stripe("faults", method="*", kind=kind, times=1)
    with client.connected() as stripe:
        assert stripe.v1.accounts.retrieve_current().id.startswith("acct_")


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        ("500", "Stripe has a problem of its own at the moment: try again in a minute."),
        ("cut", "Stripe does not answer at the moment: try again in a minute."),
        ("429", "We sent Stripe too many requests: try again in a minute."),
        ("lock_timeout", "Stripe is still working on another change to the same thing: try again in a minute."),
    ],
)
def test_a_stripe_that_is_down_is_reported(stripe_sandbox: Sandbox, kind: str, sentence: str) -> None:
    stripe_sandbox.stripe("faults", method="*", kind=kind, times=5)
    with pytest.raises(StripeDownError) as failure, client.connected() as stripe:
        stripe.v1.products.list()
    assert str(failure.value) == sentence


def test_a_call_to_a_hanging_stripe_times_out(stripe_sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    stripe_sandbox.stripe("faults", method="*", kind="hang", times=9, seconds=30)
    began = time.monotonic()
    with pytest.raises(StripeDownError, match="does not answer"), client.connected(within=0.3) as stripe:
        stripe.v1.products.list()
    assert time.monotonic() - began < 5


def test_what_stripe_refuses_is_reported_in_its_words(stripe_sandbox: Sandbox) -> None:
    with (
        pytest.raises(StripeRefusedError, match=r"^Stripe refuses this: .*seats") as refusal,
        client.connected() as stripe,
    ):
        stripe.v1.customers.create({"seats": 3})  # type: ignore[arg-type]
    assert (refusal.value.code, refusal.value.param) == ("parameter_unknown", "seats")
    assert not isinstance(refusal.value, StripeMissingError)


def test_what_stripe_does_not_have_is_missing(stripe_sandbox: Sandbox) -> None:
    with (
        pytest.raises(StripeMissingError, match="No such customer: 'cus_nobody'") as missing,
        client.connected() as stripe,
    ):
        stripe.v1.customers.retrieve("cus_nobody")
    assert missing.value.code == "resource_missing"


def test_a_declined_card_says_why_and_what_to_do(stripe_sandbox: Sandbox) -> None:
    card = "pm_card_chargeDeclinedInsufficientFunds"
    with pytest.raises(CardDeclinedError) as declined, client.connected() as stripe:
        stripe.v1.payment_methods.attach(card, {"customer": stripe.v1.customers.create().id})
    assert str(declined.value) == "Your card has insufficient funds. Use another card, or ask your bank."
    assert (declined.value.code, declined.value.decline_code) == ("card_declined", "insufficient_funds")


def test_a_rejected_key_is_a_configuration_error(stripe_sandbox: Sandbox, settings: Settings) -> None:
    settings.STRIPE_KEY = "sk_test_notTheOneThatIsRegistered"
    with (
        pytest.raises(StripeMisconfiguredError, match="does not accept the key") as fault,
        client.connected() as stripe,
    ):
        stripe.v1.products.list()
    assert settings.STRIPE_KEY not in str(fault.value)


def test_without_a_key_nothing_is_offered(settings: Settings) -> None:
    settings.STRIPE_KEY = ""
    assert not client.is_configured()
    with pytest.raises(StripeMisconfiguredError, match="STRIPE_SECRET_KEY is not set"), client.connected():
        pytest.fail("no client should be created")


def test_every_plan_is_found_by_its_key_and_by_an_old_price() -> None:
    for plan in PLANS:
        key = plan.lookup_key
        assert plan_of(key) == plan
        assert plan_of_price({"id": "price_1", "lookup_key": key, "metadata": {}}) == plan
        assert plan_of_price({"id": "price_1", "lookup_key": None, "metadata": {"roster_plan": key}}) == plan
    assert {plan.lookup_key: plan.unit_cents for plan in PLANS} == {"employee_month": 4900, "employee_year": 49000}


@pytest.mark.parametrize("price", [{}, {"id": "price_1", "lookup_key": None, "metadata": None}, {"lookup_key": "gold"}])
def test_a_price_that_is_not_in_the_catalogue_is_refused(price: dict[str, object]) -> None:
    with pytest.raises(UnknownPriceError, match="is not one of Roster's plans"):
        plan_of_price(price)
    with pytest.raises(BillingError):
        plan_of("gold")
