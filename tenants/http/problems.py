"""Errors of the API as RFC 9457 problem details."""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

import structlog
from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.core.exceptions import ValidationError as ModelError
from django.http import Http404
from django.utils.translation import gettext
from django_stubs_ext import StrOrPromise
from rest_framework import exceptions, serializers
from rest_framework.response import Response
from rest_framework.views import exception_handler

CONTENT_TYPE = "application/problem+json"


class ConflictError(exceptions.APIException):
    """The request is right, but the workspace's state does not allow it now (409). The text says what to do."""

    status_code = HTTPStatus.CONFLICT
    default_code = "conflict"

    def __init__(self, detail: StrOrPromise, wait: float | None = None) -> None:
        """wait: seconds after which it may work, for the header Retry-After."""
        super().__init__(detail)
        self.wait = wait


class KeyReusedError(exceptions.APIException):
    """An Idempotency-Key came with another request than the first time (422)."""

    status_code = HTTPStatus.UNPROCESSABLE_ENTITY
    default_code = "key_reused"


class ProviderError(exceptions.APIException):
    """An outside service did not do what was asked of it (502). The text names it, the cause and the fix."""

    status_code = HTTPStatus.BAD_GATEWAY
    default_code = "provider_error"

    def __init__(self, detail: StrOrPromise, wait: float | None = None) -> None:
        """wait: seconds after which it may work, for the header Retry-After."""
        super().__init__(detail)
        self.wait = wait


class BusyError(ProviderError):
    """An outside service was not called, since too many requests are waiting for it (503). Nothing was changed."""

    status_code = HTTPStatus.SERVICE_UNAVAILABLE
    default_code = "busy"


class TooLargeError(exceptions.APIException):
    """The body is longer than settings.REQUEST_MAX_BYTES (413)."""

    status_code = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    default_code = "too_large"

    def __init__(self) -> None:
        super().__init__(
            gettext("The body is too large: send at most %(most)d bytes.") % {"most": settings.REQUEST_MAX_BYTES}
        )


def problem_response(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's answer to an exception, turned into a problem document; None for what DRF does not handle (500).

    A model's own ValidationError counts as the caller's mistake.
    """
    error = _as_known(error)
    response = exception_handler(error, context)
    if response is None:
        return None
    response.data = _problem(HTTPStatus(response.status_code), error, response.data)
    response.content_type = CONTENT_TYPE
    return response


def _as_known(error: Exception) -> Exception:
    """Django's own refusals in DRF's terms."""
    if isinstance(error, ModelError):
        return exceptions.ValidationError(serializers.as_serializer_error(error))
    return TooLargeError() if isinstance(error, RequestDataTooBig) else error


def _problem(status: HTTPStatus, error: Exception, data: Any) -> dict[str, Any]:
    problem: dict[str, Any] = {
        "type": "about:blank",
        "title": status.phrase,
        "status": status.value,
        "detail": _detail(status, error),
        "request_id": str(structlog.contextvars.get_contextvars().get("request_id", "")),
    }
    if isinstance(error, exceptions.ValidationError):
        problem["errors"] = dict(_by_field(data, ())) or {"non_field_errors": []}
    return problem


def _by_field(data: Any, inside: tuple[str, ...]) -> Iterator[tuple[str, list[str]]]:
    """Each field's sentences. A field inside of others has its whole path as its name, such as `places.0.agent`."""
    if isinstance(data, dict):
        for name, inner in data.items():
            yield from _by_field(inner, (*inside, str(name)))
    elif isinstance(data, list) and any(isinstance(each, dict) for each in data):
        for number, inner in enumerate(data):
            yield from _by_field(inner, (*inside, str(number)))
    elif data:
        words = [str(each) for each in (data if isinstance(data, list) else [data])]
        yield ".".join(inside) or "non_field_errors", words


def _detail(status: HTTPStatus, error: Exception) -> str:
    if isinstance(error, exceptions.ValidationError):
        return gettext("Some fields or parameters are not right: see errors.")
    if isinstance(error, Http404 | exceptions.NotFound):
        return gettext("There is no such thing in this workspace: check the id.")
    return str(error.detail) if isinstance(error, exceptions.APIException) else str(error) or status.phrase
