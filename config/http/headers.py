"""Response headers for browsers, in addition to those of Django."""

from collections.abc import Callable

from csp.constants import HEADER as CONTENT_POLICY
from csp.utils import build_policy
from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

POLICIES = {
    "Permissions-Policy": ", ".join(f"{name}={who}" for name, who in settings.PERMISSIONS_POLICY.items()),
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
}
FRAMES = "X-Frame-Options"


class BrowserPolicyMiddleware:
    """Adds the policies to every response, static files, redirects and errors included.

    Responses that say nothing about caching are not cached (ASVS 5.0, 14.3.2). The Content-Security-Policy is the same
    everywhere, so it is built once: django-csp's own middleware builds it for each response. What other sites may show
    or load says so itself: by headers of its own, and `xframe_options_exempt` beside a policy that names the sites.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response
        self.content_policy = build_policy()

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        for name, value in POLICIES.items():
            response.headers.setdefault(name, value)
        if getattr(response, "xframe_options_exempt", False):
            response.headers.pop(FRAMES, None)
        else:
            response.headers[FRAMES] = settings.X_FRAME_OPTIONS
        response.headers.setdefault(CONTENT_POLICY, self.content_policy)
        response.headers.setdefault("Cache-Control", "no-store")
        return response
