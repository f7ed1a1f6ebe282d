"""Webhooks and web chats skip the middleware that only members need: sessions, messages, log-ins and workspaces."""

from collections.abc import Callable

from django.http import Http404, HttpRequest, HttpResponseBase, UnreadablePostError
from django.urls import resolve

from tenants.http.request_limits import WEBHOOKS, RequestLimitsMiddleware

CHATS = "/chat/"


class WebhookMiddleware:
    """Calls the views under /webhooks/ and /chat/ directly, without the middleware that comes after this one.

    A webhook is verified by its signature, and a chat looks itself where a form comes from and who writes, so neither
    needs a session or a CSRF check. The limits on size and charset apply as everywhere, and the host has to be ours. A
    page that says that there is no such chat takes the usual way.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response
        self.limits = RequestLimitsMiddleware(_call_view)

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not request.path_info.startswith((WEBHOOKS, CHATS)):
            return self.get_response(request)
        request.get_host()
        try:
            return self.limits(request)
        except Http404:
            return self.get_response(request)
        except UnreadablePostError as error:
            answer = self.limits.process_exception(request, error)
            if answer is None:
                raise
            return answer


def _call_view(request: HttpRequest) -> HttpResponseBase:
    match = resolve(request.path_info)
    request.resolver_match = match
    response: HttpResponseBase = match.func(request, *match.args, **match.kwargs)
    return response
