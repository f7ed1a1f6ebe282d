"""The portal's playground: members try the live employee of the workspace's web chat, as test messages."""

from typing import Any
from uuid import uuid4

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from channels.connections import routes
from channels.models import Connection, Route
from channels.providers import hosting
from channels.providers.base import Provider
from channels.providers.registry import providers
from channels.web.chat import news, pages, posting
from channels.web.chat.posting import NotSentError
from channels.web.chat.visitors import Visitor
from tenants.clients import client_ip, network_of
from tenants.http.access import opens_own_scope, requires, workspace_of
from tenants.models import User
from tenants.permissions import Permission
from tenants.scope import tenant_scope


@opens_own_scope
@requires(Permission.MANAGE_CHANNELS)
@require_http_methods(["GET", "POST"])
def playground(request: HttpRequest) -> HttpResponseBase:
    """Write to the employee, and read its answers."""
    provider, connection = _tried(request)
    if connection is None:
        return render(request, "channels/playground.html", {"provider": provider})
    if request.method != "POST":
        return _shown(request, connection)
    try:
        posting.send(request, provider, _route(connection), _tester(request, connection), tester=_name(request))
    except NotSentError as error:
        if request.headers.get(pages.LIVE):
            return HttpResponse(str(error), status=error.status, content_type="text/plain; charset=utf-8")
        return _shown(request, connection, error)
    return HttpResponse(status=204) if request.headers.get(pages.LIVE) else redirect(f"{request.path}#message")


@opens_own_scope
@requires(Permission.MANAGE_CHANNELS)
@require_GET
def talk(request: HttpRequest) -> HttpResponse:
    """Only what was said so far."""
    _provider, connection = _tried(request)
    if connection is None:
        raise Http404
    with tenant_scope(connection.tenant.id):
        context = pages.context_of(connection, _tester(request, connection))
    with timezone.override(connection.tenant.time_zone):
        return HttpResponse(render_to_string("chat/talk.html", context))


@opens_own_scope
@requires(Permission.MANAGE_CHANNELS)
@require_GET
def events(request: HttpRequest) -> HttpResponseBase:
    """News for an open playground."""
    _provider, connection = _tried(request)
    if connection is None or news.is_full(network_of(client_ip(request))):
        return HttpResponse(status=204)
    return pages.streamed(request, _route(connection), _tester(request, connection))


def _tried(request: HttpRequest) -> tuple[Provider, Connection | None]:
    """The oldest web chat that is on."""
    provider = next(each for each in providers() if each.capabilities.is_hosted)
    with tenant_scope(workspace_of(request).tenant.id):
        on = Connection.objects.filter(provider=provider.name, state=Connection.State.ACTIVE)
        return provider, on.select_related("agent", "tenant").order_by("connected_at").first()


def _route(connection: Connection) -> Route:
    found = routes.route_of(connection.provider, connection.external_id)
    if found is None:
        raise Http404
    return found


def _tester(request: HttpRequest, connection: Connection) -> Visitor:
    """A member has one conversation here, by an id that nobody else can have."""
    token = f"member:{request.user.pk}"  # no visitor's token has a colon
    return Visitor("", hosting.visitor_of(connection.external_id, token), is_known=True)


def _name(request: HttpRequest) -> str:
    return (request.user.name or request.user.email) if isinstance(request.user, User) else ""


def _shown(request: HttpRequest, connection: Connection, error: NotSentError | None = None) -> HttpResponse:
    context: dict[str, Any] = {
        "message_id": request.POST.get("id") or uuid4(),
        "text": request.POST.get("text", ""),
        "error": error,
        "here": request.path,
        "is_tried": True,
        "is_framed": True,
    }
    with tenant_scope(connection.tenant.id):
        context |= pages.context_of(connection, _tester(request, connection))
        with timezone.override(connection.tenant.time_zone):
            return render(request, "channels/playground.html", context, status=error.status if error else 200)
