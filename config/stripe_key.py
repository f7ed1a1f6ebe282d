"""The secret key of Stripe: which shapes and which company we take it in, and what stands for it where it is stored.

dj-stripe keeps the key that it is given in a table, in the clear. It is given a stand-in instead, and the HTTP client
(billing/stripe/client.py) puts the real key into each request as it leaves.
"""

import re
from dataclasses import dataclass, field

from django.core.exceptions import ImproperlyConfigured

STRIPE_URL = "https://api.stripe.com"
SHAPE = re.compile(r"(?:sk|rk)_(test|live)_[A-Za-z0-9]{24,}")
"""Secret and restricted keys: https://docs.stripe.com/keys"""
WHERE = "Stripe's dashboard, Developers, API keys"


@dataclass(frozen=True)
class StripeKey:
    """A secret key of the right shape, or "" if Stripe is not used."""

    value: str = field(repr=False)

    @property
    def is_live(self) -> bool:
        return bool(self.value) and not self.is_test

    @property
    def is_test(self) -> bool:
        return self.value[2:].startswith("_test_")

    @property
    def stand_in(self) -> str:
        """What dj-stripe takes for the key: it says whether real money moves, and outlives a change of the key."""
        if not self.value:
            return ""
        return f"sk_{'live' if self.is_live else 'test'}_StandsForTheKeyThatOnlyTheEnvironmentHas"


def checked(value: str, *, url: str, sandbox: bool, public_url: str, allow_test: bool) -> StripeKey:
    """The key, if it has the right shape and goes together with where it would be sent. "" is taken: no Stripe.

    url: the base URL that it is sent to. public_url: the site's own; behind https:// there are customers.
    Raises ImproperlyConfigured with a sentence that does not repeat the key.
    """
    key = StripeKey(value)
    if not value:
        return key
    _check_shape(value)
    if key.is_live and sandbox:
        raise ImproperlyConfigured(
            "SANDBOX=1 together with a live STRIPE_SECRET_KEY: unset SANDBOX to take real money, "
            "or unset STRIPE_SECRET_KEY to use the sandbox."
        )
    if key.is_live and url != STRIPE_URL:
        raise ImproperlyConfigured(
            f"A live STRIPE_SECRET_KEY would be sent to {url}: unset STRIPE_API_URL, or use a test key there."
        )
    if key.is_test and url == STRIPE_URL and public_url.startswith("https://") and not allow_test:
        raise ImproperlyConfigured(
            f"STRIPE_SECRET_KEY is a test key although PUBLIC_URL is {public_url}, so that nobody would pay: set the "
            "live key, or ALLOW_STRIPE_TEST_KEY=1 where that is meant, as on a staging site."
        )
    return key


def _check_shape(value: str) -> None:
    if value.startswith("pk_"):
        raise ImproperlyConfigured(
            f"STRIPE_SECRET_KEY is a publishable key: copy the secret key, which begins with sk_, from {WHERE}."
        )
    if not SHAPE.fullmatch(value):
        raise ImproperlyConfigured(
            "STRIPE_SECRET_KEY has not the shape of a secret key, which begins with sk_live_ or sk_test_: "
            f"copy it from {WHERE}."
        )
