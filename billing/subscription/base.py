"""What every change of a subscription begins and ends with: look, lock, ask Stripe, look again."""

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import stripe

from billing import standing
from billing.catalogue import SEATS_MAX
from billing.errors import BillingError, StripeBusyError, StripeDownError
from billing.models import Entitlement
from billing.standing import Standing
from billing.stripe import client, items
from billing.sync.entitlement import locked, request_sync
from tenants.models import Tenant
from tenants.scope import tenant_scope

SHOWN_FOR_SECONDS = 30 * 60


class NotOfferedError(BillingError):
    """What was asked for is not possible in this state of the subscription."""


class StaleError(BillingError):
    """What was shown may be something else than what would be charged."""

    def __init__(self) -> None:
        super().__init__(
            "The subscription has changed since, or it was shown more than half an hour ago: look at what it comes to "
            "now."
        )


@dataclass(frozen=True)
class Shown:
    """What a price was reckoned for: `at`, in seconds, and a fingerprint of the subscription as it was then.

    A form carries it as text from the preview to the change.
    """

    at: int
    subscription: str

    @classmethod
    def of(cls, subscription: Mapping[str, Any], at: int) -> "Shown":
        """Of Stripe's subscription: any change of what is paid for, or of the period, makes another one."""
        sold = [
            (item["id"], item["price"]["id"], item.get("quantity"), item["current_period_start"])
            for item in subscription["items"]["data"]
        ]
        facts = [subscription["id"], subscription["status"], sorted(sold), subscription.get("pause_collection")]
        return cls(at, sha256(json.dumps(facts).encode()).hexdigest()[:16])

    @classmethod
    def read(cls, text: str) -> "Shown | None":
        """What a form sent; None if it is nothing of the kind."""
        at, _, subscription = text.partition("-")
        is_moment = at.isascii() and at.isdecimal() and len(at) < 12
        return cls(int(at), subscription) if is_moment else None

    def __str__(self) -> str:
        return f"{self.at}-{self.subscription}"


class SeatsError(BillingError):
    """No number of seats that can be had."""

    def __init__(self) -> None:
        super().__init__(f"Seats are a whole number from 1 to {SEATS_MAX:,}.")


def whole_seats(value: object) -> int:
    """A number of seats out of what somebody sent. Raises SeatsError."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise SeatsError
    text = str(value).strip()
    if not (text.isascii() and text.isdecimal()) or not 1 <= int(text[:9]) <= SEATS_MAX or len(text) > 9:
        raise SeatsError
    return int(text)


def standing_for(tenant: Tenant, act: str) -> Standing:
    """Where the workspace stands, if this act is offered there. Raises NotOfferedError."""
    with tenant_scope(tenant.id):
        return require(act)


def require(act: str) -> Standing:
    """The same inside the scope."""
    current = standing.current()
    if act not in current.may:
        words = act.replace("_", " ")
        why = current.reason or current.limit
        raise NotOfferedError(f"The subscription is “{current.label}”, so you cannot {words} now. {why}".strip())
    return current


@contextmanager
def one_at_a_time(tenant: Tenant, act: str) -> Iterator[tuple[Standing, stripe.StripeClient]]:
    """Change something at Stripe with the row locked, as long as `act` is offered then.

    So two changes at once come one after the other, and none is made on what the other has changed. As in
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
    except StripeDownError:  # it may have happened all the same
        with tenant_scope(tenant.id):
            request_sync("no answer")
        raise


def fetched(api: stripe.StripeClient, entitlement: Entitlement) -> dict[str, Any]:
    """The subscription as Stripe has it now."""
    return api.v1.subscriptions.retrieve(entitlement.subscription_id, {"expand": ["schedule"]}).to_dict(for_json=True)


def shown_at(api: stripe.StripeClient, subscription: Mapping[str, Any], shown: Shown) -> int:
    """The moment for which a price was shown, to be reckoned with, so that what was shown is what is charged.

    It comes from a form. Raises StaleError if it is not of the last half hour (years could be credited, or be free), or
    if what is paid for has changed since, or a new period has begun.
    """
    now = moment(api, subscription)
    if not now - SHOWN_FOR_SECONDS <= shown.at <= now or shown != Shown.of(subscription, shown.at):
        raise StaleError
    return shown.at


def own_items(subscription: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The items to change. Raises NotOfferedError where none is ours: somebody exchanged the price at Stripe."""
    found = items.ours(subscription)
    if not found:
        raise NotOfferedError(
            "Somebody exchanged the price at Stripe, so nothing can be changed here: ask whoever runs it."
        )
    return list(found)


def seats_in(subscription: Mapping[str, Any]) -> int:
    """How many seats Stripe's subscription has."""
    return items.seats(items.ours(subscription))


def moment(api: stripe.StripeClient, subscription: Mapping[str, Any]) -> int:
    """The time that counts for a subscription, in seconds: a test clock stands still until somebody moves it on."""
    clock = subscription.get("test_clock")
    return api.v1.test_helpers.test_clocks.retrieve(clock).frozen_time if clock else int(time.time())
