"""The one edge to Stripe: a client with a pinned version, limited patience and the key, and errors in our own words."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from threading import BoundedSemaphore
from typing import Any

import stripe
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from billing.errors import (
    BillingError,
    CardDeclinedError,
    StripeBusyError,
    StripeDownError,
    StripeMisconfiguredError,
    StripeMissingError,
    StripeRefusedError,
)
from tenants.outbound import deadlines, patience
from tenants.scope import give_back
from tenants.wordings import Wording

NO_KEY = Wording("billing.no_key", _("This installation takes no payments: STRIPE_SECRET_KEY is not set."))
SLOW = Wording("billing.stripe_slow", _("Stripe is slow at the moment: try again in a minute."))
FAILING = Wording("billing.stripe_failing", _("Stripe has a problem of its own at the moment: try again in a minute."))
LOCKED = Wording(
    "billing.stripe_locked", _("Stripe is still working on another change to the same thing: try again in a minute.")
)
LIMITED = Wording("billing.stripe_limited", _("We sent Stripe too many requests: try again in a minute."))
KEY_REJECTED = Wording(
    "billing.key_rejected",
    _(
        "Stripe does not accept the key, so nothing can be paid here: whoever runs this installation needs to correct "
        "STRIPE_SECRET_KEY. `manage.py doctor` says more."
    ),
)
KEY_TOO_NARROW = Wording(
    "billing.key_too_narrow",
    _(
        "Stripe does not let its key do this, so nothing can be paid here: whoever runs this installation needs to "
        "correct STRIPE_SECRET_KEY. `manage.py doctor` says more."
    ),
)
REFUSED = Wording("billing.stripe_refused", _("Stripe refuses this: %(message)s"))
REFUSED_SILENTLY = Wording("billing.stripe_refused_silently", _("Stripe refuses this and does not say why."))
TIMEOUT_SECONDS = (3.05, 20)
"""To connect, and for a whole answer: Stripe needs some seconds to change a subscription and charge a card."""
RETRIES = 1
"""For requests that never arrived, or objects that another request had locked. The SDK adds an idempotency key."""
TURNS = 6
"""How many requests of a process may hold a transaction while Stripe works, so that most connections stay free."""
PATIENCE_SECONDS = 5
BASES = ("api", "connect", "files", "meter_events")


class KeyedClient(stripe.RequestsClient):
    """Replaces the stand-in, which is all that dj-stripe knows, with the real key (config/stripe_key.py)."""

    def request(  # type: ignore[override] # as RequestsClient's own is
        self, method: str, url: str, headers: Mapping[str, str] | None, post_data: Any = None
    ) -> tuple[Any, int, Mapping[str, str]]:
        return super().request(method, url, _with_key(headers), post_data)

    def request_stream(  # type: ignore[override]
        self, method: str, url: str, headers: Mapping[str, str] | None, post_data: Any = None
    ) -> tuple[Any, int, Mapping[str, str]]:
        return super().request_stream(method, url, _with_key(headers), post_data)


def _with_key(headers: Mapping[str, str] | None) -> dict[str, str]:
    sent = dict(headers or {})
    if sent.get("Authorization") == f"Bearer {settings.STRIPE_SECRET_KEY}":
        sent["Authorization"] = f"Bearer {settings.STRIPE_KEY}"
    return sent


_turns = BoundedSemaphore(TURNS)
_sessions: Any = deadlines.SharedSession()
_http = KeyedClient(timeout=TIMEOUT_SECONDS, session=_sessions)


def install() -> None:
    """Make dj-stripe, which uses the SDK's global settings, use the same client."""
    stripe.default_http_client = _http
    stripe.max_network_retries = RETRIES


def is_configured() -> bool:
    """Can this installation take money? Without a key nothing is offered."""
    return bool(settings.STRIPE_KEY)


def stripe_client(*, within: float = 0) -> stripe.StripeClient:
    """The SDK's client, whose calls raise its own errors (see `connected`). Raises StripeMisconfiguredError."""
    if not is_configured():
        raise StripeMisconfiguredError(NO_KEY())
    return _client(settings.STRIPE_KEY, settings.STRIPE_API_URL, within)


@cache
def _client(key: str, url: str, within: float = 0) -> stripe.StripeClient:
    bases: Any = dict.fromkeys(BASES, url) if url != stripe.DEFAULT_API_BASE else {}
    return stripe.StripeClient(
        key,
        stripe_version=settings.STRIPE_API_VERSION,
        base_addresses=bases,
        http_client=KeyedClient(timeout=within, session=_sessions) if within else _http,
        max_network_retries=0 if within else RETRIES,
    )


@contextmanager
def connected(*, within: float = 0) -> Iterator[stripe.StripeClient]:
    """The client for calls that raise errors of ours: `with connected() as stripe: stripe.v1.customers.create(...)`.

    Outside of a transaction, the database connection is given back while Stripe works. within: seconds for each answer,
    without a second try; otherwise as above. Raises StripeDownError, StripeRefusedError (StripeMissingError),
    CardDeclinedError, StripeBusyError or StripeMisconfiguredError.
    """
    give_back()
    _enter()
    try:
        yield stripe_client(within=within)
    except stripe.StripeError as error:
        raise translated(error) from error


@contextmanager
def turn() -> Iterator[None]:
    """For code that keeps a row locked while it asks Stripe: take a turn before the transaction begins.

    Raises StripeDownError if no turn came free within some seconds, or StripeBusyError.
    """
    give_back()
    _enter()
    if not _turns.acquire(timeout=PATIENCE_SECONDS):
        raise StripeDownError(SLOW())
    try:
        yield
    finally:
        _turns.release()


def _enter() -> None:
    """Only some of the web's threads may wait for Stripe. Raises StripeBusyError."""
    try:
        patience.enter("Stripe")
    except patience.BusyError as error:
        raise StripeBusyError from error


def translated(error: stripe.StripeError) -> BillingError:
    """The SDK's error as one of ours. https://docs.stripe.com/error-handling"""
    for kind, ours in OURS:
        if isinstance(error, kind):
            return ours(error)
    return _down(error)


def _down(error: stripe.StripeError) -> BillingError:
    return StripeDownError(FAILING() if error.http_status else None)


def _limited(error: stripe.StripeError) -> BillingError:
    """Also for an object that another request had locked: https://docs.stripe.com/rate-limits#object-lock-timeouts"""
    is_locked = error.error is not None and error.error.code == "lock_timeout"
    return StripeDownError(LOCKED() if is_locked else LIMITED())


def _declined(error: stripe.StripeError) -> BillingError:
    decline_code = (error.error.decline_code if error.error else None) or ""
    return CardDeclinedError.told(error.user_message or "", code=error.code or "", decline_code=decline_code)


def _misconfigured(error: stripe.StripeError) -> BillingError:
    return StripeMisconfiguredError(KEY_TOO_NARROW() if error.http_status == 403 else KEY_REJECTED())


def _refused(error: stripe.StripeError) -> BillingError:
    kind = StripeMissingError if error.code == "resource_missing" else StripeRefusedError
    said = error.user_message or error.code
    return kind(
        REFUSED(message=said) if said else REFUSED_SILENTLY(),
        code=error.code or "",
        param=getattr(error, "param", None) or "",
    )


OURS: tuple[tuple[type[stripe.StripeError], Callable[[stripe.StripeError], BillingError]], ...] = (
    (stripe.CardError, _declined),
    (stripe.RateLimitError, _limited),
    (stripe.AuthenticationError, _misconfigured),
    (stripe.PermissionError, _misconfigured),
    (stripe.InvalidRequestError, _refused),
    (stripe.IdempotencyError, _refused),
)
