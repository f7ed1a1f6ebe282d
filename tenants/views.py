"""The portal's frame: the way in, a new workspace, home and the wizard."""

from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from tenants import onboarding, workspaces
from tenants.access import opens_own_scope, requires, workspace_of
from tenants.forms import WorkspaceForm
from tenants.models import Role, User
from tenants.scope import tenant_scope


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


@require_GET
def onboarding_start(request: HttpRequest) -> HttpResponse:
    """Go to the first step that is not done; with all done, home."""
    tenant = workspace_of(request).tenant
    step = onboarding.next_step(tenant)
    if step is None:
        return redirect("workspace:home", tenant.slug)
    return redirect("workspace:onboarding_step", tenant.slug, step.slug)


@opens_own_scope
@requires(Role.OPERATOR)
@require_http_methods(["GET", "POST"])
def onboarding_step(request: HttpRequest, step: str) -> HttpResponseBase:
    """One step of the wizard. Steps call providers, so they open their own scopes."""
    found = onboarding.step_named(step)
    if found is None:
        raise Http404("The wizard has no such step.")
    tenant = workspace_of(request).tenant
    with tenant_scope(tenant.id):
        request.wizard = [(each, each.is_done(tenant)) for each in onboarding.steps()]  # type: ignore[attr-defined]
    return found.view(request)
