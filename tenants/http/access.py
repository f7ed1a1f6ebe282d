"""What a portal view says about itself: who may call it, and whether it opens its own scopes."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, cast

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase

from tenants.http.middleware import Workspace
from tenants.permissions import Permission, refusal

P = ParamSpec("P")
LAST_USED = "workspace"
"""Under this name a session keeps the id of the workspace that was used last in it."""

View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


def workspace_of(request: HttpRequest) -> Workspace:
    """The workspace that the middleware bound to this request."""
    return cast("Workspace", request.workspace)  # type: ignore[attr-defined]


def requires(permission: Permission, *, writes: Permission | None = None) -> Callable[[View[P]], View[P]]:
    """Refuse members whose role does not allow `permission` (403 with what to do). Every workspace view has one.

    writes: what a POST takes instead, for pages that some may only read.
    """

    def decorate(view: View[P]) -> View[P]:
        @wraps(view)
        def checked(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            needed = writes if writes and request.method == "POST" else permission
            if not workspace_of(request).allows(needed):
                raise PermissionDenied(refusal(needed))
            _remember(request)
            return view(request, *args, **kwargs)

        checked.permission = permission  # type: ignore[attr-defined]  # for the isolation matrix
        checked.writes = writes or permission  # type: ignore[attr-defined]
        return checked

    return decorate


def _remember(request: HttpRequest) -> None:
    """The front page leads to the workspace that was used last."""
    used = str(workspace_of(request).tenant.id)
    if request.session.get(LAST_USED) != used:
        request.session[LAST_USED] = used


def opens_own_scope(view: View[P]) -> View[P]:
    """Mark a view that calls a provider: no transaction may be held across the network."""
    view.opens_own_scope = True  # type: ignore[attr-defined]
    return view
