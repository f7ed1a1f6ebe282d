"""The one edge to Stripe: a client that is pinned, patient to a limit and has the key, and errors in our own words."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from threading import BoundedSemaphore
from typing import Any

import stripe
from django.conf import settings

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

TIMEOUT_SECONDS = (3.05, 20)
"""To connect, and for a whole answer: a change of a subscription that also charges a card takes Stripe some seconds."""
RETRIES = 1
"""Of what never arrived, or of an object that another request had locked. The SDK adds an idempotency key."""
TURNS = 6
"""How many of a process hold a transaction while Stripe works: however slow it is, most connections are for others."""
PATIENCE_SECONDS = 5
BASES = ("api", "connect", "files", "meter_events")


class KeyedClient(stripe.RequestsClient):
    """Puts the real key in the place of its stand-in, which is all that dj-stripe knows (config/stripe_key.py)."""

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
    """Make dj-stripe, which calls by the SDK's global settings, use the same client."""
    stripe.default_http_client = _http
    stripe.max_network_retries = RETRIES


def is_configured() -> bool:
    """Can this installation take money? Without a key nothing is offered."""
    return bool(settings.STRIPE_KEY)


def stripe_client(*, within: float = 0) -> stripe.StripeClient:
    """The SDK's client, whose calls raise its own errors (see `connected`). Raises StripeMisconfiguredError."""
    if not is_configured():
        raise StripeMisconfiguredError("This installation takes no payments: STRIPE_SECRET_KEY is not set.")
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

    Outside of a transaction the database connection is given back first, while Stripe works. within: seconds for each
    answer, without a second try; else as above. Raises StripeDownError, StripeRefusedError (StripeMissingError),
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
    """For those who keep a row locked while they ask Stripe: take it before the transaction begins.

    Raises StripeDownError if as many as may have been waiting for Stripe for some seconds, or StripeBusyError.
    """
    give_back()
    _enter()
    if not _turns.acquire(timeout=PATIENCE_SECONDS):
        raise StripeDownError("is slow")
    try:
        yield
    finally:
        _turns.release()


def _enter() -> None:
    """Of the web's threads only some wait for Stripe. Raises StripeBusyError."""
    try:
        patience.enter("Stripe")
    except patience.BusyError as error:
        raise StripeBusyError from error


def translated(error: stripe.StripeError) -> BillingError:
    """The same in our words. https://docs.stripe.com/error-handling"""
    for kind, words in WORDS:
        if isinstance(error, kind):
            return words(error)
    return _down(error)


def _down(error: stripe.StripeError) -> BillingError:
    return StripeDownError("has a problem of its own" if error.http_status else "does not answer")


def _limited(error: stripe.StripeError) -> BillingError:
    """Also of an object that another request had locked: https://docs.stripe.com/rate-limits#object-lock-timeouts"""
    is_locked = error.error is not None and error.error.code == "lock_timeout"
    return StripeDownError("is busy with another request for the same" if is_locked else "is asked too much by us")


def _declined(error: stripe.StripeError) -> BillingError:
    decline_code = (error.error.decline_code if error.error else None) or ""
    return CardDeclinedError(error.user_message or "", code=error.code or "", decline_code=decline_code)


def _misconfigured(error: stripe.StripeError) -> BillingError:
    what = "does not let its key do this" if error.http_status == 403 else "does not accept the key"
    return StripeMisconfiguredError(
        f"Stripe {what}, so that nothing can be paid here: whoever runs this installation has to correct "
        "STRIPE_SECRET_KEY. `manage.py doctor` tells more."
    )


def _refused(error: stripe.StripeError) -> BillingError:
    kind = StripeMissingError if error.code == "resource_missing" else StripeRefusedError
    message = f"Stripe refuses this: {error.user_message or error.code or 'it does not say why.'}"
    return kind(message, code=error.code or "", param=getattr(error, "param", None) or "")


WORDS: tuple[tuple[type[stripe.StripeError], Callable[[stripe.StripeError], BillingError]], ...] = (
    (stripe.CardError, _declined),
    (stripe.RateLimitError, _limited),
    (stripe.AuthenticationError, _misconfigured),
    (stripe.PermissionError, _misconfigured),
    (stripe.InvalidRequestError, _refused),
    (stripe.IdempotencyError, _refused),
)
