"""A workspace's own data: the steps of export and deletion. The page about them is channels/web/data_views.py."""

from typing import cast
from uuid import UUID

from allauth.account.internal.flows.reauthentication import raise_if_reauthentication_required
from allauth.core.exceptions import ReauthenticationRequired
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from tenants.http.access import requires, workspace_of
from tenants.models import Export, User
from tenants.permissions import Permission
from tenants.privacy import deletion, export, grace
from tenants.tasks import announce_deletion, make_export, wake_on_commit
from tenants.web.forms import DeletionForm


@requires(Permission.EXPORT_DATA)
@require_POST
def start_export(request: HttpRequest) -> HttpResponse:
    """Ask for an export of everything."""
    tenant = workspace_of(request).tenant
    try:
        made = export.request(_user(request))
    except export.AlreadyRunningError as error:
        messages.warning(request, str(error))
    else:
        wake_on_commit(make_export, tenant.id, made.id)
    return redirect("workspace:data", tenant.slug)


@requires(Permission.EXPORT_DATA)
@require_GET
def export_progress(request: HttpRequest, export_id: UUID) -> HttpResponse:
    """An export's progress, for htmx; other requests are redirected to the whole page."""
    if not request.headers.get("HX-Request"):
        return redirect("workspace:data", workspace_of(request).tenant.slug)
    found = get_object_or_404(Export, id=export_id)
    return render(request, "tenants/export.html", {"export": found})


@requires(Permission.EXPORT_DATA)
@require_GET
def download_export(request: HttpRequest, export_id: UUID) -> HttpResponseBase:
    """The zip, in pieces."""
    found = get_object_or_404(Export, id=export_id, state=Export.State.DONE)
    response = StreamingHttpResponse(export.download(found), content_type="application/zip")
    name = f"{workspace_of(request).tenant.slug}-{found.created_at:%Y-%m-%d}.zip"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Content-Length"] = str(found.size)
    response["Cache-Control"] = "private, no-store"
    return response


@requires(Permission.OWN)
@require_http_methods(["GET", "POST"])
def delete_workspace(request: HttpRequest) -> HttpResponse:
    """What deletion means. To ask for it, an owner types the workspace's name and proves who they are."""
    tenant = workspace_of(request).tenant
    try:
        raise_if_reauthentication_required(request, app="tenants")
    except ReauthenticationRequired:
        if request.method == "POST":  # allauth would submit the form itself afterwards, outside of the workspace
            return redirect(request.path)
        raise
    form = DeletionForm(request.POST or None, expected=tenant.name)
    if request.method == "POST" and form.is_valid():
        deletion.request(tenant, _user(request))
        wake_on_commit(announce_deletion, tenant.id)
        return redirect("workspace:data", tenant.slug)
    context = {"form": form, "settings_page": "data", "grace_days": grace.period().days}
    return render(request, "tenants/delete_workspace.html", context, status=422 if form.errors else 200)


@requires(Permission.OWN)
@require_POST
def keep_workspace(request: HttpRequest) -> HttpResponse:
    """Cancel the deletion."""
    tenant = workspace_of(request).tenant
    try:
        deletion.keep(tenant)
    except deletion.NotNowError as error:
        messages.error(request, str(error))
    else:
        words = _("%(workspace)s will not be deleted. Its AI employees answer again.")
        messages.success(request, words % {"workspace": tenant.name})
    return redirect("workspace:data", tenant.slug)


def _user(request: HttpRequest) -> User:
    """Who is logged in: the portal is for nobody else."""
    return cast("User", request.user)
