"""Time and the account's billing settings, for the control API."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Final

from sandbox.stripe.account.peer import Stripe
from sandbox.stripe.account.store import JsonObject
from sandbox.stripe.billing import dunning
from sandbox.stripe.billing.periods import DAY
from sandbox.stripe.time import clocks

Body = dict[str, Any]
SETTINGS: Final = ("retry_days", "ending", "upcoming_days")


def advance(peer: Stripe, body: Body) -> JsonObject:
    """Advance a `customer`'s time by `days` and `seconds`, or `to` a Unix time, without Stripe's limit.

    A customer without a test clock gets one, so its time stops afterwards. Returns the clock.
    """
    with peer.store.transaction():
        now = peer.store.now(peer.need("customer", str(body["customer"]), "customer"))
        by = round(float(body.get("days", 0)) * DAY + float(body.get("seconds", 0)))
        return clocks.advance_customer(peer, str(body["customer"]), int(body.get("to", now + by)))


def settings(peer: Stripe, body: Body) -> Body:
    """Change `retry_days`, `ending` (cancel, unpaid or past_due) and `upcoming_days`; returns all of them."""
    strange = body.keys() - set(SETTINGS)
    if strange:
        raise ValueError(f"{min(strange)} is not a setting: use {', '.join(SETTINGS)}.")
    return asdict(dunning.configure(peer, body))
