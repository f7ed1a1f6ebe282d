"""An account in Stripe's real test mode instead of the sandbox: `STRIPE_SECRET_KEY=sk_test_… make test-stripe`.

There is no control API, and no receiver for events. Others may use the account too, so a test looks only at its own
customer and deletes what it created; product, prices and the site's portal configuration stay.
"""

from dataclasses import dataclass

import stripe as sdk
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from djstripe import models as mirror

from config import stripe_key
from config.stripe_key import StripeKey
from tenants.models import Tenant
from tests.billing.shop import name_of_clock
from tests.environment import STRIPE_GIVEN

SITE = "https://roster.example"
"""Stripe refuses webhook endpoints without a public URL; nothing listens at this one."""
COPY_IT = f"copy the secret key of the test mode, which begins with sk_test_, from {stripe_key.WHERE}"
NEEDS_SANDBOX = "orders faults, reads the sandbox's records or fills in its pages: Stripe itself has none of these"


@dataclass(frozen=True)
class Account:
    """The account's key and API URL."""

    key: StripeKey
    url: str


def is_on() -> bool:
    """Whether `make test-stripe` started this run."""
    return bool(STRIPE_GIVEN)


def account() -> Account:
    """The configured account. Raises ImproperlyConfigured with a message that doesn't contain the key."""
    value = STRIPE_GIVEN["STRIPE_SECRET_KEY"].strip()
    if not value:
        raise ImproperlyConfigured(
            f"STRIPE_SECRET_KEY is not set: {COPY_IT}, and run `STRIPE_SECRET_KEY=sk_test_… make test-stripe`."
        )
    key = stripe_key.checked(value, url=stripe_key.STRIPE_URL, is_played=False, public_url="", allow_test=True)
    if key.is_live:
        raise ImproperlyConfigured(
            f"STRIPE_SECRET_KEY is a live key, with which these tests would move real money: {COPY_IT}."
        )
    return Account(key, STRIPE_GIVEN["STRIPE_API_URL"].strip().rstrip("/") or stripe_key.STRIPE_URL)


def forget_endpoints(api: sdk.StripeClient) -> None:
    """Delete the fake site's endpoints; otherwise Stripe mails the account's owner about failed deliveries."""
    for each in api.v1.webhook_endpoints.list({"limit": 100}).auto_paging_iter():
        if each.url.startswith(f"{settings.STRIPE_WEBHOOK_ORIGIN}/"):
            api.v1.webhook_endpoints.delete(each.id)


def forget_customers(api: sdk.StripeClient) -> None:
    """Delete the workspaces' Stripe objects: test clocks with everything on them, and other customers."""
    names = {name_of_clock(tenant) for tenant in Tenant.objects.all()}
    for clock in api.v1.test_helpers.test_clocks.list({"limit": 100}).auto_paging_iter():
        if clock.name in names:
            api.v1.test_helpers.test_clocks.delete(clock.id)
    for customer_id in mirror.Customer.objects.filter(stripe_data__test_clock=None).values_list("id", flat=True):
        api.v1.customers.delete(customer_id)
