"""Links to this site begin with PUBLIC_URL, whatever a request's Host header says."""

from collections.abc import Callable
from functools import partial
from urllib.parse import urljoin

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.utils.encoding import iri_to_uri


class PublicAddressMiddleware:
    """Makes `request.build_absolute_uri` start with PUBLIC_URL.

    Django uses the Host header, and ALLOWED_HOSTS checks its name but not its port. So a client could make links in
    mails, OAuth redirect URLs and the API's links point somewhere else.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        request.build_absolute_uri = partial(absolute, request)  # type: ignore[method-assign]
        return self.get_response(request)


def absolute(request: HttpRequest, location: str | None = None) -> str:
    """Like Django's HttpRequest.build_absolute_uri."""
    path = request.get_full_path() if location is None else str(location)
    return str(iri_to_uri(urljoin(f"{settings.PUBLIC_URL}{request.path}", path)))
