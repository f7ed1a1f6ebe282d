"""Which status of HTTP says what went wrong with Stripe, in which words; what is ours to mend is told to staff."""

from http import HTTPStatus

from billing.errors import (
    BillingError,
    CardDeclinedError,
    StripeBusyError,
    StripeDownError,
    StripeMisconfiguredError,
    StripeRefusedError,
)
from billing.stripe import client
from billing.subscription.base import NotOfferedError, SeatsError
from tenants import incidents
from tenants.wordings import TOLD

OURS = (
    "Nothing can be paid or changed at Stripe at the moment. That is on our side: there is nothing for you to change, "
    "and Roster's staff were told."
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


def words_of(error: BillingError) -> str:
    """What members read: the error's own words, but of what only staff can mend, who are told. Open no scope around."""
    if not isinstance(error, StripeMisconfiguredError) or not client.is_configured():
        return str(error)
    incidents.report("stripe_misconfigured", TOLD(text=str(error)))
    return OURS


def status_of(error: BillingError) -> int:
    """The status of a page that shows this error."""
    return next((status for kind, status in STATUSES if isinstance(error, kind)), HTTPStatus.CONFLICT)
