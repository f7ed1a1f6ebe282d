"""What every template can show."""

from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from tenants.http.middleware import MOST, Workspace
from tenants.models import Tenant, User


def portal(request: HttpRequest) -> dict[str, Any]:
    """The workspace, the person's others, and what the sandbox plays."""
    return {
        "workspace": getattr(request, "workspace", None),
        "own_workspaces": SimpleLazyObject(lambda: _workspaces_of(request)),
        "most_workspaces": MOST,
        "sandbox": _sandbox(),
    }


def _sandbox() -> dict[str, Any]:
    """What the sandbox plays and what is real, in words, and the sandbox's pages by the name of the service."""
    return {"plays": settings.SANDBOX_PLAYED, "real": settings.SANDBOX_REAL, "pages": settings.SANDBOX_PAGES}


def own_workspaces(user: User) -> QuerySet[Tenant]:
    """Where somebody is a member, by name."""
    return Tenant.objects.filter(memberships__user=user).order_by("name", "id")


def _workspaces_of(request: HttpRequest) -> list[Tenant]:
    """The first ones, and one more if there is one. Outside of a workspace, only pages that show them ask."""
    workspace: Workspace | None = getattr(request, "workspace", None)
    if workspace and workspace.own is not None:
        return list(workspace.own)
    if not isinstance(request.user, User):
        return []
    return list(own_workspaces(request.user)[: MOST + 1])
