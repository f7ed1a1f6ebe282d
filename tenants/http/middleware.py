"""Finds the workspace of a request: by the address in the portal, by token or header in the API."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar

import structlog
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, Window
from django.db.models.functions import RowNumber
from django.http import Http404, HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.urls import Resolver404, ResolverMatch, resolve, reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from tenants.audit import actor
from tenants.clients import client_ip
from tenants.models import ActorKind, ApiToken, FormerSlug, Membership, Role, SupportGrant, Tenant, User
from tenants.permissions import Permission, allows
from tenants.scope import tenant_scope
from tenants.staff import staff_mfa
from tenants.team import support

API = "/api/"
SAFE = ("GET", "HEAD", "OPTIONS")
MOST = 20
"""Workspaces in the menu; the page of all workspaces has the rest."""

Found = TypeVar("Found")


@dataclass(frozen=True)
class Workspace:
    """The workspace of a request and what its caller may do there.

    support: what lets Roster's staff look at it, if the caller is staff and no member. own: the first workspaces that
    the caller belongs to, by name, and one more than MOST if there is one; None if nobody asked. is_reading: a request
    that changes nothing.
    """

    tenant: Tenant
    role: Role
    token: ApiToken | None = None
    support: SupportGrant | None = None
    own: tuple[Tenant, ...] | None = None
    is_reading: bool = False
    _found: dict[object, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    def once(self, look: "Callable[[Workspace], Found]") -> Found:
        """What `look` finds in this workspace. A request that only reads asks once, any other each time."""
        if not self.is_reading:
            return look(self)
        if look not in self._found:
            self._found[look] = look(self)
        found: Found = self._found[look]
        return found

    def keep(self, look: "Callable[[Workspace], Found]", found: Found) -> None:
        """Somebody has just found what `look` would find."""
        self._found[look] = found

    def allows(self, needed: Permission) -> bool:
        return allows(self.role, needed)

    @cached_property
    def may(self) -> dict[str, bool]:
        """The same for templates: `{% if workspace.may.manage_members %}`."""
        return {permission.value: self.allows(permission) for permission in Permission}

    @cached_property
    def open_to_support(self) -> SupportGrant | None:
        """For templates: what lets Roster's staff look at this workspace now."""
        return self.support or support.current_of(self.tenant.id)


class WorkspaceMiddleware:
    """Sets `request.workspace` (or None) and runs the view inside the tenant's scope.

    An answer of 400 or more rolls back. A view marked by @opens_own_scope runs outside, because it calls a provider.
    Somebody else's workspace answers exactly like one that does not exist.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        match = _match(request)
        workspace = _of_api(request) if request.path_info.startswith(API) else _of_portal(request, match)
        request.workspace = workspace  # type: ignore[attr-defined]
        if match and "workspace" in match.kwargs and workspace is None and not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        if match and workspace and match.kwargs.get("workspace", workspace.tenant.slug) != workspace.tenant.slug:
            return _moved(request, match, workspace.tenant)
        with actor.acting(_actor(request, workspace)):
            if workspace and workspace.support:
                _watch_support(request, workspace.tenant, workspace.support)
            if workspace is None or _runs_outside(match):
                return self.get_response(request)
            return self._scoped(request, workspace)

    def _scoped(self, request: HttpRequest, workspace: Workspace) -> HttpResponseBase:
        with (
            structlog.contextvars.bound_contextvars(tenant=str(workspace.tenant.id)),
            tenant_scope(workspace.tenant.id),
        ):
            response = self.get_response(request)
            if response.status_code >= 400:
                transaction.set_rollback(True)
            return response

    def process_view(self, request: HttpRequest, view: object, args: object, kwargs: dict[str, Any]) -> None:
        """Views take `request.workspace`, not the slug."""
        if kwargs.pop("workspace", None) and getattr(request, "workspace", None) is None:
            raise Http404(_("There is no such workspace."))


def _actor(request: HttpRequest, workspace: Workspace | None) -> actor.Actor:
    """Who the audit trail names for what this request does."""
    ip, user_agent = client_ip(request), request.headers.get("User-Agent", "")
    if workspace and workspace.token:
        return actor.token(workspace.token, ip=ip, user_agent=user_agent)
    if isinstance(request.user, User):
        kind = ActorKind.STAFF if workspace and workspace.support else ActorKind.MEMBER
        return actor.person(request.user, ip=ip, user_agent=user_agent, kind=kind)
    return actor.Actor(ip=ip, user_agent=user_agent)


def _watch_support(request: HttpRequest, tenant: Tenant, access: SupportGrant) -> None:
    """Staff may look, not change anything, and the workspace's trail has each page. Raises PermissionDenied."""
    support.note_look(tenant.id, access, str(request.method), request.get_full_path())
    if request.method not in SAFE:
        raise PermissionDenied(
            _("Roster's support may look at this workspace but not change anything: ask one of its owners.")
        )


def _match(request: HttpRequest) -> ResolverMatch | None:
    try:
        return resolve(request.path_info)
    except Resolver404:
        return None


def _runs_outside(match: ResolverMatch | None) -> bool:
    return match is None or getattr(match.func, "opens_own_scope", False)


def _of_portal(request: HttpRequest, match: ResolverMatch | None) -> Workspace | None:
    slug = match.kwargs.get("workspace") if match else None
    return (_visit(request, slug) or _support_visit(request, slug)) if slug else None


def _support_visit(request: HttpRequest, slug: str) -> Workspace | None:
    """Staff with a proven second step, while an owner lets them: as a viewer."""
    if staff_mfa.proven_staff(request) is None:
        return None
    tenant = Tenant.objects.filter(Q(slug=slug) | Q(former_slugs__slug=slug)).first()
    access = support.current_of(tenant.id) if tenant else None
    if tenant is None or access is None:
        return None
    return Workspace(tenant, Role.VIEWER, support=access, is_reading=request.method in SAFE)


def _moved(request: HttpRequest, match: ResolverMatch, tenant: Tenant) -> HttpResponseRedirect:
    """From a former address of the workspace to the same page under the one it has now, with what was sent."""
    path = reverse(match.view_name, kwargs={**match.kwargs, "workspace": tenant.slug})
    query = request.META.get("QUERY_STRING", "")
    is_reading = request.method in {"GET", "HEAD"}
    return HttpResponseRedirect(f"{path}?{query}" if query else path, preserve_request=not is_reading)


def _visit(request: HttpRequest, slug: str) -> Workspace | None:
    """A member's visit to a page of the workspace that has this address, or had it; with what the menu shows."""
    if not request.user.is_authenticated:
        return None
    former = FormerSlug.objects.filter(tenant=OuterRef("tenant"), slug=slug)
    by_name = [F("tenant__name"), F("tenant__id")]
    memberships = (
        Membership.objects.filter(user=request.user)
        .select_related("tenant")
        .annotate(is_here=Q(tenant__slug=slug) | Exists(former), place=Window(RowNumber(), order_by=by_name))
        .order_by("-is_here", "place")
    )
    found = list(memberships[: MOST + 2])
    if not found or not found[0].is_here:
        return None
    menu = sorted((each for each in found if each.place <= MOST + 1), key=lambda each: each.place)
    here, own = found[0], tuple(each.tenant for each in menu)
    return Workspace(here.tenant, Role(here.role), own=own, is_reading=request.method in SAFE)


def _membership(request: HttpRequest, slug: str) -> Workspace | None:
    """The caller's place in the workspace that has this address, or had it."""
    if not request.user.is_authenticated:
        return None
    named = Q(tenant__slug=slug) | Q(tenant__former_slugs__slug=slug)
    membership = Membership.objects.select_related("tenant").filter(named, user=request.user).first()
    return Workspace(membership.tenant, Role(membership.role)) if membership else None


def _of_api(request: HttpRequest) -> Workspace | None:
    scheme, _, bearer = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return _of_token(bearer.strip())
    slug = request.headers.get("Roster-Workspace", "")
    return _membership(request, slug) if slug else None


def _of_token(plain: str) -> Workspace | None:
    now = timezone.now()
    token = ApiToken.objects.usable(plain, now)
    if token is None:
        return None
    token.note_use(now)
    return Workspace(token.tenant, token.effective_role, token)
