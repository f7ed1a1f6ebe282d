"""What a portal view says about itself: who may call it, and whether it opens its own scopes."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, cast

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase

from tenants.middleware import Workspace
from tenants.models import Role

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


def workspace_of(request: HttpRequest) -> Workspace:
    """The workspace that the middleware bound to this request."""
    return cast("Workspace", request.workspace)  # type: ignore[attr-defined]


def requires(role: Role) -> Callable[[View[P]], View[P]]:
    """Refuse members whose role does not cover `role` (403 with what to do)."""

    def decorate(view: View[P]) -> View[P]:
        @wraps(view)
        def checked(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            if not workspace_of(request).allows(role):
                raise PermissionDenied(
                    f"This needs the role {role.label.lower()} in this workspace: ask one of its owners."
                )
            return view(request, *args, **kwargs)

        return checked

    return decorate


def opens_own_scope(view: View[P]) -> View[P]:
    """Mark a view that calls a provider: no transaction may be held across the network."""
    view.opens_own_scope = True  # type: ignore[attr-defined]
    return view
