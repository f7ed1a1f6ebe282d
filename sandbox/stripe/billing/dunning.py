"""Dunning: when an invoice that couldn't be collected is retried, and what happens to the subscription afterwards.

https://docs.stripe.com/billing/revenue-recovery/smart-retries. Stripe picks the times with machine learning; the
sandbox uses fixed delays, an account setting like the others on that page of the Dashboard.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from sandbox.stripe.account.peer import Stripe
from sandbox.stripe.billing.periods import DAY

KEY: Final = "setting:billing"
ENDINGS: Final = ("cancel", "unpaid", "past_due")


@dataclass(frozen=True)
class Settings:
    """`retry_days`: days before each retry, counted from the previous attempt; `ending`: the subscription's state
    after the last one fails; `upcoming_days`: how many days before a renewal invoice.upcoming is sent."""

    retry_days: tuple[float, ...] = (3, 5, 7)
    ending: str = "cancel"
    upcoming_days: float = 7

    @classmethod
    def parse(cls, values: Mapping[str, Any]) -> Settings:
        """Read a control call's JSON. Raises ValueError that says what is allowed."""
        settings = cls(
            retry_days=_days(values.get("retry_days", cls.retry_days)),
            ending=str(values.get("ending", cls.ending)),
            upcoming_days=_days([values.get("upcoming_days", cls.upcoming_days)])[0],
        )
        if settings.ending not in ENDINGS:
            raise ValueError(f"ending is {settings.ending!r}: use one of {', '.join(ENDINGS)}.")
        return settings


def _days(values: Sequence[Any]) -> tuple[float, ...]:
    days = tuple(float(value) for value in values)
    if not all(0 < value <= 60 for value in days):
        raise ValueError("Days must be above 0 and at most 60.")
    return days


def settings(peer: Stripe) -> Settings:
    """The account's settings."""
    return Settings.parse(peer.store.kept(KEY))


def configure(peer: Stripe, values: Mapping[str, Any]) -> Settings:
    """Change some of the settings. Raises ValueError."""
    changed = Settings.parse({**asdict(settings(peer)), **values})
    peer.store.keep(KEY, **asdict(changed))
    return changed


def next_attempt(peer: Stripe, attempts: int, now: int) -> int | None:
    """When to retry an invoice after that many attempts, or None after the last."""
    delays = settings(peer).retry_days
    return now + round(delays[attempts - 1] * DAY) if attempts <= len(delays) else None


def upcoming_seconds(peer: Stripe) -> int:
    """How long before a renewal invoice.upcoming is sent."""
    return round(settings(peer).upcoming_days * DAY)
