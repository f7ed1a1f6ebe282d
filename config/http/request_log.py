"""Gives each request an id, which is in every log line, in error reports and in the response."""

import re
from typing import Any, cast
from uuid import uuid4

import structlog
from django.http import HttpRequest, HttpResponse
from django_structlog.middlewares import RequestMiddleware as StructlogMiddleware

HEADER = "X-Request-ID"
WELL_FORMED = re.compile(r"[A-Za-z0-9._-]{8,64}")


class RequestMiddleware(StructlogMiddleware):
    """django-structlog's middleware, which makes a new id for each request. It is the response's X-Request-ID, too.

    A caller's own X-Request-ID is never used as ours, or anybody could log lines under somebody else's id. A
    well-formed one is logged as `caller_request_id`.
    """

    def __call__(self, request: HttpRequest) -> HttpResponse:
        self.prepare(request)
        response = cast("HttpResponse", self.get_response(request))
        self.handle_response(request, response)
        return response

    def prepare(self, request: HttpRequest) -> None:
        """Without the line about each request that begins, which nobody logs (config/http/logging.py)."""
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=str(uuid4()))
        theirs = request.headers.get(HEADER, "")
        if WELL_FORMED.fullmatch(theirs):
            structlog.contextvars.bind_contextvars(caller_request_id=theirs)

    def process_view(self, request: HttpRequest, view: object, args: object, kwargs: dict[str, Any]) -> None:
        """The workspace is known by now, so log lines of views that open their own scopes have it too."""
        _bind_tenant(request)
        self.bind_user_id(request)

    def handle_response(self, request: HttpRequest, response: HttpResponse) -> None:
        """What went well is not logged, either."""
        response[HEADER] = structlog.contextvars.get_contextvars().get("request_id", "")
        if response.status_code < 400 and not response.streaming and not hasattr(request, "_raised_exception"):
            structlog.contextvars.clear_contextvars()
            return
        _bind_tenant(request)
        super().handle_response(request, response)

    @staticmethod
    def bind_user_id(request: HttpRequest) -> None:
        """Add the user, if already loaded. A log line is not worth a query, least of all while Postgres is down."""
        user = getattr(request, "_cached_user", None)
        if user is not None and user.is_authenticated:
            structlog.contextvars.bind_contextvars(user_id=str(user.pk))

    @staticmethod
    def format_request(request: HttpRequest) -> str:
        """Without the query string, which may contain codes and search terms."""
        return f"{request.method} {request.path}"


def _bind_tenant(request: HttpRequest) -> None:
    workspace = getattr(request, "workspace", None)
    if workspace:
        structlog.contextvars.bind_contextvars(tenant=str(workspace.tenant.id))
