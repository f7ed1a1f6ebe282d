"""Errors of the API as RFC 9457 problem details."""

from http import HTTPStatus
from typing import Any

from rest_framework.exceptions import APIException, ValidationError
from rest_framework.response import Response
from rest_framework.views import exception_handler

CONTENT_TYPE = "application/problem+json"


def problem_response(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's answer to an exception, turned into a problem document; None for what DRF does not handle (500)."""
    response = exception_handler(error, context)
    if response is None:
        return None
    status = HTTPStatus(response.status_code)
    problem: dict[str, Any] = {"type": "about:blank", "title": status.phrase, "status": status.value}
    if isinstance(error, ValidationError):
        problem |= {"detail": "Some fields are not right: see errors.", "errors": response.data}
    else:
        problem["detail"] = str(error.detail) if isinstance(error, APIException) else status.phrase
    response.data = problem
    response.content_type = CONTENT_TYPE
    return response

