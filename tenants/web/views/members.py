"""The portal's pages about who belongs to a workspace."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

from allauth.mfa.models import Authenticator
from django.contrib import messages
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from tenants.http.access import requires, workspace_of
from tenants.http.middleware import Workspace
from tenants.models import ApiToken, Invitation, Membership, Role, Tenant, User
from tenants.paging.pages import page_of
from tenants.permissions import Permission, allows
from tenants.team import invitations, members
from tenants.team.members import TeamError
from tenants.web.forms import HandOverForm, RoleForm


@dataclass(frozen=True)
class Row:
    """A member as the page shows it to whoever looks."""

    membership: Membership
    is_you: bool
    is_last_owner: bool
    may_change: bool
    tokens: int
    invitations: int
    form: RoleForm | None


@dataclass(frozen=True)
class Crowd:
    """How many active members own the workspace, and how many could."""

    owners: int
    heirs: int


@dataclass(frozen=True)
class Waiting:
    """An open or expired invitation as the page shows it."""

    invitation: Invitation
    is_open: bool
    is_undelivered: bool
    may_change: bool


def user_of(request: HttpRequest) -> User:
    """Who is logged in: workspace views are for nobody else."""
    return cast("User", request.user)


@requires(Permission.READ)
@require_GET
def member_list(request: HttpRequest) -> HttpResponse:
    """Who belongs here with which role, who is invited, and what each role may do."""
    workspace, you = workspace_of(request), user_of(request)
    page, crowd = page_of(request, _memberships(workspace.tenant)), _crowd(workspace.tenant)
    rows = _rows(workspace, list(page.object_list), you, crowd)
    own = [row for row in rows if row.is_you]
    if not own:
        own = _rows(workspace, list(_memberships(workspace.tenant).filter(user=you)), you, crowd)
    context: dict[str, Any] = {
        "settings_page": "members",
        "page": page,
        "rows": rows,
        "own": own[0] if own else None,
        **(_waiting(request, workspace) if workspace.allows(Permission.MANAGE_MEMBERS) else {}),
        **(_handing_over(workspace, crowd) if workspace.allows(Permission.OWN) else {}),
        "roles": list(Role),
        "table": [(each, [allows(role, each) for role in Role]) for each in Permission],
    }
    return render(request, "tenants/members.html", context)


@requires(Permission.MANAGE_MEMBERS)
@require_POST
def change_role(request: HttpRequest, membership_id: UUID) -> HttpResponse:
    """Give a member another role."""
    workspace = workspace_of(request)
    form = RoleForm(request.POST, own=workspace.role)
    if not form.is_valid():
        return _back(request, error=_("Nothing was changed. Choose a role that is not above your own."))
    try:
        changed = members.change_role(workspace.tenant, membership_id, form.chosen, by=user_of(request))
    except Membership.DoesNotExist as error:
        raise Http404 from error
    except TeamError as error:
        return _back(request, error=str(error))
    words = _("%(member)s is now %(role)s.")
    return _back(request, words % {"member": changed, "role": members.article(form.chosen)})


@requires(Permission.MANAGE_MEMBERS)
@require_POST
def remove(request: HttpRequest, membership_id: UUID) -> HttpResponse:
    """End somebody's membership."""
    try:
        gone = members.remove(workspace_of(request).tenant, membership_id, by=user_of(request))
    except Membership.DoesNotExist as error:
        raise Http404 from error
    except TeamError as error:
        return _back(request, error=str(error))
    if gone.user_id == user_of(request).id:
        return _gone(request)
    return _back(request, _("%(member)s was removed.") % {"member": gone})


@requires(Permission.READ)
@require_POST
def leave(request: HttpRequest) -> HttpResponse:
    """End one's own membership."""
    try:
        members.leave(workspace_of(request).tenant, user_of(request))
    except TeamError as error:
        return _back(request, error=str(error))
    return _gone(request)


@requires(Permission.OWN)
@require_POST
def hand_over(request: HttpRequest) -> HttpResponse:
    """Make another member the owner in one's place."""
    tenant = workspace_of(request).tenant
    form = HandOverForm(request.POST, heirs=_heirs(tenant))
    if not form.is_valid():
        return _back(request, error=_("Nothing was changed. Choose a member who is not an owner yet."))
    try:
        heir = members.hand_over(tenant, UUID(form.cleaned_data["heir"]), by=user_of(request))
    except (Membership.DoesNotExist, TeamError) as error:
        return _back(request, error=str(error))
    return _back(request, _("%(member)s is now the owner, and you are an admin.") % {"member": heir})


def _heirs(tenant: Tenant) -> QuerySet[Membership]:
    """Who could become the owner."""
    return _memberships(tenant).filter(user__is_active=True).exclude(role=Role.OWNER)


def _crowd(tenant: Tenant) -> Crowd:
    is_owner = Q(role=Role.OWNER)
    active = Membership.objects.filter(tenant=tenant, user__is_active=True)
    return Crowd(**active.aggregate(owners=Count("id", filter=is_owner), heirs=Count("id", filter=~is_owner)))


def _handing_over(workspace: Workspace, crowd: Crowd) -> dict[str, Any]:
    """The form, and how many more people could become the owner than it lists."""
    return {
        "hand_over_form": HandOverForm(heirs=_heirs(workspace.tenant)) if crowd.heirs else None,
        "heirs_left": max(0, crowd.heirs - HandOverForm.SHOWN),
    }


def _memberships(tenant: Tenant) -> QuerySet[Membership]:
    """By role from most to least, then by time.

    Each with whether they use a second step, and how many tokens they made and invitations they sent.
    """
    steps = Authenticator.objects.filter(user=OuterRef("user")).exclude(type=Authenticator.Type.RECOVERY_CODES)
    found = Membership.objects.filter(tenant=tenant).select_related("user").annotate(
        has_second_step=Exists(steps),
        tokens_made=_count(ApiToken.objects.filter(tenant=tenant), "created_by"),
        invitations_sent=_count(Invitation.objects.filter(tenant=tenant), "invited_by"),
    )  # fmt: skip
    return found.order_by(members.by_rank(), "created_at")


def _count(rows: QuerySet[Any], person: str) -> Coalesce:
    """How many of these rows are each member's."""
    theirs = rows.order_by().filter(**{person: OuterRef("user")}).values(person).annotate(number=Count("id"))
    return Coalesce(Subquery(theirs.values("number")), 0)


def _rows(workspace: Workspace, found: Sequence[Any], you: User, crowd: Crowd) -> list[Row]:
    manages = workspace.allows(Permission.MANAGE_MEMBERS)
    return [
        Row(
            membership=each,
            is_you=each.user_id == you.id,
            is_last_owner=each.role == Role.OWNER and crowd.owners == int(each.user.is_active),
            may_change=manages and workspace.role.covers(Role(each.role)),
            tokens=each.tokens_made if manages else 0,
            invitations=each.invitations_sent if manages else 0,
            form=RoleForm(initial={"role": each.role}, own=workspace.role, auto_id=f"role-{each.id}")
            if manages
            else None,
        )
        for each in found
    ]


def _waiting(request: HttpRequest, workspace: Workspace) -> dict[str, Any]:
    """A page of the invitations, newest first."""
    page = page_of(request, workspace.tenant.invitations.select_related("invited_by").order_by("-id"), "invited")
    found = list(page.object_list)
    failed, now = invitations.undelivered(workspace.tenant, found), timezone.now()
    waiting = [
        Waiting(each, each.expires_at > now, each.id in failed, workspace.role.covers(Role(each.role)))
        for each in found
    ]
    return {"waiting": waiting, "waiting_page": page}


def _back(request: HttpRequest, done: str = "", *, error: str = "") -> HttpResponse:
    if error:
        messages.error(request, error)
    else:
        messages.success(request, done)
    return redirect("workspace:members", workspace_of(request).tenant.slug)


def _gone(request: HttpRequest) -> HttpResponse:
    messages.success(request, _("You left %(workspace)s.") % {"workspace": workspace_of(request).tenant.name})
    return redirect("home")
