"""What a bank and its customer do, for the control API."""

from __future__ import annotations

from typing import Any

from sandbox.stripe import disputes, payments
from sandbox.stripe.peer import Stripe
from sandbox.stripe.store import JsonObject

Body = dict[str, Any]


def dispute(peer: Stripe, body: Body) -> JsonObject:
    """Open a dispute of a `charge`, for a `reason` and perhaps only as an `inquiry`; returns it."""
    with peer.store.transaction():
        charge, reason = peer.need("charge", str(body["charge"])), str(body.get("reason", "fraudulent"))
        return disputes.open_dispute(peer, charge, reason, is_inquiry=bool(body.get("inquiry")))


def authenticate(peer: Stripe, body: Body) -> JsonObject:
    """Finish the 3-D Secure step of an `intent`, well unless `succeed` is false; returns the intent."""
    with peer.store.transaction():
        return payments.authenticate(peer, str(body["intent"]), succeed=bool(body.get("succeed", True)))
