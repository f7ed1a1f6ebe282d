"""Billing periods: the calendar between an anchor and the next renewals, in UTC.

https://docs.stripe.com/billing/subscriptions/billing-cycle: a monthly subscription anchored on the 31st renews on the
last day of shorter months, and on the 31st in longer ones.
"""

from __future__ import annotations

import calendar
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

HOUR: Final = 3600
DAY: Final = 24 * HOUR
MONTHS: Final = {"month": 1, "year": 12}


def boundary(anchor: int, interval: str, number: int) -> int:
    """When the period with that number starts: 0 starts at the anchor, -1 one interval earlier."""
    moment = datetime.fromtimestamp(anchor, UTC)
    years, month = divmod(moment.month - 1 + number * MONTHS[interval], 12)
    year = moment.year + years
    day = min(moment.day, calendar.monthrange(year, month + 1)[1])
    return int(moment.replace(year=year, month=month + 1, day=day).timestamp())


def after(start: int, interval: str) -> int:
    """The end of a period that starts at `start`, its anchor."""
    return boundary(start, interval, 1)


def around(anchor: int, interval: str, at: int) -> tuple[int, int]:
    """Start and end of the period that contains `at`; a boundary belongs to the period it starts."""
    months = MONTHS[interval]
    # At or before the right one: months have 28 to 31 days.
    number = (at - anchor) // (months * 31 * DAY) if at >= anchor else -((anchor - at) // (months * 28 * DAY) + 1)
    while boundary(anchor, interval, number + 1) <= at:
        number += 1
    return boundary(anchor, interval, number), boundary(anchor, interval, number + 1)


def interval_of(price: Mapping[str, Any]) -> str:
    """A recurring price's interval: month or year."""
    return str(price["recurring"]["interval"])


def day_in_words(moment: int) -> str:
    """A day as written in invoice lines: 03 Mar 2026."""
    return datetime.fromtimestamp(moment, UTC).strftime("%d %b %Y")
