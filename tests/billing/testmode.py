"""An account in Stripe's own test mode in the sandbox's place: `STRIPE_SECRET_KEY=sk_test_… make test-stripe`.

There is no control API, and nobody to deliver events to. The account may be in use by others, so a test looks only at
its own customer and takes away what it made; product, prices and the site's portal configuration stay.
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
"""Stripe refuses a webhook endpoint on an address that is not public; nobody listens at this one."""
COPY_IT = f"copy the secret key of the test mode, which begins with sk_test_, from {stripe_key.WHERE}"
NEEDS_SANDBOX = "orders faults, reads the sandbox's records or fills in its pages: Stripe itself has none of these"


@dataclass(frozen=True)
class Account:
    """Whose key, and where it is sent."""

    key: StripeKey
    url: str


def is_on() -> bool:
    """Was it `make test-stripe` that began this run?"""
    return bool(STRIPE_GIVEN)


def account() -> Account:
    """The account that was given. Raises ImproperlyConfigured with a sentence that does not repeat the key."""
    value = STRIPE_GIVEN["STRIPE_SECRET_KEY"].strip()
    if not value:
        raise ImproperlyConfigured(
            f"STRIPE_SECRET_KEY is not set: {COPY_IT}, and run `STRIPE_SECRET_KEY=sk_test_… make test-stripe`."
        )
    key = stripe_key.checked(value, url=stripe_key.STRIPE_URL, sandbox=False, public_url="", allow_test=True)
    if key.is_live:
        raise ImproperlyConfigured(
            f"STRIPE_SECRET_KEY is a live key, with which these tests would move real money: {COPY_IT}."
        )
    return Account(key, STRIPE_GIVEN["STRIPE_API_URL"].strip().rstrip("/") or stripe_key.STRIPE_URL)


def forget_endpoints(api: sdk.StripeClient) -> None:
    """Delete the endpoints of the site that is none: Stripe would mail the account's owner that nobody answers."""
    for each in api.v1.webhook_endpoints.list({"limit": 100}).auto_paging_iter():
        if each.url.startswith(f"{settings.STRIPE_WEBHOOK_ORIGIN}/"):
            api.v1.webhook_endpoints.delete(each.id)


def forget_customers(api: sdk.StripeClient) -> None:
    """Delete what the workspaces in the database have there: test clocks with all that is theirs, other customers."""
    names = {name_of_clock(tenant) for tenant in Tenant.objects.all()}
    for clock in api.v1.test_helpers.test_clocks.list({"limit": 100}).auto_paging_iter():
        if clock.name in names:
            api.v1.test_helpers.test_clocks.delete(clock.id)
    for customer_id in mirror.Customer.objects.filter(stripe_data__test_clock=None).values_list("id", flat=True):
        api.v1.customers.delete(customer_id)
