"""Which status of HTTP says what went wrong with Stripe; the words are the errors' own."""

from http import HTTPStatus

from billing.changing import NotOfferedError, SeatsError
from billing.errors import (
    BillingError,
    CardDeclinedError,
    StripeBusyError,
    StripeDownError,
    StripeMisconfiguredError,
    StripeRefusedError,
)

STATUSES: tuple[tuple[type[BillingError], HTTPStatus], ...] = (
    (SeatsError, HTTPStatus.UNPROCESSABLE_ENTITY),
    (CardDeclinedError, HTTPStatus.UNPROCESSABLE_ENTITY),
    (NotOfferedError, HTTPStatus.CONFLICT),
    (StripeBusyError, HTTPStatus.SERVICE_UNAVAILABLE),
    (StripeDownError, HTTPStatus.BAD_GATEWAY),
    (StripeMisconfiguredError, HTTPStatus.BAD_GATEWAY),
    (StripeRefusedError, HTTPStatus.BAD_GATEWAY),
)


def heading_of(error: BillingError) -> str:
    """What stands above the error: a request without an answer may have been done."""
    is_known = not isinstance(error, StripeDownError) or isinstance(error, StripeBusyError)
    return "Nothing is changed" if is_known else "It is not known yet whether this is done"


def status_of(error: BillingError) -> int:
    """The status of a page that shows this error."""
    return next((status for kind, status in STATUSES if isinstance(error, kind)), HTTPStatus.CONFLICT)
