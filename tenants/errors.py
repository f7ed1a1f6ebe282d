"""Error pages: what happened, what to do, and a request id to tell us."""

from http import HTTPStatus
from typing import Any

import structlog
from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.shortcuts import render

from tenants import problems


def request_id() -> str:
    """The id under which this request is in the logs."""
    return str(structlog.contextvars.get_contextvars().get("request_id", ""))


def _answer(request: HttpRequest, status: HTTPStatus, detail: str = "") -> HttpResponseBase:
    if request.path_info.startswith("/api/"):
        problem = {"type": "about:blank", "title": status.phrase, "status": status.value, "detail": detail}
        return JsonResponse(
            {**problem, "request_id": request_id()}, status=status.value, content_type=problems.CONTENT_TYPE
        )
    context: dict[str, Any] = {"detail": detail, "request_id": request_id(), "status": status}
    return render(request, f"{status.value}.html", context, status=status.value)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    return _answer(request, HTTPStatus.BAD_REQUEST)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    return _answer(request, HTTPStatus.FORBIDDEN, str(exception))


def not_found(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    return _answer(request, HTTPStatus.NOT_FOUND, "There is no such address.")


def server_error(request: HttpRequest) -> HttpResponseBase:
    return _answer(request, HTTPStatus.INTERNAL_SERVER_ERROR, "Something broke on our side.")
