"""What every template knows."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from tenants.models import Tenant, User


def portal(request: HttpRequest) -> dict[str, Any]:
    """The workspace, the person's others, the app's name in Slack, and whether the sandbox plays outside services."""
    return {
        "workspace": getattr(request, "workspace", None),
        "own_workspaces": SimpleLazyObject(lambda: _workspaces_of(request)),
        "slack_app_name": settings.SLACK_APP_NAME,
        "sandbox_url": settings.SANDBOX_URL if settings.SANDBOX else "",
    }


def _workspaces_of(request: HttpRequest) -> list[Tenant]:
    """By name; asked for only by pages that show it."""
    if not isinstance(request.user, User):
        return []
    return list(Tenant.objects.filter(memberships__user=request.user).order_by("name", "id"))
