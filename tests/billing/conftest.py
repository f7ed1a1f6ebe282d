"""A sandbox Stripe as a process of its own, told of the catalogue, and our own client and dj-stripe pointed at it."""

import os
from collections.abc import Iterator

import pytest
import stripe as sdk
from djstripe.models import WebhookEndpoint
from pytest_django import Settings

from billing import setup, stripe_api, stripe_ids
from tests.billing.shop import Shop
from tests.conftest import Cast
from tests.sandbox.conftest import SLACK, STRIPE_KEY, Sandbox, free_port


@pytest.fixture(scope="session")
def stripe_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """The sandbox for all tests of billing; each makes its own customers."""
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
    """The sandbox without faults, as the Stripe of this process."""
    settings.STRIPE_KEY = STRIPE_KEY
    settings.STRIPE_API_URL = settings.STRIPE_API_HOST = f"{stripe_process.url}/stripe"
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    monkeypatch.setattr(sdk, "api_base", settings.STRIPE_API_URL)
    stripe_process.stripe("reset")
    stripe_ids.forget()
    return stripe_process


@pytest.fixture
def endpoint(db: None, stripe_sandbox: Sandbox) -> WebhookEndpoint:
    """This site's webhook endpoint, and all else that `setup_stripe` makes."""
    setup.set_up(lambda sentence: None)
    return WebhookEndpoint.objects.get()


@pytest.fixture
def stripe_account(committed: None, stripe_sandbox: Sandbox) -> sdk.StripeClient:
    """The account, set up, in real transactions; and the official SDK to look into it."""
    setup.set_up(lambda sentence: None)
    return stripe_api.client()


@pytest.fixture
def shop(stripe_account: sdk.StripeClient, committed_cast: Cast) -> Shop:
    """Acme, with a customer and a card at Stripe, without a subscription."""
    return Shop(stripe_account, committed_cast.acme).open()
