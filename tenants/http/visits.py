"""Limits how long web requests wait for services outside (tenants/outbound/patience.py); beyond that they get 503."""

from collections.abc import Callable
from http import HTTPStatus

from django.http import HttpRequest, HttpResponseBase

from tenants.http import errors
from tenants.outbound import patience
from tenants.outbound.patience import BUSY_SECONDS, BusyError


class PatienceMiddleware:
    """Answers 503 with Retry-After when too many requests already wait for a service."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        with patience.visit() as visit:
            response = self.get_response(request)
        if visit.is_refused:
            _mark(request, response)
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponseBase | None:
        """A refusal that the view has no words for."""
        if not isinstance(exception, BusyError):
            return None
        response = errors.answer(request, HTTPStatus.SERVICE_UNAVAILABLE, str(exception))
        response.headers["Retry-After"] = str(exception.wait)
        return response


def _mark(request: HttpRequest, response: HttpResponseBase) -> None:
    """A page on which a view says it by itself; htmx shows nothing of an answer of 400 or more."""
    if response.status_code == HTTPStatus.OK and not getattr(request, "htmx", False):
        response.status_code = HTTPStatus.SERVICE_UNAVAILABLE
    if response.status_code == HTTPStatus.SERVICE_UNAVAILABLE:
        response.headers.setdefault("Retry-After", str(BUSY_SECONDS))
