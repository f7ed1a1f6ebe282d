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

from tenants.accounts.retry_after import seconds_to_wait
from tenants.http import problems

log = logging.getLogger(__name__)

LONGEST = 200
"""Characters of what a client sent that stand in the log."""
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
        return answer(request, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "It has too many fields: send fewer at once.")
    own = str(exception) if isinstance(exception, BadRequest) else ""
    return answer(request, HTTPStatus.BAD_REQUEST, own or "The request is damaged: load the page again and repeat it.")


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    return answer(request, HTTPStatus.FORBIDDEN, str(exception))


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponseBase:
    """A form that did not come from our pages, or from one that was open for too long."""
    return render(request, "403_csrf.html", status=HTTPStatus.FORBIDDEN)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    return answer(request, HTTPStatus.NOT_FOUND, "There is no such address.")


def wrong_method(request: HttpRequest, refusal: HttpResponseNotAllowed) -> HttpResponse:
    """Django's bare 405 with words; the header Allow names the methods that there are."""
    allowed = refusal.headers["Allow"]
    detail = f"This address does not take {request.method}: use {allowed}."
    page = answer(request, HTTPStatus.METHOD_NOT_ALLOWED, detail)
    page.headers["Allow"] = allowed
    return page


def too_many(request: HttpRequest) -> HttpResponseBase:
    """429 for people who log in, sign up and the like; allauth asks for it through `handler429`."""
    seconds = seconds_to_wait(request)
    wait = f"{seconds} seconds" if seconds <= SHOWN_IN_SECONDS else f"{math.ceil(seconds / 60)} minutes"
    page = answer(request, HTTPStatus.TOO_MANY_REQUESTS, f"Too many tries: wait {wait}, then try again.", wait=wait)
    page.headers["Retry-After"] = str(seconds)
    return page


def server_error(request: HttpRequest) -> HttpResponseBase:
    """500, and 503 while Postgres cannot be reached: providers and programs then come back by themselves."""
    if isinstance(sys.exception(), OperationalError):
        page = answer(request, HTTPStatus.SERVICE_UNAVAILABLE, "Roster is busy or restarting: try again in a moment.")
        page.headers["Retry-After"] = str(BUSY_SECONDS)
        return page
    return answer(request, HTTPStatus.INTERNAL_SERVER_ERROR, "Something broke on our side.")
