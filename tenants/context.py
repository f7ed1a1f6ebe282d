"""What every template knows."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest


def portal(request: HttpRequest) -> dict[str, Any]:
    """The workspace, and whether outside services are played by the sandbox."""
    return {
        "workspace": getattr(request, "workspace", None),
        "sandbox_url": settings.SANDBOX_URL if settings.SANDBOX else "",
    }
