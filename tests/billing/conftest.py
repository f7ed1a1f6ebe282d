"""A Stripe with our catalog set up, and our own client and dj-stripe pointed at it.

It is a sandbox Stripe in its own process, or with `make test-stripe` an account in Stripe's real test mode.
"""

import os
from collections.abc import Iterator

import pytest
import stripe as sdk
from django.core.exceptions import ImproperlyConfigured
from djstripe.models import WebhookEndpoint
from pytest_django import Settings

from billing.catalogue import PLANS
from billing.stripe import client, ids, setup
from tests.billing import testmode
from tests.billing.shop import Shop
from tests.conftest import Cast
from tests.sandbox.conftest import SLACK, STRIPE_KEY, Sandbox, free_port


def pytest_configure(config: pytest.Config) -> None:
    """Stop `make test-stripe` without a test key, with a clear message."""
    if testmode.is_on():
        try:
            testmode.account()
        except ImproperlyConfigured as refusal:
            raise pytest.UsageError(str(refusal)) from refusal


def pytest_report_header(config: pytest.Config) -> str:
    return f"Stripe: the test mode at {testmode.account().url}" if testmode.is_on() else "Stripe: the sandbox"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Against the real Stripe, skip tests that need the sandbox."""
    if testmode.is_on():
        for item in items:
            if isinstance(item, pytest.Function) and "stripe_process" in item.fixturenames:
                item.add_marker(pytest.mark.skip(reason=testmode.NEEDS_SANDBOX))


@pytest.fixture(scope="session")
def stripe_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """The sandbox for all billing tests; each test creates its own customers."""
    port, smtp_port = free_port(), free_port()
    environment = {
        **{name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ},
        **SLACK,
        "SANDBOX_PORT": str(port),
        "SANDBOX_SMTP_PORT": str(smtp_port),
        "SANDBOX_DATA": str(tmp_path_factory.mktemp("stripe")),
        "STRIPE_SECRET_KEY": STRIPE_KEY,
    }
    process = Sandbox(port, smtp_port, environment)
    process.start()
    yield process
    assert process.stop() == 0


@pytest.fixture
def stripe_sandbox(stripe_process: Sandbox, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    """The sandbox without faults, as this process's Stripe: for tests that request faults or open pages."""
    _point_at(f"{stripe_process.url}/stripe", STRIPE_KEY, settings, monkeypatch)
    stripe_process.stripe("reset")
    return stripe_process


@pytest.fixture
def stripe_itself(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An account in Stripe's real test mode, as this process's Stripe."""
    account = testmode.account()
    _point_at(account.url, account.key.value, settings, monkeypatch)
    settings.PUBLIC_URL = settings.STRIPE_WEBHOOK_ORIGIN = testmode.SITE
    api = client.stripe_client()
    yield
    testmode.forget_endpoints(api)


def _point_at(url: str, key: str, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.STRIPE_KEY = key
    settings.STRIPE_API_URL = settings.STRIPE_API_HOST = url
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    monkeypatch.setattr(sdk, "api_base", url)
    ids.forget()


@pytest.fixture
def either_stripe(request: pytest.FixtureRequest) -> None:
    """The sandbox or the real Stripe: for tests that only use the SDK."""
    request.getfixturevalue("stripe_itself" if testmode.is_on() else "stripe_sandbox")


@pytest.fixture
def endpoint(db: None, either_stripe: None) -> WebhookEndpoint:
    """This site's webhook endpoint, and everything else that `setup_stripe` creates."""
    setup.set_up(lambda sentence: None)
    return WebhookEndpoint.objects.get()


@pytest.fixture
def stripe_account(committed: None, either_stripe: None) -> Iterator[sdk.StripeClient]:
    """An account with the catalog, in real transactions and without webhooks; yields the official SDK to inspect it."""
    api = client.stripe_client()
    if not _has_catalogue(api):
        setup.set_up(lambda sentence: None)
    testmode.forget_endpoints(api)
    yield api
    if testmode.is_on():
        testmode.forget_customers(api)


def _has_catalogue(api: sdk.StripeClient) -> bool:
    """Whether an earlier test of this run set up the account. Unknown for an account that others use too."""
    found = api.v1.prices.list({"lookup_keys": [plan.lookup_key for plan in PLANS], "active": True}).data
    return len(found) == len(PLANS) and not testmode.is_on()


@pytest.fixture
def shop(stripe_account: sdk.StripeClient, committed_cast: Cast) -> Shop:
    """Acme with a customer and a card at Stripe, but no subscription."""
    return Shop(stripe_account, committed_cast.acme).open()
