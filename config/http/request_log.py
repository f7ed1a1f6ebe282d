"""Names each request: an id in each log line, in error reports and in the answer; tenant and user beside it."""

import re
from typing import Any

import structlog
from django.http import HttpRequest, HttpResponse
from django_structlog.middlewares import RequestMiddleware as StructlogMiddleware

HEADER = "X-Request-ID"
WELL_FORMED = re.compile(r"[A-Za-z0-9._-]{8,64}")


class RequestMiddleware(StructlogMiddleware):
    """django-structlog's, which makes a new id for each request, with that id in the answer's X-Request-ID.

    A caller's own X-Request-ID never becomes ours, since anybody could then write lines under somebody else's; a
    well-formed one is logged beside it as `caller_request_id`.
    """

    def prepare(self, request: HttpRequest) -> None:
        structlog.contextvars.clear_contextvars()
        theirs = request.headers.get(HEADER, "")
        if WELL_FORMED.fullmatch(theirs):
            structlog.contextvars.bind_contextvars(caller_request_id=theirs)
        super().prepare(request)

    def process_view(self, request: HttpRequest, view: object, args: object, kwargs: dict[str, Any]) -> None:
        """The workspace is known by now: also views that open scopes of their own tell whose they serve."""
        _bind_tenant(request)
        self.bind_user_id(request)

    def handle_response(self, request: HttpRequest, response: HttpResponse) -> None:
        _bind_tenant(request)
        response[HEADER] = structlog.contextvars.get_contextvars().get("request_id", "")
        super().handle_response(request, response)

    @staticmethod
    def bind_user_id(request: HttpRequest) -> None:
        """Who it is, if somebody has asked already: a log line is worth no query, least of all with Postgres down."""
        user = getattr(request, "_cached_user", None)
        if user is not None and user.is_authenticated:
            structlog.contextvars.bind_contextvars(user_id=str(user.pk))

    @staticmethod
    def format_request(request: HttpRequest) -> str:
        """Without the query, which may hold codes and what people searched for."""
        return f"{request.method} {request.path}"


def _bind_tenant(request: HttpRequest) -> None:
    workspace = getattr(request, "workspace", None)
    if workspace:
        structlog.contextvars.bind_contextvars(tenant=str(workspace.tenant.id))
