"""What the sandbox's pages share: layout, headers and small elements."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from starlette.responses import HTMLResponse, RedirectResponse

from sandbox.html import Html, join, tag

STATIC: Final = Path(__file__).parent / "static"
SECURITY_HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' http: https:; "
        "frame-src 'self'; base-uri 'none'; frame-ancestors 'self'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}


def page(
    title: str, *body: Html | str | None, class_: str = "", status: int = 200, sheets: tuple[str, ...] = ()
) -> HTMLResponse:
    """A whole page; `class_` goes on the body element, `sheets` are more style sheets from /static/."""
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("title", f"{title} · Sandbox"),
        tag("link", rel="icon", href="/static/icon.svg", type="image/svg+xml"),
        *(tag("link", rel="stylesheet", href=f"/static/{sheet}") for sheet in ("sandbox.css", *sheets)),
        tag("script", src="/static/sandbox.js", defer=True),
    )
    document = tag("html", head, tag("body", *body, class_=class_ or None), lang="en")
    return HTMLResponse(f"<!doctype html>{document}", status, headers=SECURITY_HEADERS)


def fragment(*content: Html | str | None) -> HTMLResponse:
    """A part of a page for a <live-region> to fetch."""
    return HTMLResponse(join(*content), headers=SECURITY_HEADERS)


def see_other(url: str) -> RedirectResponse:
    """Redirect to a page by GET after a form."""
    return RedirectResponse(url, status_code=303)


def notice_page(title: str, message: str, *more: Html, status: int = 200) -> HTMLResponse:
    """A centered card with one message, for refusals and dead ends."""
    card = tag("section", tag("h1", title), tag("p", message, class_="soft"), *more, class_="card card-pad stack")
    return page(title, top_bar(), tag("main", card, class_="narrow"), status=status)


def top_bar(*right: Html | None) -> Html:
    """The bar at the top of a page: where you are, and that none of this is real."""
    mark = tag("a", tag("i", "S", aria_hidden="true"), "Sandbox", href="/", class_="logo")
    note = tag("span", "Local stand-ins. Nothing leaves this machine.", class_="muted small wide-only")
    return tag("header", mark, note, tag("div", *right, class_="push row"), class_="top")


def live(url: str, *content: Html | str | None, name: str, class_: str = "") -> Html:
    """A region that /static/sandbox.js refreshes from `url` every second; without JavaScript it stays as rendered."""
    return tag("live-region", *content, src=url, id=name, class_=class_ or None)


def avatar(name: str, kind: str = "") -> Html:
    """A person's initials in a square; `kind` sets its color."""
    initials = "".join(word[0] for word in name.split()[:2]).upper()
    return tag("span", initials or "?", class_=f"ava {kind}".strip(), aria_hidden="true")


def clock(seconds: float) -> Html:
    """A time of day in UTC, with the date in its title."""
    moment = datetime.fromtimestamp(seconds, UTC)
    return tag(
        "time",
        f"{moment:%H:%M}",
        datetime=moment.isoformat(timespec="seconds"),
        title=f"{moment:%d %B %Y, %H:%M:%S} UTC",
    )
