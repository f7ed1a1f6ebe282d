"""Which of Stripe's events are asked for, and what is read from one before anything else is done with it."""

import json
from dataclasses import dataclass
from typing import Any

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
"""What the webhook endpoint is told of: https://docs.stripe.com/api/events/types"""
NOBODYS = ("price.", "product.")


class MalformedEventError(ValueError):
    """The body is no event of Stripe's, in a sentence."""


@dataclass(frozen=True)
class Notice:
    """What an event says of itself. Its object may be old by now: it is fetched anew, never believed.

    account: the connected account that it is about, "" for our own. customer_id: "" where it is about nobody, or where
    only the charge is told (charge_id).
    """

    id: str
    type: str
    is_live: bool
    account: str
    customer_id: str
    charge_id: str = ""

    @property
    def is_about_somebody(self) -> bool:
        """Is it about a customer, whoever that is? Products and prices are nobody's."""
        return not self.type.startswith(NOBODYS)


def read(body: str) -> Notice:
    """The notice in a body whose signature was checked. Raises MalformedEventError."""
    try:
        event = json.loads(body)
    except ValueError as error:
        raise MalformedEventError("The body is not JSON.") from error
    if not isinstance(event, dict) or event.get("object") != "event":
        raise MalformedEventError("The body is not an event of Stripe's: register the endpoint for snapshot payloads.")
    data = event["data"] if isinstance(event.get("data"), dict) else {}
    subject, before = data.get("object"), data.get("previous_attributes")
    if not (isinstance(event.get("id"), str) and isinstance(event.get("type"), str) and isinstance(subject, dict)):
        raise MalformedEventError("The event lacks its id, its type or its object.")
    return Notice(
        id=event["id"],
        type=event["type"],
        is_live=event.get("livemode") is True,
        account=str(event.get("account") or ""),
        customer_id=_customer_of(subject) or _customer_of(before if isinstance(before, dict) else {}),
        charge_id=str(subject.get("charge") or "") if subject.get("object") == "dispute" else "",
    )


def _customer_of(subject: dict[str, Any]) -> str:
    """The customer that an object belongs to, or is; for a card that was detached: that it belonged to before."""
    found = subject.get("id") if subject.get("object") == "customer" else subject.get("customer")
    return str((found.get("id") if isinstance(found, dict) else found) or "")
