"""What every template can show."""

from collections.abc import Collection
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject
from django.utils.text import get_text_list
from django.utils.translation import gettext, gettext_lazy

from tenants.http.middleware import MOST, Workspace
from tenants.models import Tenant, User

SERVICES = {
    "slack": "Slack",
    "whatsapp": "WhatsApp",
    "stripe": "Stripe",
    "llm": gettext_lazy("the LLM"),
    "mail": gettext_lazy("email"),
}
"""What the sandbox's banner calls them, by the names in config/peers.py."""


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
    played, real = _listed(settings.SANDBOX), _listed(settings.REAL_PEERS)
    return {"plays": played, "real": real, "pages": settings.SANDBOX_PAGES}


def _listed(names: Collection[str]) -> str:
    """These outside services, as in a sentence in the reader's language."""
    return get_text_list([str(word) for name, word in SERVICES.items() if name in names], gettext("and"))


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
