"""How long a session lasts: without a visit, and at most (ASVS 5.0, 7.3.1 and 7.3.2)."""

import time
from collections.abc import Callable

import structlog
from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponseBase

BEGAN = "began_at"
SEEN = "seen_at"


class SessionLimitsMiddleware:
    """Logs people out when their session is too old, else renews it, at most once per settings.SESSION_RENEW_SECONDS.

    Django ends a session settings.SESSION_COOKIE_AGE after it was last saved.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if settings.SESSION_COOKIE_NAME in request.COOKIES and request.user.is_authenticated:
            structlog.contextvars.bind_contextvars(user_id=str(request.user.pk))
            _limit(request, int(time.time()))
        return self.get_response(request)


def _limit(request: HttpRequest, now: int) -> None:
    began = request.session.get(BEGAN)
    if began is None:
        request.session[BEGAN] = began = now
    if now - began >= settings.SESSION_ABSOLUTE_SECONDS:
        logout(request)
    elif now - request.session.get(SEEN, 0) >= settings.SESSION_RENEW_SECONDS:
        request.session[SEEN] = now
