"""Money and dates as people write them."""

from __future__ import annotations

from datetime import UTC, datetime


def money(amount: int, currency: str) -> str:
    """An amount of cents, as people write it: 14700 usd is $147.00."""
    sign, amount = ("-" if amount < 0 else ""), abs(amount)
    figure = f"{amount // 100:,}.{amount % 100:02d}"
    return f"{sign}${figure}" if currency == "usd" else f"{sign}{figure} {currency.upper()}"


def day(timestamp: int) -> str:
    """A date in UTC: 22 January 2026."""
    moment = datetime.fromtimestamp(timestamp, UTC)
    return f"{moment.day} {moment:%B %Y}"
