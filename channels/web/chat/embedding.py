"""A web chat on other people's sites: one script tag, which adds a button and a frame, and who may use it."""

import json
from uuid import UUID

from csp.constants import HEADER as CONTENT_POLICY
from csp.constants import SELF
from csp.utils import build_policy
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from channels.connections import connect
from channels.models import Connection
from channels.providers.registry import provider_named
from channels.web.chat import pages
from channels.web.chat.forms import OriginsForm
from tenants.http.access import requires, workspace_of
from tenants.permissions import Permission
from tenants.scope import tenant_scope

SCRIPT_SECONDS = 300


@require_GET
def script(request: HttpRequest, connection_id: UUID) -> HttpResponse:
    """`/chat/<id>/embed.js`, for the sites that may show the chat."""
    _provider, route = pages.opened(connection_id)
    with tenant_scope(route.tenant_id):
        connection = get_object_or_404(Connection.objects.select_related("agent"), id=route.connection_id)
        agent = connection.answering_agent()
    if pages.comes_from(request) not in {"", settings.PUBLIC_URL, *connection.origins}:
        return pages.refused(_("This site may not show this chat. Its owner allows sites under Channels in Roster."))
    name = agent.name if agent else _("AI employee")
    config = {
        "id": f"roster-chat-{connection_id}",
        "src": f"{settings.PUBLIC_URL}{reverse('chat_frame', args=[connection_id])}",
        "open": _("Chat with %(name)s") % {"name": name},
        "close": _("Close the chat"),
    }
    response = HttpResponse(
        render_to_string("chat/embed.js", {"config": json.dumps(config)}), content_type="text/javascript; charset=utf-8"
    )
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    response.headers["Cache-Control"] = f"private, max-age={SCRIPT_SECONDS}"
    response.headers["Vary"] = "Referer"
    return response


@requires(Permission.MANAGE_CHANNELS)
@require_http_methods(["GET", "POST"])
def embed(request: HttpRequest, connection_id: UUID) -> HttpResponse:
    """The portal's page about it: the tag to copy, the sites that may show the chat, and how it looks."""
    connection = get_object_or_404(Connection, id=connection_id)
    if not provider_named(connection.provider).capabilities.is_hosted:
        raise Http404
    posted = request.POST if request.method == "POST" else None
    form = OriginsForm(posted, initial={"origins": connection.allowed_origins})
    if request.method == "POST" and form.is_valid():
        connect.allow_origins(connection, form.cleaned_data["origins"])
        messages.success(request, _("Saved. These sites can show the chat now."))
        return redirect("workspace:embed", workspace_of(request).tenant.slug, connection.id)
    address = f"{settings.PUBLIC_URL}{reverse('chat_embed', args=[connection.id])}"
    tag = f'<script src="{address}" async></script>'
    context = {"connection": connection, "form": form, "tag": tag, "frame": reverse("chat_frame", args=[connection.id])}
    response = render(request, "channels/embed.html", context)
    response.headers[CONTENT_POLICY] = build_policy(replace={"frame-src": [SELF]})
    return response
