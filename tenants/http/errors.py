"""Error pages: what happened, what to do, and a request id to tell us."""

import logging
import math
import sys
from http import HTTPStatus
from typing import Any

import structlog
from django.core.exceptions import BadRequest, RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotAllowed, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tenants.accounts.retry_after import seconds_to_wait
from tenants.http import problems

log = logging.getLogger(__name__)

LONGEST = 200
"""Characters of what a client sent that go into the log."""
MACHINES = ("/api/", "/webhooks/")
"""Whoever calls these addresses gets a problem document instead of a page."""
SHOWN_IN_SECONDS = 120
BUSY_SECONDS = 5
"""When to come back while Postgres cannot be reached, or has no connection free."""


def request_id() -> str:
    """The id under which this request is in the logs."""
    return str(structlog.contextvars.get_contextvars().get("request_id", ""))


def speaks_to_a_machine(request: HttpRequest) -> bool:
    """Whether a problem document is expected, and not a page."""
    return request.path_info.startswith(MACHINES)


def problem(status: HTTPStatus, detail: str) -> dict[str, Any]:
    """A problem document (RFC 9457)."""
    about = {"type": "about:blank", "title": status.phrase, "status": status.value, "detail": detail}
    return {**about, "request_id": request_id()}


def answer(request: HttpRequest, status: HTTPStatus, detail: str = "", **context: Any) -> HttpResponse:
    """The page or the problem document of an error status; `detail` says what is wrong and the fix."""
    if speaks_to_a_machine(request):
        return JsonResponse(problem(status, detail), status=status.value, content_type=problems.CONTENT_TYPE)
    context |= {"detail": detail, "status": status}
    return render(request, f"{status.value}.html", context, status=status.value)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """400, and 413 for what is longer than the limits. Only our own words are repeated, not a library's.

    It is the client's fault, so it is no error of ours in the log (config/http/logging.py leaves Django's line out).
    """
    log.warning("A request was refused: %s: %s", type(exception).__name__, str(exception)[:LONGEST])
    if isinstance(exception, RequestDataTooBig):
        return answer(request, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, str(exception))
    if isinstance(exception, TooManyFieldsSent | TooManyFilesSent):
        return answer(request, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, _("It has too many fields: send fewer at once."))
    own = str(exception) if isinstance(exception, BadRequest) else ""
    return answer(request, HTTPStatus.BAD_REQUEST, own or _("The request is damaged: reload the page and try again."))


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    return answer(request, HTTPStatus.FORBIDDEN, str(exception))


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponseBase:
    """A form that did not come from our pages, or from one that was open for too long."""
    return render(request, "403_csrf.html", status=HTTPStatus.FORBIDDEN)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    return answer(request, HTTPStatus.NOT_FOUND, _("There is no such address."))


def wrong_method(request: HttpRequest, refusal: HttpResponseNotAllowed) -> HttpResponse:
    """Django's empty 405 with a text; the header Allow lists the methods."""
    allowed = refusal.headers["Allow"]
    detail = _("This address does not accept %(method)s: use %(allowed)s.") % {
        "method": request.method,
        "allowed": allowed,
    }
    page = answer(request, HTTPStatus.METHOD_NOT_ALLOWED, detail)
    page.headers["Allow"] = allowed
    return page


def too_many(request: HttpRequest) -> HttpResponseBase:
    """429 for people who log in, sign up and so on; allauth calls it through `handler429`."""
    seconds = seconds_to_wait(request)
    wait = _spelled(seconds)
    detail = _("Too many tries: wait %(wait)s, then try again.") % {"wait": wait}
    page = answer(request, HTTPStatus.TOO_MANY_REQUESTS, detail, wait=wait)
    page.headers["Retry-After"] = str(seconds)
    return page


def _spelled(seconds: int) -> str:
    if seconds <= SHOWN_IN_SECONDS:
        return ngettext("%(count)d second", "%(count)d seconds", seconds) % {"count": seconds}
    minutes = math.ceil(seconds / 60)
    return ngettext("%(count)d minute", "%(count)d minutes", minutes) % {"count": minutes}


def server_error(request: HttpRequest) -> HttpResponseBase:
    """500, and 503 while Postgres cannot be reached: providers and programs then come back by themselves."""
    if isinstance(sys.exception(), OperationalError):
        detail = _("Roster is busy or restarting: try again in a moment.")
        page = answer(request, HTTPStatus.SERVICE_UNAVAILABLE, detail)
        page.headers["Retry-After"] = str(BUSY_SECONDS)
        return page
    return answer(request, HTTPStatus.INTERNAL_SERVER_ERROR, _("Something broke on our side."))
