"""How every change of a subscription begins and ends: look, lock, ask Stripe, look again."""

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import stripe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing import standing
from billing.catalogue import SEATS_MAX
from billing.errors import BillingError, StripeBusyError, StripeDownError
from billing.models import Entitlement
from billing.standing import Standing
from billing.stripe import client, items
from billing.sync.entitlement import NO_ANSWER, locked, request_sync
from tenants.models import Tenant
from tenants.scope import tenant_scope
from tenants.wordings import Reason, Wording

NOT_NOW: Mapping[str, Wording] = {
    standing.SUBSCRIBE: Wording("billing.cannot_subscribe", gettext_lazy("You cannot subscribe now.")),
    standing.CHANGE_SEATS: Wording("billing.cannot_change_seats", gettext_lazy("You cannot change seats now.")),
    standing.SWITCH_PLAN: Wording(
        "billing.cannot_switch_plan", gettext_lazy("You cannot switch between monthly and yearly now.")
    ),
    standing.CANCEL: Wording("billing.cannot_cancel", gettext_lazy("You cannot cancel now.")),
    standing.RESUME: Wording("billing.cannot_resume", gettext_lazy("You cannot resume now.")),
}
STALE = Wording(
    "billing.stale",
    gettext_lazy(
        "The subscription has changed since you saw the price, or that was more than half an hour ago: look at the "
        "price again."
    ),
)
NO_SUCH_NUMBER = Wording("billing.no_such_number", gettext_lazy("Seats are a whole number from 1 to %(most)s."))
PRICE_EXCHANGED = Wording(
    "billing.price_exchanged",
    gettext_lazy(
        "The price was replaced at Stripe, so nothing can be changed here: ask whoever runs this installation."
    ),
)
SHOWN_FOR_SECONDS = 30 * 60


class NotOfferedError(BillingError):
    """The subscription's state does not allow it. state: a sentence about that; "" where the reason says enough."""

    def __init__(self, reason: Reason, state: str = "") -> None:
        super().__init__(reason)
        self.state = state

    def __str__(self) -> str:
        return f"{self.reason} {self.state}".strip()


class StaleError(BillingError):
    """The price that was shown may not be what would be charged."""

    def __init__(self) -> None:
        super().__init__(STALE())


@dataclass(frozen=True)
class Shown:
    """What a price was calculated for: `at`, in seconds, and a fingerprint of the subscription as it was then.

    A form carries it as text from the preview to the change.
    """

    at: int
    subscription: str

    @classmethod
    def of(cls, subscription: Mapping[str, Any], at: int) -> "Shown":
        """Of Stripe's subscription: any change to what is paid for, or to the period, changes the fingerprint."""
        sold = [
            (item["id"], item["price"]["id"], item.get("quantity"), item["current_period_start"])
            for item in subscription["items"]["data"]
        ]
        facts = [subscription["id"], subscription["status"], sorted(sold), subscription.get("pause_collection")]
        return cls(at, sha256(json.dumps(facts).encode()).hexdigest()[:16])

    @classmethod
    def read(cls, text: str) -> "Shown | None":
        """What a form sent; None if it is malformed."""
        at, _, subscription = text.partition("-")
        is_moment = at.isascii() and at.isdecimal() and len(at) < 12
        return cls(int(at), subscription) if is_moment else None

    def __str__(self) -> str:
        return f"{self.at}-{self.subscription}"


class SeatsError(BillingError):
    """Not a number of seats that we sell."""

    def __init__(self) -> None:
        super().__init__(NO_SUCH_NUMBER(most=f"{SEATS_MAX:,}"))


def whole_seats(value: object) -> int:
    """The number of seats that somebody sent. Raises SeatsError."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise SeatsError
    text = str(value).strip()
    if not (text.isascii() and text.isdecimal()) or not 1 <= int(text[:9]) <= SEATS_MAX or len(text) > 9:
        raise SeatsError
    return int(text)


def standing_for(tenant: Tenant, act: str) -> Standing:
    """The workspace's standing, if it offers this act. Raises NotOfferedError."""
    with tenant_scope(tenant.id):
        return require(act)


def require(act: str) -> Standing:
    """The same inside the scope."""
    current = standing.current()
    if act not in current.may:
        raise NotOfferedError(NOT_NOW[act](), _state(current))
    return current


def _state(current: Standing) -> str:
    """What keeps an act from being offered."""
    if said := current.reason or current.limit:
        return str(said)
    if current.is_live and current.entitlement.cancels_at:
        return _("The subscription is already set to end.")
    return _("The subscription is “%(state)s”.") % {"state": current.label}


@contextmanager
def one_at_a_time(tenant: Tenant, act: str) -> Iterator[tuple[Standing, stripe.StripeClient]]:
    """Change something at Stripe with the row locked, if `act` is still offered then.

    Two changes at once come one after the other, and neither works on what the other has changed. As in
    billing.sync.entitlement the transaction waits for Stripe. Afterwards call its `sync`.
    Raises NotOfferedError or other BillingErrors.
    """
    try:
        with client.turn(), tenant_scope(tenant.id):
            locked()
            current = require(act)
            with client.connected() as api:
                yield current, api
    except StripeBusyError:
        raise
    except StripeDownError:  # it may still have gone through
        with tenant_scope(tenant.id):
            request_sync(NO_ANSWER)
        raise


def fetched(api: stripe.StripeClient, entitlement: Entitlement) -> dict[str, Any]:
    """The subscription as Stripe has it now."""
    return api.v1.subscriptions.retrieve(entitlement.subscription_id, {"expand": ["schedule"]}).to_dict(for_json=True)


def shown_at(api: stripe.StripeClient, subscription: Mapping[str, Any], shown: Shown) -> int:
    """The moment that a price was shown for. Calculating with it charges what was shown.

    It comes from a form. Raises StaleError if it is not from the last half hour (years could be credited, or be free),
    or if what is paid for has changed since, or a new period has begun.
    """
    now = moment(api, subscription)
    if not now - SHOWN_FOR_SECONDS <= shown.at <= now or shown != Shown.of(subscription, shown.at):
        raise StaleError
    return shown.at


def own_items(subscription: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The items to change. Raises NotOfferedError if none is ours: somebody replaced the price at Stripe."""
    found = items.ours(subscription)
    if not found:
        raise NotOfferedError(PRICE_EXCHANGED())
    return list(found)


def seats_in(subscription: Mapping[str, Any]) -> int:
    """How many seats Stripe's subscription has."""
    return items.seats(items.ours(subscription))


def moment(api: stripe.StripeClient, subscription: Mapping[str, Any]) -> int:
    """The time that counts for a subscription, in seconds: a test clock stands still until somebody advances it."""
    clock = subscription.get("test_clock")
    return api.v1.test_helpers.test_clocks.retrieve(clock).frozen_time if clock else int(time.time())
