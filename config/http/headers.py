"""What every answer tells the browser beyond what Django and django-csp say."""

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
    """Stands outside all that may answer: static files, redirects and errors carry the policies and the request's id.

    What does not say how it may be cached is not cached (ASVS 5.0, 14.3.2).
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
