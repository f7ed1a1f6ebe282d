"""The HTTP status and words for what went wrong with Stripe. Staff hear about what is ours to fix."""

from http import HTTPStatus

from django.utils.translation import gettext as _

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
    """The heading above the error: a request without an answer may still have gone through."""
    is_known = not isinstance(error, StripeDownError) or isinstance(error, StripeBusyError)
    return _("Nothing was changed") if is_known else _("We do not know yet whether this went through")


def words_of(error: BillingError) -> str:
    """What members read: the error's own words; if only staff can fix it, staff are told. Open no scope around this."""
    if not isinstance(error, StripeMisconfiguredError) or not client.is_configured():
        return str(error)
    incidents.report("stripe_misconfigured", error.reason)
    return _(
        "Nothing can be paid or changed at Stripe at the moment. That is on our side: there is nothing for you to "
        "change, and Roster's staff were told."
    )


def status_of(error: BillingError) -> int:
    """The status of a page that shows this error."""
    return next((status for kind, status in STATUSES if isinstance(error, kind)), HTTPStatus.CONFLICT)
