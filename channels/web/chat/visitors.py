"""Who writes in a web chat: a random token in a first-party cookie of this page, set with the first message.

Without it nobody is known, so whoever only looks gets no cookie. In the database only its digest is kept.
"""

import re
import secrets
from dataclasses import dataclass, replace
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from channels.providers import hosting

COOKIE = "visitor"
FIELD = "visitor"
"""The same in the form: the token that counts from the first message on, so that this is the same visitor's if it is
sent twice."""
KEPT_SECONDS = 90 * 24 * 60 * 60
TOKEN = re.compile(r"[\w-]{32}", re.ASCII)


@dataclass(frozen=True)
class Visitor:
    """Whoever has this token. is_known: by the cookie, so that there may be a conversation."""

    token: str
    id: str
    is_known: bool

    def as_known(self) -> "Visitor":
        """The same visitor, whose first message is stored."""
        return replace(self, is_known=True)


def visitor_of(request: HttpRequest, connection_id: UUID) -> Visitor:
    """Who asks: by the cookie, else by the form, else somebody new."""
    known = _valid(request.COOKIES.get(COOKIE, ""))
    token = known or _valid(request.POST.get(FIELD, "")) or secrets.token_urlsafe(24)
    return Visitor(token, hosting.visitor_of(str(connection_id), token), is_known=bool(known))


def remembering(response: HttpResponse, visitor: Visitor, connection_id: UUID) -> HttpResponse:
    """The same response, with the cookie.

    Lax, so that a link to the page finds the conversation; the page checks where a form is from.
    """
    response.set_cookie(
        COOKIE,
        visitor.token,
        max_age=KEPT_SECONDS,
        path=reverse("chat", args=[connection_id]),
        secure=settings.IS_HTTPS,
        httponly=True,
        samesite="Lax",
    )
    return response


def _valid(token: str) -> str:
    return token if TOKEN.fullmatch(token) else ""
