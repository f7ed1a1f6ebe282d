"""The portal's page of a workspace's settings."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from tenants import profile
from tenants.access import requires, workspace_of
from tenants.forms import SettingsForm
from tenants.models import Tenant
from tenants.permissions import Permission


@requires(Permission.MANAGE_SETTINGS)
@require_http_methods(["GET", "POST"])
def settings(request: HttpRequest) -> HttpResponse:
    """Name, address, time zone, language and contact."""
    tenant = Tenant.objects.get(id=workspace_of(request).tenant.id)  # the form changes this one, not the page's
    form = SettingsForm(request.POST or None, instance=tenant)
    if request.method == "POST" and form.is_valid():
        try:
            kept = profile.change(tenant)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, "The settings are saved.")
            return redirect("workspace:settings", kept.slug)
    context = {"form": form, "settings_page": "general"}
    return render(request, "tenants/settings.html", context, status=422 if form.errors else 200)
