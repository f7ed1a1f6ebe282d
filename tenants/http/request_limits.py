"""Refuses bodies beyond the limits, text that Postgres cannot store, and methods that an address does not accept."""

from collections.abc import Callable, Iterable
from typing import Any

from django.conf import settings
from django.core.exceptions import BadRequest, RequestDataTooBig
from django.http import HttpRequest, HttpResponseBase, HttpResponseNotAllowed, UnreadablePostError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from tenants.http import errors

WEBHOOKS = "/webhooks/"
NUL = "\0"
CHARSETS = {"utf-8", "utf8", "us-ascii", "ascii"}
CUT_OFF = _("The body ended before it was complete: send it again.")
IN_ADDRESS = _("The address has a NUL character in it: leave it out.")
IN_FORM = _("The form has a NUL character in it: leave it out.")


class RequestLimitsMiddleware:
    """Refuses before anything is read or asked of Postgres: 413 for what is too long, 400 for what is no plain text.

    Gives words to Django's bare 405, and to a body that its sender did not send to the end.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        _refuse_too_long(request)
        _refuse_charset(request)
        _refuse_nul(IN_ADDRESS, [request.path_info, *_texts(request.GET.lists())])
        response = self.get_response(request)
        if isinstance(response, HttpResponseNotAllowed) and not response.content:
            return errors.wrong_method(request, response)
        return response

    def process_view(self, request: HttpRequest, view: Callable[..., Any], args: object, kwargs: object) -> None:
        """Forms. Webhooks and the API, which Django's CSRF check leaves alone, read their bodies by themselves."""
        if request.method == "POST" and not getattr(view, "csrf_exempt", False):
            try:
                _refuse_nul(IN_FORM, _texts(request.POST.lists()))
            except UnreadablePostError as error:
                raise BadRequest(CUT_OFF) from error

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponseBase | None:
        """A view that reads a body by itself meets the same."""
        return errors.bad_request(request, BadRequest(CUT_OFF)) if isinstance(exception, UnreadablePostError) else None


def _refuse_too_long(request: HttpRequest) -> None:
    is_webhook = request.path_info.startswith(WEBHOOKS)
    limit = settings.WEBHOOK_MAX_BYTES if is_webhook else settings.REQUEST_MAX_BYTES
    if _length(request) > limit:
        raise RequestDataTooBig(gettext("The body is too large: send at most %(most)d bytes.") % {"most": limit})


def _length(request: HttpRequest) -> int:
    """What the client announces. Django reads no body beyond it, and none without it."""
    announced = request.META.get("CONTENT_LENGTH") or "0"
    if not (announced.isascii() and announced.isdigit()):
        raise BadRequest(gettext("The header Content-Length is not a number: correct it."))
    return int(announced)


def _refuse_charset(request: HttpRequest) -> None:
    """Others would be decoded by it, queries too, and among Python's names are some that decode no text at all."""
    charset = (request.content_params or {}).get("charset", "utf-8")
    if charset.lower() not in CHARSETS:
        request.encoding = settings.DEFAULT_CHARSET  # in which the error page reads the query
        raise BadRequest(gettext("The header Content-Type names a charset that is not UTF-8: send UTF-8."))


def _texts(pairs: Iterable[tuple[str, Iterable[object]]]) -> Iterable[str]:
    for name, values in pairs:
        yield name
        yield from (str(value) for value in values)


def _refuse_nul(refusal: StrOrPromise, texts: Iterable[str]) -> None:
    if any(NUL in text for text in texts):
        raise BadRequest(refusal)
