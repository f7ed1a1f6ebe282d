"""`setup_stripe` brings Stripe in line with the catalog and can be run repeatedly."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from io import StringIO
from typing import get_args
from uuid import uuid4

import pytest
import stripe as sdk
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command
from django.urls import reverse
from djstripe.models import Account, APIKey, WebhookEndpoint
from djstripe.signals import WEBHOOK_SIGNALS
from pytest_django import Settings
from stripe.params import WebhookEndpointCreateParams

from billing import catalogue
from billing.catalogue import EMPLOYEE_MONTH, EMPLOYEE_YEAR, PLANS, Plan
from billing.errors import StripeMisconfiguredError
from billing.stripe import endpoint as webhook
from billing.stripe import ids, setup
from billing.stripe.client import stripe_client
from billing.stripe.events import EVENTS
from billing.sync import event_inbox
from tenants import encryption
from tenants.privacy import rotation
from tests.sandbox.conftest import STRIPE_KEY, Sandbox

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("either_stripe")]


def run(*arguments: str) -> list[str]:
    """The command's output, line by line."""
    printed = StringIO()
    call_command("setup_stripe", *arguments, stdout=printed)
    return printed.getvalue().splitlines()


def wrote(sandbox: Sandbox) -> list[str]:
    """The calls since the last reset that asked the sandbox to change something."""
    calls = sandbox.http.get("/stripe/control/calls").json()["calls"]
    return [name for name in calls if not name.startswith("GET ")]


def prices(plan: Plan) -> list[sdk.Price]:
    """All of a plan's prices, current and old."""
    found = stripe_client().v1.prices.list({"product": catalogue.PRODUCT_ID, "limit": 100}).auto_paging_iter()
    return [each for each in found if each.to_dict()["metadata"].get(catalogue.PLAN) == plan.lookup_key]


def test_the_second_run_changes_nothing(stripe_sandbox: Sandbox) -> None:
    run()
    stripe_sandbox.stripe("reset")

    run()

    assert wrote(stripe_sandbox) == []


def test_everything_is_there_after_the_first_run() -> None:
    run()
    again = run()

    assert again[0].endswith("test mode.")
    assert [line for line in again[1:] if "is as it should be" not in line] == []
    assert len(again) == 6
    for plan in PLANS:
        price = stripe_client().v1.prices.retrieve(ids.price_id(plan))
        assert (price.unit_amount, price.currency, price.lookup_key) == (plan.unit_cents, "usd", plan.lookup_key)
        assert price.recurring
        assert price.recurring.interval == plan.interval


def test_the_portal_lets_customers_pay_and_cancel_but_not_change_seats() -> None:
    run()
    configuration = stripe_client().v1.billing_portal.configurations.retrieve(ids.portal_configuration_id())
    features = configuration.features
    assert features.payment_method_update.enabled
    assert features.invoice_history.enabled
    assert (features.subscription_cancel.enabled, features.subscription_cancel.mode) == (True, "at_period_end")
    assert not features.subscription_update.enabled


def test_a_changed_price_is_a_new_price_that_takes_over_the_key(
    stripe_sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    run()
    before = ids.price_id(EMPLOYEE_MONTH)
    dearer = replace(EMPLOYEE_MONTH, unit_usd=Decimal(59))
    monkeypatch.setattr(catalogue, "PLANS", (dearer, EMPLOYEE_YEAR))

    said = run()

    after = ids.price_id(dearer)
    client = stripe_client()
    assert client.v1.prices.retrieve(after).unit_amount == 5900
    old = client.v1.prices.retrieve(before)
    assert (old.active, old.lookup_key) == (False, None)
    assert catalogue.plan_of_price(old.to_dict()) == EMPLOYEE_MONTH, "subscribers at the old price keep the plan"
    assert sum("stays for those who pay it" in line for line in said) == 1
    monkeypatch.undo()
    run()
    assert client.v1.prices.retrieve(ids.price_id(EMPLOYEE_MONTH)).unit_amount == EMPLOYEE_MONTH.unit_cents
    assert [each.active for each in prices(EMPLOYEE_MONTH)].count(True) == 1


def test_changes_made_in_stripe_are_corrected(stripe_sandbox: Sandbox) -> None:
    run()
    client = stripe_client()
    client.v1.products.update(catalogue.PRODUCT_ID, {"name": "Robot", "active": False})
    client.v1.prices.update(ids.price_id(EMPLOYEE_YEAR), {"active": False})
    portal = ids.portal_configuration_id()
    client.v1.billing_portal.configurations.update(portal, {"features": {"invoice_history": {"enabled": False}}})
    row = WebhookEndpoint.objects.get()
    client.v1.webhook_endpoints.update(row.id, {"enabled_events": ["invoice.paid"], "disabled": True})

    said = run()

    assert sum("was changed" in line for line in said) == 4
    product = client.v1.products.retrieve(catalogue.PRODUCT_ID)
    assert (product.name, product.active) == (setup.PRODUCT_NAME, True)
    hook = client.v1.webhook_endpoints.retrieve(row.id)
    assert (hook.status, set(hook.enabled_events)) == ("enabled", set(EVENTS))
    assert all("as it should be" in line or "test mode" in line for line in run())


def test_the_webhook_endpoint_has_our_address_version_and_events_and_its_secret_is_encrypted() -> None:
    run()
    row = WebhookEndpoint.objects.get()
    assert row.url == webhook.address(row.djstripe_uuid)
    assert row.url.endswith(reverse("djstripe:djstripe_webhook_by_uuid", args=[row.djstripe_uuid]))
    assert (row.api_version, row.livemode) == ("2026-05-27.dahlia", False)
    assert event_inbox.secret_of(row).startswith("whsec_")
    assert row.secret.startswith(encryption.newest_key_id())
    assert "secret" not in row.stripe_data


def test_the_secret_is_reencrypted_with_the_newest_key_like_all_others(settings: Settings) -> None:
    run()
    before = event_inbox.secret_of(WebhookEndpoint.objects.get())
    settings.PLATFORM_ENCRYPTION_KEYS = [Fernet.generate_key().decode(), *settings.PLATFORM_ENCRYPTION_KEYS]

    rotation.rotate(lambda renewal: None)

    settings.PLATFORM_ENCRYPTION_KEYS = settings.PLATFORM_ENCRYPTION_KEYS[:1]
    assert event_inbox.secret_of(WebhookEndpoint.objects.get()) == before
    assert set(rotation.key_usage()) == {encryption.newest_key_id()}


def test_a_lost_secret_requires_a_new_endpoint() -> None:
    run()
    old = WebhookEndpoint.objects.get()
    old.delete()

    run()

    new = WebhookEndpoint.objects.get()
    assert new.id != old.id
    assert [each.id for each in webhook.registered(stripe_client())] == [new.id]


@pytest.fixture
def elsewhere(either_stripe: None) -> Iterator[sdk.WebhookEndpoint]:
    """Another site's endpoint in the same account."""
    endpoints = stripe_client().v1.webhook_endpoints
    made = endpoints.create(
        {"url": f"https://elsewhere.example/webhooks/stripe/{uuid4()}/", "enabled_events": ["invoice.paid"]}
    )
    yield made
    endpoints.delete(made.id)


def test_the_endpoint_is_replaced_on_request_and_other_sites_endpoints_are_not(
    elsewhere: sdk.WebhookEndpoint,
) -> None:
    client = stripe_client()
    run()
    old = WebhookEndpoint.objects.get()

    run("--new-webhook")

    new = WebhookEndpoint.objects.get()
    assert (new.id != old.id, new.djstripe_uuid != old.djstripe_uuid) == (True, True)
    assert event_inbox.secret_of(new) != event_inbox.secret_of(old)
    assert {each.id for each in client.v1.webhook_endpoints.list().data} >= {new.id, elsewhere.id}
    assert old.id not in {each.id for each in client.v1.webhook_endpoints.list().data}


def test_no_unreachable_url_is_registered_at_the_real_stripe(settings: Settings) -> None:
    settings.STRIPE_WEBHOOK_ORIGIN = "http://127.0.0.1:8000"
    assert webhook.is_reachable(), "the sandbox can"
    settings.STRIPE_API_URL = sdk.DEFAULT_API_BASE
    assert not webhook.is_reachable()
    settings.STRIPE_WEBHOOK_ORIGIN = "https://roster.example.com"
    assert webhook.is_reachable()


def test_the_key_itself_is_in_no_table(settings: Settings) -> None:
    run()
    assert [key.secret for key in APIKey.objects.all()] == ["sk_test_StandsForTheKeyThatOnlyTheEnvironmentHas"]
    assert settings.STRIPE_KEY not in str(list(Account.objects.values()))


def test_a_key_of_another_account_is_refused_before_anything_is_changed(stripe_sandbox: Sandbox) -> None:
    run()
    APIKey.objects.update(djstripe_owner_account=Account.objects.create(id="acct_somebodyelse"))
    stripe_sandbox.stripe("reset")

    with pytest.raises(
        CommandError, match=r"belongs to the account acct_.*, but this database belongs to acct_somebodyelse"
    ):
        run()

    assert wrote(stripe_sandbox) == []


def test_a_missing_or_wrong_key_or_no_stripe_gives_one_error_message(
    stripe_sandbox: Sandbox, settings: Settings
) -> None:
    settings.STRIPE_KEY = "sk_test_notTheOneThatIsRegistered"
    with pytest.raises(CommandError, match="Stripe does not accept the key"):
        run()
    settings.STRIPE_KEY = ""
    with pytest.raises(CommandError, match="takes no payments: STRIPE_SECRET_KEY is not set"):
        run()
    settings.STRIPE_KEY, settings.STRIPE_API_URL = STRIPE_KEY, "http://127.0.0.1:9/stripe"
    with pytest.raises(CommandError, match="Stripe does not answer at the moment"):
        run()


def test_before_the_first_run_checkout_says_what_is_missing(settings: Settings) -> None:
    settings.PUBLIC_URL = "https://a-site-that-was-never-set-up.example"
    with pytest.raises(
        StripeMisconfiguredError, match=r"no portal configuration for this site: .*manage.py setup_stripe"
    ):
        ids.portal_configuration_id()


def test_every_event_is_known_to_stripe_and_to_dj_stripe() -> None:
    listed = WebhookEndpointCreateParams.__annotations__["enabled_events"]
    known = set(get_args(get_args(listed)[0])) if get_args(listed) else set()
    assert set(EVENTS) <= set(WEBHOOK_SIGNALS)
    assert not known or set(EVENTS) <= known
    assert len(set(EVENTS)) == len(EVENTS)


def test_wanted_values_are_compared_in_depth() -> None:
    found = {"a": {"b": [2, 1], "c": 3}, "d": 4}
    assert setup.covers(found, {"a": {"b": [1, 2]}})
    assert not setup.covers(found, {"a": {"b": [1]}})
    assert not setup.covers(found, {"a": {"x": 1}})
    assert not setup.covers({"a": None}, {"a": {"b": 1}})
