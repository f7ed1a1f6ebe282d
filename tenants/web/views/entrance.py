"""The front page and a new workspace."""

from typing import cast

from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from tenants.audit.actions import MEMBER_LEFT, MEMBER_REMOVED
from tenants.http.access import LAST_USED
from tenants.models import AccountEvent, Membership, User
from tenants.paging.pages import page_of
from tenants.team import allowance
from tenants.team.allowance import AllowanceError
from tenants.web.context import own_workspaces
from tenants.web.forms import WorkspaceForm


@require_GET
def front(request: HttpRequest) -> HttpResponse:
    """`/`: the workspace that a member used last, or their first; for everybody else a page about Roster."""
    if not isinstance(request.user, User):
        return render(request, "front.html")
    own = Membership.objects.filter(user=request.user).select_related("tenant").order_by("created_at")
    found = own.filter(tenant=request.session.get(LAST_USED) or None).first() or own.first()
    return redirect("workspace:home", found.tenant.slug) if found else redirect("new_workspace")


@login_required
@require_GET
def workspaces(request: HttpRequest) -> HttpResponse:
    """All workspaces, for somebody who is in more than the menu shows."""
    page = page_of(request, own_workspaces(cast("User", request.user)))
    return render(request, "tenants/workspaces.html", {"page": page})


@login_required
@require_http_methods(["GET", "POST"])
def new_workspace(request: HttpRequest) -> HttpResponse:
    """Create a workspace, then start its wizard."""
    user = cast("User", request.user)
    form = WorkspaceForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        name, time_zone = form.cleaned_data["name"], form.cleaned_data["time_zone"]
        try:
            return redirect("workspace:onboarding", allowance.create(name, user, time_zone=time_zone).slug)
        except AllowanceError as error:
            form.add_error(None, str(error))
        except (ValidationError, IntegrityError):
            form.add_error(None, _("Somebody just took this workspace's address. Press the button again."))
    context = {"form": form, "has_others": _has_workspace(user), "was_removed": _was_removed(user)}
    return render(request, "tenants/new_workspace.html", context, status=400 if form.errors else 200)


def _has_workspace(user: User) -> bool:
    return Membership.objects.filter(user=user).exists()


def _was_removed(user: User) -> bool:
    """Did they belong to a workspace, and now to none?"""
    ended = AccountEvent.objects.filter(account_id=user.id, action__in=[MEMBER_REMOVED.name, MEMBER_LEFT.name])
    return not _has_workspace(user) and ended.exists()
