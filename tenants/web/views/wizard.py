"""The wizard's pages."""

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.views.decorators.http import require_GET, require_http_methods

from tenants.http.access import opens_own_scope, requires, workspace_of
from tenants.onboarding import wizard
from tenants.permissions import Permission
from tenants.scope import tenant_scope


@requires(Permission.READ)
@require_GET
def onboarding_start(request: HttpRequest) -> HttpResponse:
    """Go to the first step that is not done, or home if all are done or the person may not set up anything."""
    workspace = workspace_of(request)
    tenant = workspace.tenant
    step = wizard.next_step(workspace) if workspace.allows(Permission.MANAGE_CHANNELS) else None
    if step is None:
        return redirect("workspace:home", tenant.slug)
    return redirect("workspace:onboarding_step", tenant.slug, step.slug)


@opens_own_scope
@requires(Permission.MANAGE_CHANNELS)
@require_http_methods(["GET", "POST"])
def onboarding_step(request: HttpRequest, step: str) -> HttpResponseBase:
    """One step of the wizard. Steps call providers, so they open their own scopes."""
    found = wizard.step_named(step)
    if found is None:
        raise Http404
    workspace = workspace_of(request)
    with tenant_scope(workspace.tenant.id):
        request.wizard = [(each, each.is_done(workspace)) for each in wizard.steps()]  # type: ignore[attr-defined]
    return found.view(request)
