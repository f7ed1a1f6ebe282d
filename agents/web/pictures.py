"""Employees' pictures: served to anybody who has the address, and changed by operators."""

from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from agents.models import Agent
from agents.pictures import drawing, portraits
from agents.pictures.drawing import NotAPictureError
from tenants.http.access import opens_own_scope, requires, workspace_of
from tenants.permissions import Permission
from tenants.scope import tenant_scope

FOR_EVER = "public, max-age=31536000, immutable"


@require_safe
def picture(request: HttpRequest, tenant_id: UUID, key: str) -> HttpResponse:
    """An uploaded picture, as we encoded it. Its address never shows another one."""
    png = portraits.png_at(tenant_id, key)
    if png is None:
        raise Http404
    return _served(png)


@require_safe
def initials(request: HttpRequest, letters: str) -> HttpResponse:
    """Initials that we draw: they depend on nothing but the address."""
    if letters != "-" and drawing.letters_of(letters) != letters:
        raise Http404
    return _served(drawing.initials(letters.strip("-")))


@opens_own_scope
@requires(Permission.MANAGE_EMPLOYEES)
@require_POST
def change_picture(request: HttpRequest, agent_id: UUID) -> HttpResponse:
    """Upload one, or go back to initials. No transaction is open while a picture is decoded."""
    tenant = workspace_of(request).tenant
    with tenant_scope(tenant.id):
        agent = get_object_or_404(Agent.objects.employed(), id=agent_id)
    uploaded = request.FILES.get("picture")
    if "remove" in request.POST:
        with tenant_scope(tenant.id):
            portraits.remove(agent)
        messages.success(request, _("%(name)s has initials again.") % {"name": agent.name})
    else:
        _take(request, agent, uploaded if isinstance(uploaded, UploadedFile) else None)
    return redirect("workspace:employee", tenant.slug, agent.id)


def _take(request: HttpRequest, agent: Agent, uploaded: "UploadedFile[Any] | None") -> None:
    try:
        png = drawing.reencoded(uploaded.read(drawing.MOST_BYTES + 1) if uploaded else b"")
        with tenant_scope(workspace_of(request).tenant.id):
            portraits.put(agent, png)
    except NotAPictureError:
        wrong = _("That is no picture that Roster can use. Choose a PNG, JPEG or WebP file of at most 2 MB.")
        messages.error(request, wrong)
    else:
        done = _("%(name)s has a new picture. It shows from the next answer on.")
        messages.success(request, done % {"name": agent.name})


def _served(png: bytes) -> HttpResponse:
    headers = {
        "Cache-Control": FOR_EVER,
        "Content-Disposition": 'inline; filename="picture.png"',
        "Cross-Origin-Resource-Policy": "cross-origin",  # providers' pages show it
        "X-Content-Type-Options": "nosniff",
    }
    return HttpResponse(png, content_type="image/png", status=HTTPStatus.OK, headers=headers)
