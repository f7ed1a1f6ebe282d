"""Where this site is, as far as links are concerned: at PUBLIC_URL, whatever a request's Host header says."""

from collections.abc import Callable
from functools import partial
from urllib.parse import urljoin

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.utils.encoding import iri_to_uri


class PublicAddressMiddleware:
    """Whoever makes a whole address out of a request's path gets one that begins with PUBLIC_URL.

    Django takes the Host header, of which ALLOWED_HOSTS checks the name and not the port. So a client could have mails,
    OAuth's redirect addresses and the API's links to pages lead elsewhere.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        request.build_absolute_uri = partial(absolute, request)  # type: ignore[method-assign]
        return self.get_response(request)


def absolute(request: HttpRequest, location: str | None = None) -> str:
    """As Django's HttpRequest.build_absolute_uri."""
    path = request.get_full_path() if location is None else str(location)
    return str(iri_to_uri(urljoin(f"{settings.PUBLIC_URL}{request.path}", path)))
