"""What `doctor` says about Stripe: the state, or the cause and the fix."""

from datetime import timedelta

import pytest
from django.utils import timezone
from djstripe.models import APIKey, WebhookEndpoint, WebhookEventTrigger
from pytest_django import Settings

from billing.catalogue import EMPLOYEE_YEAR
from billing.stripe import ids
from billing.stripe.client import stripe_client
from billing.web import checks
from tenants.doctor.report import Finding, State
from tests.sandbox.conftest import Sandbox

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stripe_sandbox")]


def found() -> dict[str, Finding]:
    return {each.subject: each for each in checks.stripe()}


def problems() -> dict[str, str]:
    return {subject: each.text for subject, each in found().items() if each.state is State.PROBLEM}


def test_all_is_well_after_the_set_up(endpoint: WebhookEndpoint) -> None:
    told = found()
    assert {each.state for each in told.values()} == {State.OK}
    assert list(told) == ["Stripe", "Stripe prices", "Stripe portal", "Stripe webhook", "Stripe events"]
    assert told["Stripe"].text.startswith("accepts the key: test mode of account acct_")
    assert "2026-05-27.dahlia" in told["Stripe"].text
    assert told["Stripe webhook"].text.endswith(endpoint.url)


def test_without_a_key_there_is_nothing_to_check(settings: Settings) -> None:
    settings.STRIPE_KEY = ""
    assert [(each.state, each.text) for each in checks.stripe()] == [
        (State.SKIPPED, "STRIPE_SECRET_KEY is not set: nobody can subscribe.")
    ]


def test_before_the_set_up_each_thing_that_is_missing_is_named(settings: Settings) -> None:
    settings.PUBLIC_URL = settings.STRIPE_WEBHOOK_ORIGIN = "https://new.example"
    told = problems()
    assert told["Stripe portal"] == "has no configuration of this site: run `manage.py setup_stripe`."
    assert told["Stripe webhook"].startswith("is not registered with a secret that is known here and API version")


def test_changes_made_in_stripe_are_reported(endpoint: WebhookEndpoint) -> None:
    client = stripe_client()
    client.v1.prices.update(ids.price_id(EMPLOYEE_YEAR), {"active": False})
    client.v1.webhook_endpoints.update(endpoint.id, {"disabled": True})
    assert problems() == {
        "Stripe price employee_year": "differs from the catalogue: run `manage.py setup_stripe`.",
        "Stripe webhook": "is disabled, so that no event arrives: run `manage.py setup_stripe`.",
    }
    client.v1.webhook_endpoints.update(endpoint.id, {"disabled": False, "enabled_events": ["invoice.paid"]})
    assert problems()["Stripe webhook"].startswith("does not ask for charge.dispute.closed, ")


def test_a_refused_key_and_a_stripe_that_is_down_are_reported_differently(
    endpoint: WebhookEndpoint, settings: Settings, stripe_sandbox: Sandbox
) -> None:
    stripe_sandbox.stripe("faults", method="*", kind="503", times=9)
    assert found()["Stripe"].state is State.WARNING
    assert "has a problem of its own at the moment" in found()["Stripe"].text
    stripe_sandbox.stripe("reset")
    settings.STRIPE_KEY = "sk_test_notTheOneThatIsRegistered"
    assert problems()["Stripe"].startswith("Stripe does not accept the key")
    assert settings.STRIPE_KEY not in str(found())


def test_a_key_of_another_account_is_reported(endpoint: WebhookEndpoint) -> None:
    owner = endpoint.djstripe_owner_account
    other = type(owner).objects.create(id="acct_other")
    APIKey.objects.update(djstripe_owner_account=other)
    assert problems()["Stripe account"].endswith("but this database belongs to acct_other: set a key of that.")


def test_an_address_that_stripe_cannot_reach_is_a_warning(endpoint: WebhookEndpoint, settings: Settings) -> None:
    settings.STRIPE_WEBHOOK_ORIGIN = "http://127.0.0.1:8000"
    assert found()["Stripe webhook"].state is State.PROBLEM, "the sandbox could reach it"


def test_events_that_wait_too_long_are_reported_with_the_reason(endpoint: WebhookEndpoint) -> None:
    made = WebhookEventTrigger.objects.create(remote_ip="127.0.0.1", headers={}, body="{}", valid=True)
    assert found()["Stripe events"].state is State.OK
    WebhookEventTrigger.objects.filter(id=made.id).update(
        created=timezone.now() - timedelta(minutes=10), exception="StripeDownError: no"
    )
    told = found()["Stripe events"]
    assert (told.state, told.text[:38]) == (State.WARNING, "1 wait to be mirrored, the oldest for ")
    assert told.text.endswith("StripeDownError: no.")
