"""`/t/<slug>/channels/<connection id>/`: the page of one connection."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from billing.templatetags.billing import listed
from channels.connections import activity, charges, handover
from channels.models import Connection
from channels.providers.base import Provider
from channels.providers.registry import installed
from channels.web import connecting, presence
from channels.web.onboarding import ConnectChannel
from tenants.encryption import Secret
from tenants.http.access import requires, workspace_of
from tenants.http.middleware import Workspace
from tenants.onboarding import wizard
from tenants.permissions import Permission


@requires(Permission.READ)
@require_GET
def page(request: HttpRequest, connection_id: UUID) -> HttpResponse:
    """Who is connected, since when and by whom, whether it works, and what to do with it."""
    workspace = workspace_of(request)
    connection = get_object_or_404(Connection.objects.select_related("agent"), id=connection_id)
    return render(request, "channels/connection/page.html", _shown(workspace, connection))


@requires(Permission.MANAGE_CHANNELS)
@require_GET
def connected(request: HttpRequest, connection_id: UUID) -> HttpResponse:
    """The proof: what the provider told about an account that was connected by a form."""
    workspace = workspace_of(request)
    connection = get_object_or_404(Connection, id=connection_id)
    its = installed(connection.provider)
    if its is None or its.form is None or connection.state != Connection.State.ACTIVE:
        return redirect("workspace:connection", workspace.tenant.slug, connection.id)
    request.wizard = [(each, each.is_done(workspace)) for each in wizard.steps()]  # type: ignore[attr-defined]
    facts, known = connection.facts or {}, connection.credentials
    with timezone.override(workspace.tenant.time_zone):
        proof = [
            (each, str(Secret(known[each.secret])) if known.get(each.secret) else "") for each in its.form.proof(facts)
        ]
    context = {
        "step": ConnectChannel,
        "connection": connection,
        "channel": its.label,
        "asks": its.form.asks,
        "proof": proof,
        "pasted": its.form.by_hand(facts, connection.own_secrets, connection.id),
    }
    part = "#proof" if request.headers.get("HX-Request") else ""
    return render(request, f"channels/connection/connected.html{part}", context)


@requires(Permission.MANAGE_CHANNELS)
@require_POST
def release(request: HttpRequest, connection_id: UUID) -> HttpResponse:
    """Let another workspace connect this account for a while."""
    words = _("%(name)s is released: another workspace can connect it now.")
    return _do(request, connection_id, handover.release, words)


@requires(Permission.MANAGE_CHANNELS)
@require_POST
def keep(request: HttpRequest, connection_id: UUID) -> HttpResponse:
    """Take a release back."""
    words = _("%(name)s stays here: no other workspace can connect it.")
    return _do(request, connection_id, handover.keep, words)


def _do(request: HttpRequest, connection_id: UUID, verb: Callable[[Connection], None], words: str) -> HttpResponse:
    connection = get_object_or_404(Connection, id=connection_id)
    verb(connection)
    messages.success(request, words % {"name": connection.name})
    return redirect("workspace:connection", workspace_of(request).tenant.slug, connection.id)


@dataclass(frozen=True)
class Again:
    """Connecting it again: where, and whether that page asks for values (else it is the provider's consent page)."""

    url: str
    is_form: bool


def _again(workspace: Workspace, provider: Provider, connection: Connection) -> Again | None:
    if not workspace.allows(Permission.MANAGE_CHANNELS):
        return None
    slug = workspace.tenant.slug
    if connecting.is_by_hand(provider, connection.external_id):
        return Again(reverse("workspace:setup", args=[slug, provider.name, connection.id]), is_form=True)
    is_one_click = provider.form is not None and not provider.form.fields
    if is_one_click or (provider.consent and provider.consent.is_configured()):
        return Again(reverse("workspace:install", args=[slug, provider.name]), is_form=False)
    return None


def _shown(workspace: Workspace, connection: Connection) -> dict[str, Any]:
    its = installed(connection.provider)
    answering = presence.who_answers(workspace, connection)
    seen = activity.of(connection, answering)
    is_lost = connection.state != Connection.State.ACTIVE
    return {
        "connection": connection,
        "is_connected": connection.state != Connection.State.DISCONNECTED,
        "account_url": its.account_url(connection.external_id) if its else "",
        "answers": answering,
        "activity": seen,
        "silenced_names": listed([each.name for each in seen.silenced]),
        "month": charges.month_of(connection, workspace.tenant.time_zone),
        "loss": presence.loss_of(workspace, connection) if its and is_lost else None,
        "again": _again(workspace, its, connection) if its else None,
        "release": handover.release_of(connection),
        "release_hours": settings.CHANNEL_RELEASE_HOURS,
    }
