"""Health probes are answered before the host is checked: a cluster uses the pod's address, not our host name."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

from config.http import health

VIEWS = {f"/{name}": getattr(health, name) for name in settings.PROBES}


class ProbeMiddleware:
    """Answers GET and HEAD of the probes for any host; their views do not build URLs from it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        view = VIEWS.get(request.path_info) if request.method in {"GET", "HEAD"} else None
        return view(request) if view else self.get_response(request)
