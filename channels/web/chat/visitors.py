"""Who writes in a web chat: a random token in a first-party cookie of this page, set with the first message.

Without it nobody is known, so whoever only looks gets no cookie. In the database only its digest is kept.
"""

import re
import secrets
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from channels.providers import hosting

COOKIE = "visitor"
FIELD = "visitor"
"""The same in the form: the token that counts from the first message on, so that this is the same visitor's if it is
sent twice."""
LOCAL = {"localhost", "127.0.0.1"}
"""Where browsers take a secure cookie over plain HTTP."""
KEPT_SECONDS = 90 * 24 * 60 * 60
PARTITIONED = "Partitioned"
"""CHIPS: https://developer.mozilla.org/en-US/docs/Web/Privacy/Guides/Privacy_sandbox/Partitioned_cookies"""
TOKEN = re.compile(r"[\w-]{32}", re.ASCII)


@dataclass(frozen=True)
class Visitor:
    """Whoever has this token. is_known: by the cookie, so that there may be a conversation."""

    token: str
    id: str
    is_known: bool


def visitor_of(request: HttpRequest, connection_id: UUID) -> Visitor:
    """Who asks: by the cookie, else by the form, else somebody new."""
    known = _valid(request.COOKIES.get(COOKIE, ""))
    token = known or _valid(request.POST.get(FIELD, "")) or secrets.token_urlsafe(24)
    return Visitor(token, hosting.visitor_of(str(connection_id), token), is_known=bool(known))


def remembering(response: HttpResponse, visitor: Visitor, path: str, *, is_framed: bool) -> HttpResponse:
    """The same response, with the cookie, for this path alone.

    Lax, so that a link to the page finds the conversation; the page checks where a form is from. In a frame on another
    site, browsers keep it for that site alone (Partitioned): it follows nobody, and is not blocked as a third party's.
    """
    is_partitioned = is_framed and (settings.IS_HTTPS or settings.PUBLIC_HOST in LOCAL)
    response.set_cookie(
        COOKIE,
        visitor.token,
        max_age=KEPT_SECONDS,
        path=path,
        secure=settings.IS_HTTPS or is_partitioned,
        httponly=True,
        samesite="None" if is_partitioned else "Lax",
    )
    if is_partitioned:
        cookie = response.cookies.pop(COOKIE)  # Python's own knows the attribute from 3.14 on
        response.headers["Set-Cookie"] = f"{cookie.OutputString()}; {PARTITIONED}"
    return response


def _valid(token: str) -> str:
    return token if TOKEN.fullmatch(token) else ""
