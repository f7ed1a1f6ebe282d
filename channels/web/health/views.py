"""The page of all channels, and its buttons: check now, register our address again."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from channels import reasons
from channels.health import checkup
from channels.models import Connection
from channels.providers.base import DeliveryError
from channels.web import connecting
from channels.web.health import cards
from tenants.http.access import opens_own_scope, requires, workspace_of
from tenants.paging.pages import page_of
from tenants.permissions import Permission
from tenants.scope import tenant_scope


@requires(Permission.READ)
@require_GET
def channel_list(request: HttpRequest) -> HttpResponse:
    """The workspace's connections: broken ones first and open, healthy ones folded."""
    workspace = workspace_of(request)
    page = page_of(request, Connection.objects.select_related("agent").order_by("connected_at", "id"))
    found = cards.cards_of(workspace, page)
    context = {
        "page": page,
        "open_cards": [each for each in found if each.is_open],
        "calm_cards": [each for each in found if not each.is_open],
        "offers": connecting.offers(),
        "own_apps": connecting.own_apps(),
        "channel": connecting.spoken_of().label,
        "problem": request.session.pop(connecting.PROBLEM, ""),
    }
    return render(request, "channels/channel_list.html", context)


@opens_own_scope
@requires(Permission.MANAGE_CHANNELS)
@require_POST
def check(request: HttpRequest, connection_id: UUID) -> HttpResponse:
    """Check a connection now."""
    tenant = workspace_of(request).tenant
    connection = _known(request, connection_id)
    checkup.check(tenant.id, connection_id)
    return _shown(request, connection, _("%(name)s is checked.") % {"name": connection.name})


@opens_own_scope
@requires(Permission.MANAGE_CHANNELS)
@require_POST
def mend(request: HttpRequest, connection_id: UUID) -> HttpResponse:
    """Register our address at the provider again, then check."""
    connection = _known(request, connection_id)
    try:
        checkup.mend(workspace_of(request).tenant.id, connection_id)
    except DeliveryError as error:
        messages.error(request, reasons.right_now(error, connection.provider))
        return redirect("workspace:channels", workspace_of(request).tenant.slug)
    return _shown(request, connection, _("The address of %(name)s is registered again.") % {"name": connection.name})


def _known(request: HttpRequest, connection_id: UUID) -> Connection:
    with tenant_scope(workspace_of(request).tenant.id):
        found = Connection.objects.filter(id=connection_id).first()
    if found is None:
        raise Http404(_("No such channel."))
    return found


def _shown(request: HttpRequest, connection: Connection, done: str) -> HttpResponse:
    """The whole page again, from which htmx takes the cards."""
    messages.success(request, done)
    return redirect("workspace:channels", workspace_of(request).tenant.slug)
