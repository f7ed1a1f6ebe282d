"""Stripe's secret key: which keys are accepted where, and the stand-in that is stored instead of it.

dj-stripe stores its key in a table in plain text. So it gets a stand-in, and the HTTP client (billing/stripe/client.py)
puts the real key into each outgoing request.
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
    """A secret key in the right format, or "" if Stripe is not used."""

    value: str = field(repr=False)

    @property
    def is_live(self) -> bool:
        return bool(self.value) and not self.is_test

    @property
    def is_test(self) -> bool:
        return self.value[2:].startswith("_test_")

    @property
    def stand_in(self) -> str:
        """What dj-stripe gets instead of the key. It says only whether the mode is live, so it outlives the key."""
        if not self.value:
            return ""
        return f"sk_{'live' if self.is_live else 'test'}_StandsForTheKeyThatOnlyTheEnvironmentHas"


def checked(value: str, *, url: str, is_played: bool, public_url: str, allow_test: bool) -> StripeKey:
    """The key, if it has the right format and fits the place where it would be sent. "" is allowed: no Stripe.

    url: the base URL that it is sent to. is_played: whether the sandbox plays Stripe. public_url: the site's own; an
    https:// site has real customers.
    Raises ImproperlyConfigured; the message does not repeat the key.
    """
    key = StripeKey(value)
    if not value:
        return key
    _check_shape(value)
    if key.is_live and is_played:
        raise ImproperlyConfigured(
            "SANDBOX plays Stripe although STRIPE_SECRET_KEY is a live key: take stripe out of SANDBOX to charge real "
            "money, or unset STRIPE_SECRET_KEY to have it played."
        )
    if key.is_live and url != STRIPE_URL:
        raise ImproperlyConfigured(
            f"A live STRIPE_SECRET_KEY would be sent to {url}: unset STRIPE_API_URL, or use a test key there."
        )
    if key.is_test and url == STRIPE_URL and public_url.startswith("https://") and not allow_test:
        raise ImproperlyConfigured(
            f"STRIPE_SECRET_KEY is a test key although PUBLIC_URL is {public_url}, so nobody would pay: set the "
            "live key, or ALLOW_STRIPE_TEST_KEY=1 if that is intended, as on a staging site."
        )
    return key


def _check_shape(value: str) -> None:
    if value.startswith("pk_"):
        raise ImproperlyConfigured(
            f"STRIPE_SECRET_KEY is a publishable key: copy the secret key, which begins with sk_, from {WHERE}."
        )
    if not SHAPE.fullmatch(value):
        raise ImproperlyConfigured(
            "STRIPE_SECRET_KEY does not look like a secret key, which begins with sk_live_ or sk_test_: "
            f"copy it from {WHERE}."
        )
