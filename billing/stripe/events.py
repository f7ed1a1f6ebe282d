"""Which of Stripe's events we ask for, and what we read from one before anything else happens."""

import re
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from tenants import strict_json

_VERBS = {
    "charge": "refunded",
    "charge.dispute": "closed created funds_reinstated funds_withdrawn updated",
    "checkout.session": "async_payment_failed async_payment_succeeded completed expired",
    "customer": "deleted updated",
    "customer.subscription": (
        "created deleted paused pending_update_applied pending_update_expired resumed trial_will_end updated"
    ),
    "invoice": (
        "finalization_failed finalized marked_uncollectible paid payment_action_required payment_failed upcoming voided"
    ),
    "payment_method": "attached automatically_updated detached updated",
    "price": "created deleted updated",
    "product": "created deleted updated",
    "subscription_schedule": "aborted canceled completed created released updated",
}
EVENTS = tuple(f"{resource}.{verb}" for resource, verbs in _VERBS.items() for verb in verbs.split())
"""What the webhook endpoint receives: https://docs.stripe.com/api/events/types"""
NOBODYS = ("price.", "product.")
ID = re.compile(r"[A-Za-z0-9_.-]{1,255}")
"""What Stripe's ids and types look like; an id has at most 255 characters (https://docs.stripe.com/upgrades)."""


class MalformedEventError(ValueError):
    """The body is not an event of Stripe's: one sentence says why."""


@dataclass(frozen=True)
class EventNotice:
    """What an event says about itself. Its object may be outdated: we fetch it again and never trust this one.

    account: the connected account that it is about, "" for our own. customer_id: "" if it is about nobody, or names
    only the charge (charge_id).
    """

    id: str
    type: str
    is_live: bool
    account: str
    customer_id: str
    charge_id: str = ""

    @property
    def is_about_somebody(self) -> bool:
        """Is it about a customer? Products and prices are not."""
        return not self.type.startswith(NOBODYS)


def read(body: str) -> EventNotice:
    """Read a body whose signature has been checked. Raises MalformedEventError."""
    try:
        event = strict_json.loads(body, settings.JSON_MAX_DEPTH)
    except strict_json.UnusableError as error:
        raise MalformedEventError(str(error)) from error
    if not isinstance(event, dict) or event.get("object") != "event":
        raise MalformedEventError("The body is not an event of Stripe's: register the endpoint for snapshot payloads.")
    data = event["data"] if isinstance(event.get("data"), dict) else {}
    subject, before = data.get("object"), data.get("previous_attributes")
    if not (_id(event.get("id")) and _id(event.get("type")) and isinstance(subject, dict)):
        raise MalformedEventError("The event lacks its id, its type or its object.")
    if event.get("account") and not _id(event["account"]):
        raise MalformedEventError("The event's account is not an id.")
    return EventNotice(
        id=event["id"],
        type=event["type"],
        is_live=event.get("livemode") is True,
        account=_id(event.get("account")),
        customer_id=_customer_of(subject) or _customer_of(before if isinstance(before, dict) else {}),
        charge_id=_id(subject.get("charge")) if subject.get("object") == "dispute" else "",
    )


def _customer_of(subject: dict[str, Any]) -> str:
    """The customer that an object belongs to, or is; for a detached card, the one it belonged to before."""
    found = subject.get("id") if subject.get("object") == "customer" else subject.get("customer")
    return _id(found.get("id") if isinstance(found, dict) else found)


def _id(value: Any) -> str:
    """The id that a value is; "" if it is none."""
    return value if isinstance(value, str) and ID.fullmatch(value) else ""
