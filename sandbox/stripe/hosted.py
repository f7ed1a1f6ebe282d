"""What Stripe's hosted pages share: the shell with its policy, money and dates in words, and reading a form."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from starlette.requests import Request
from starlette.responses import HTMLResponse

from sandbox.html import Html, tag
from sandbox.pages import page, top_bar

SYMBOLS: Final = {"usd": "$", "eur": "€", "gbp": "£", "cad": "CA$", "aud": "A$", "jpy": "¥"}
# https://docs.stripe.com/currencies#zero-decimal
ZERO_DECIMAL: Final = {"bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "ugx", "vnd", "vuv"}
Fields = Mapping[str, str]


def hosted_page(
    title: str, *body: Html | str | None, status: int = 200, leads_to: tuple[str, ...] = ()
) -> HTMLResponse:
    """A whole hosted page. Its forms go to the sandbox, and from there to the sites of `leads_to` and no other."""
    response = page(title, top_bar(), *body, status=status, sheets=("stripe.css",))
    targets = " ".join(["'self'", *dict.fromkeys(_origin(url) for url in leads_to if url)])
    response.headers["Content-Security-Policy"] += f"; form-action {targets}"
    return response


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


async def read_fields(request: Request) -> Fields:
    """The posted form, with spaces around values taken away."""
    pairs = parse_qsl((await request.body()).decode(errors="replace"), keep_blank_values=True)
    return {name: value.strip() for name, value in pairs}


def money(amount: int, currency: str) -> str:
    """An amount of the currency's smallest unit, as people write it: 14700 usd is $147.00."""
    sign, amount = ("-" if amount < 0 else ""), abs(amount)
    figure = f"{amount:,}" if currency in ZERO_DECIMAL else f"{amount // 100:,}.{amount % 100:02d}"
    symbol = SYMBOLS.get(currency)
    return f"{sign}{symbol}{figure}" if symbol else f"{sign}{figure} {currency.upper()}"


def day(timestamp: int) -> str:
    """A date in UTC: 22 January 2026."""
    moment = datetime.fromtimestamp(timestamp, UTC)
    return f"{moment.day} {moment:%B %Y}"


def per(interval: str, count: int) -> str:
    """How often: per month, every 3 months."""
    return f"per {interval}" if count == 1 else f"every {count} {interval}s"


def badge() -> Html:
    """Says on every hosted page what it is."""
    return tag("p", tag("span", "Stripe, played by the sandbox", class_="badge b-info"))


def back_link(url: str | None, name: str) -> Html | None:
    """The way back to the shop; None without an address."""
    if not url:
        return None
    arrow = tag("span", "←", aria_hidden="true")
    return tag("a", arrow, f" Back to {name}", href=url, class_="btn btn-ghost btn-sm pay-back")


def alert(message: str, *, id_: str, is_first: bool = True) -> Html | None:
    """What went wrong, beside the fields that it is about; None without a message. The first one gets the focus."""
    if not message:
        return None
    return tag("p", message, class_="alert alert-bad", role="alert", id=id_, tabindex="-1", autofocus=is_first)


def enumerated(words: list[str]) -> str:
    """Words in a sentence: a, b and c."""
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last
