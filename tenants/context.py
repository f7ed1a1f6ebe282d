"""What every template knows."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from tenants.models import Tenant, User


def portal(request: HttpRequest) -> dict[str, Any]:
    """The workspace, the others that the person is in, and whether outside services are played by the sandbox."""
    return {
        "workspace": getattr(request, "workspace", None),
        "own_workspaces": SimpleLazyObject(lambda: _workspaces_of(request)),
        "sandbox_url": settings.SANDBOX_URL if settings.SANDBOX else "",
    }


def _workspaces_of(request: HttpRequest) -> list[Tenant]:
    """By name; asked for only by pages that show it."""
    if not isinstance(request.user, User):
        return []
    return list(Tenant.objects.filter(memberships__user=request.user).order_by("name", "id"))
