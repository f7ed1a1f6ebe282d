"""A webhook endpoint of the sandbox Stripe with a receiver that a test reads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from stripe import Event, StripeClient, Webhook

from tests.sandbox.receiver import Received, Receiver


@dataclass(frozen=True)
class Hook:
    """An endpoint, its secret, and what arrives there."""

    id: str
    secret: str
    receiver: Receiver

    def next(self, event_type: str = "", seconds: float = 5) -> dict[str, Any]:
        """The next event (of that type, if given); others are dropped. Checks the signature."""
        while True:
            event = self.verified(self.receiver.next(seconds))
            if not event_type or event["type"] == event_type:
                return event

    def verified(self, received: Received) -> dict[str, Any]:
        """The event, verified by Stripe's own SDK. Raises SignatureVerificationError."""
        event: Event = Webhook.construct_event(received.body, received.headers["stripe-signature"], self.secret)
        return event.to_dict()


def hooked(stripe: StripeClient, receiver: Receiver, *events: str) -> Iterator[Hook]:
    """An endpoint for these events, removed afterwards."""
    created = stripe.v1.webhook_endpoints.create({"url": receiver.url, "enabled_events": list(events) or ["*"]})  # type: ignore[arg-type]
    assert created.secret
    yield Hook(created.id, created.secret, receiver)
    stripe.v1.webhook_endpoints.delete(created.id)
