"""The mailbox page, `/mail/`, and its control API, `/mail/control/`."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from sandbox.html import Html, join, tag
from sandbox.mail.inbox import Inbox, Mail
from sandbox.pages import avatar, clock, fragment, live, notice_page, page, see_other, top_bar

FOREIGN_HTML: Final = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


def _inbox(request: Request) -> Inbox:
    inbox: Inbox = request.app.state.inbox
    return inbox


async def show(request: Request) -> Response:
    """The list, beside the newest mail or the one in the URL."""
    inbox, number = _inbox(request), request.path_params.get("number")
    mails = inbox.all()
    try:
        mail = inbox.get(number) if number else None
    except KeyError:
        return notice_page("No such mail", "It may have been deleted.", _back(), status=404)
    empty = tag("button", "Clear all", class_="btn btn-plain btn-sm", disabled=not mails)
    bar = top_bar(tag("form", empty, action="/mail/clear", method="post"))
    where = f"/mail/list?open={mail.id}" if mail else "/mail/list"
    items = live(where, _list(mails, mail), name="mails", class_="mails")
    reading = _reading(mail) if mail else tag("p", "Choose a mail on the left.", class_="muted pad wide-only")
    head = tag("h1", "Mailbox")
    body = tag(
        "main", tag("section", head, items, class_="mail-list"), reading, class_=f"mailbox{' open' if mail else ''}"
    )
    return page(mail.subject if mail else "Mailbox", bar, body)


async def listing(request: Request) -> Response:
    """The list's content, for its live region."""
    opened = request.query_params.get("open", "")
    mails = _inbox(request).all()
    return fragment(_list(mails, next((mail for mail in mails if str(mail.id) == opened), None)))


async def html_part(request: Request) -> Response:
    """A mail's HTML as sent, in a document that can't run scripts or load anything."""
    try:
        return HTMLResponse(_inbox(request).get(request.path_params["number"]).html, headers=FOREIGN_HTML)
    except KeyError:
        return Response("No such mail", 404)


async def clear(request: Request) -> Response:
    """Delete all mails."""
    _inbox(request).clear()
    return see_other("/mail/")


async def messages(request: Request) -> Response:
    """GET control/messages?to=: mails as JSON, newest first. DELETE: delete them all."""
    if request.method == "DELETE":
        _inbox(request).clear()
    return JSONResponse(
        {"messages": [mail.as_json() for mail in _inbox(request).all(request.query_params.get("to", ""))]}
    )


def _back() -> Html:
    return tag("a", "All mails", href="/mail/", class_="btn btn-plain")


def _list(mails: list[Mail], opened: Mail | None) -> Html:
    if not mails:
        return tag(
            "p", "No mail yet. What the product sends arrives here, usually within a second.", class_="muted pad"
        )
    return join(*(_item(mail, opened is not None and mail.id == opened.id) for mail in mails))


def _item(mail: Mail, here: bool) -> Html:
    to = ", ".join(mail.recipients)
    first = tag("span", tag("b", to), clock(mail.at), class_="row between")
    code = tag("span", mail.code, class_="badge b-info mono") if mail.code else None
    second = tag("span", tag("span", mail.subject, class_="clip"), code, class_="row between")
    words = tag("span", first, second, class_="grow stack g0")
    return tag(
        "a", avatar(to), words, href=f"/mail/{mail.id}", aria_current="page" if here else None, class_="mail-item"
    )


def _reading(mail: Mail) -> Html:
    facts = tag(
        "dl",
        *(tag("div", tag("dt", name), tag("dd", value)) for name, value in _facts(mail)),
        class_="facts",
    )
    html = None
    if mail.html:
        frame = tag("iframe", src=f"/mail/{mail.id}/html", sandbox="", title="The mail as HTML", class_="mail-html")
        html = tag("details", tag("summary", "As HTML"), frame)
    back = tag("a", "All mails", href="/mail/", class_="btn btn-ghost btn-sm narrow-only")
    return tag(
        "article",
        back,
        tag("h1", mail.subject),
        facts,
        _highlights(mail),
        tag("pre", mail.text, class_="mail-text"),
        html,
        class_="card card-pad stack reading",
    )


def _facts(mail: Mail) -> list[tuple[str, Html]]:
    return [("From", tag("span", mail.sender)), ("To", tag("span", ", ".join(mail.recipients))), ("At", clock(mail.at))]


def _highlights(mail: Mail) -> Html | None:
    """What the reader is looking for: a code to copy, a link to follow."""
    code = _copy(mail.code, "Code", "big") if mail.code else None
    links = [_link(link) for link in mail.links[:3]]
    return tag("div", code, *links, class_="stack g3") if code or links else None


def _link(link: str) -> Html:
    return tag("div", _copy(link, "Link"), tag("a", "Open", href=link, class_="btn btn-primary"), class_="row link-row")


def _copy(value: str, label: str, kind: str = "") -> Html:
    button = tag("button", "Copy", type="button", class_="btn btn-plain btn-sm", data_copy=value, hidden=True)
    inner = tag("div", tag("code", value, aria_label=label), button, class_=f"copy {kind}".strip())
    return tag("copy-value", inner, class_="grow")


ROUTES: Final = [
    Route("/", show),
    Route("/list", listing),
    Route("/clear", clear, methods=["POST"]),
    Route("/control/messages", messages, methods=["GET", "DELETE"]),
    Route("/{number:int}", show),
    Route("/{number:int}/html", html_part),
]
