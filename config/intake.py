"""What may not come in: bodies beyond the limits, text that Postgres cannot store, methods that nobody takes."""

from collections.abc import Callable, Iterable
from typing import Any

from django.conf import settings
from django.core.exceptions import BadRequest, RequestDataTooBig
from django.http import HttpRequest, HttpResponseBase, HttpResponseNotAllowed

from tenants import errors

WEBHOOKS = "/webhooks/"
NUL = "\0"


class IntakeMiddleware:
    """Refuses before anything is read or asked of Postgres: 413 for what is too long, 400 for NUL characters.

    Gives words to Django's bare 405.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        _refuse_too_long(request)
        _refuse_nul("address", [request.path_info, *_texts(request.GET.lists())])
        response = self.get_response(request)
        if isinstance(response, HttpResponseNotAllowed) and not response.content:
            return errors.wrong_method(request, response)
        return response

    def process_view(self, request: HttpRequest, view: Callable[..., Any], args: object, kwargs: object) -> None:
        """Forms. Webhooks and the API, which Django's CSRF check leaves alone, read their bodies by themselves."""
        if request.method == "POST" and not getattr(view, "csrf_exempt", False):
            _refuse_nul("form", _texts(request.POST.lists()))


def _refuse_too_long(request: HttpRequest) -> None:
    is_webhook = request.path_info.startswith(WEBHOOKS)
    limit = settings.WEBHOOK_MAX_BYTES if is_webhook else settings.REQUEST_MAX_BYTES
    if _length(request) > limit:
        raise RequestDataTooBig(f"The body is too large: send at most {limit} bytes.")


def _length(request: HttpRequest) -> int:
    """What the client announces. Django reads no body beyond it, and none without it."""
    announced = request.META.get("CONTENT_LENGTH") or "0"
    if not (announced.isascii() and announced.isdigit()):
        raise BadRequest("The header Content-Length is not a number: correct it.")
    return int(announced)


def _texts(pairs: Iterable[tuple[str, Iterable[object]]]) -> Iterable[str]:
    for name, values in pairs:
        yield name
        yield from (str(value) for value in values)


def _refuse_nul(where: str, texts: Iterable[str]) -> None:
    if any(NUL in text for text in texts):
        raise BadRequest(f"The {where} has a NUL character in it: leave it out.")
