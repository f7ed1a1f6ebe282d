"""Billing periods: the calendar between an anchor and the next renewals, in UTC.

https://docs.stripe.com/billing/subscriptions/billing-cycle: a monthly subscription anchored on the 31st renews on the
last day of shorter months, and on the 31st again where there is one.
"""

from __future__ import annotations

import calendar
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

HOUR: Final = 3600
DAY: Final = 24 * HOUR
MONTHS: Final = {"month": 1, "year": 12}
DAYS: Final = {"day": 1, "week": 7}
LONGEST_MONTH: Final = 31 * DAY


def boundary(anchor: int, interval: str, count: int, number: int) -> int:
    """The time at which the period with that number begins: 0 begins at the anchor, -1 one interval earlier."""
    if interval in DAYS:
        return anchor + number * count * DAYS[interval] * DAY
    moment = datetime.fromtimestamp(anchor, UTC)
    years, month = divmod(moment.month - 1 + number * count * MONTHS[interval], 12)
    year = moment.year + years
    day = min(moment.day, calendar.monthrange(year, month + 1)[1])
    return int(moment.replace(year=year, month=month + 1, day=day).timestamp())


def after(start: int, interval: str, count: int) -> int:
    """The end of a period that begins at `start` and is its own anchor."""
    return boundary(start, interval, count, 1)


def around(anchor: int, interval: str, count: int, at: int) -> tuple[int, int]:
    """Start and end of the period that holds the moment `at`; a boundary belongs to the period that it begins."""
    number = (at - anchor) // _longest(interval, count) if at >= anchor else -((anchor - at) // _shortest(interval) + 1)
    while boundary(anchor, interval, count, number + 1) <= at:
        number += 1
    return boundary(anchor, interval, count, number), boundary(anchor, interval, count, number + 1)


def _longest(interval: str, count: int) -> int:
    """Seconds that no period of this kind exceeds, so that the search begins at or before the right one."""
    return count * (DAYS[interval] * DAY if interval in DAYS else MONTHS[interval] * LONGEST_MONTH)


def _shortest(interval: str) -> int:
    return DAYS[interval] * DAY if interval in DAYS else MONTHS[interval] * 28 * DAY


def interval_of(price: Mapping[str, Any]) -> tuple[str, int]:
    """Interval and count of a recurring price."""
    return price["recurring"]["interval"], price["recurring"]["interval_count"]


def day_in_words(moment: int) -> str:
    """A day as in the descriptions of invoice lines: 03 Mar 2026."""
    return datetime.fromtimestamp(moment, UTC).strftime("%d %b %Y")
