"""Response headers for browsers, in addition to those of Django and django-csp."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

from tenants.http import errors

POLICIES = {
    "Permissions-Policy": ", ".join(f"{name}={who}" for name, who in settings.PERMISSIONS_POLICY.items()),
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "X-Frame-Options": settings.X_FRAME_OPTIONS,
}


class BrowserPolicyMiddleware:
    """Adds the policies and the request's id to every response, static files, redirects and errors included.

    Responses that say nothing about caching are not cached (ASVS 5.0, 14.3.2).
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        for name, value in POLICIES.items():
            response.headers[name] = value
        response.headers["X-Request-ID"] = errors.request_id()
        response.headers.setdefault("Cache-Control", "no-store")
        return response
