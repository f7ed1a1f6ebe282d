"""The way in: the front page and a new workspace."""

from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from tenants import workspaces
from tenants.forms import WorkspaceForm
from tenants.models import User


@require_GET
def front(request: HttpRequest) -> HttpResponse:
    """`/`: for members their workspace, for everybody else what Roster is."""
    if not isinstance(request.user, User):
        return render(request, "front.html")
    tenant = request.user.tenants.order_by("memberships__created_at").first()
    return redirect("workspace:home", tenant.slug) if tenant else redirect("new_workspace")


@login_required
@require_http_methods(["GET", "POST"])
def new_workspace(request: HttpRequest) -> HttpResponse:
    """Make a workspace, then begin its wizard."""
    form = WorkspaceForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and isinstance(request.user, User):
        name, time_zone = form.cleaned_data["name"], form.cleaned_data["time_zone"]
        try:
            return redirect("workspace:onboarding", workspaces.create(name, request.user, time_zone=time_zone).slug)
        except (ValidationError, IntegrityError):
            form.add_error(None, "Somebody took this workspace's address a moment ago: press the button again.")
    return render(request, "tenants/new_workspace.html", {"form": form}, status=400 if form.errors else 200)
