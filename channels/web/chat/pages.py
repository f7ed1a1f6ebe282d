"""The views of a web chat. They work without JavaScript: a form that is posted, and the page loaded again."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid4

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from channels.connections import routes
from channels.models import Connection, Route
from channels.providers import hosting
from channels.providers.base import Provider
from channels.providers.registry import providers
from channels.web.chat import posting, talk, visitors
from channels.web.chat.posting import NotSentError
from channels.web.chat.visitors import Visitor
from tenants.scope import tenant_scope


@csrf_exempt  # posting.is_ours looks where a form comes from, and there is no session that it could misuse
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest, connection_id: UUID) -> HttpResponseBase:
    """`/chat/<id>/`: the conversation of whoever has the cookie, and a form to write in."""
    provider, route = _opened(connection_id)
    visitor = visitors.visitor_of(request, connection_id)
    if request.method != "POST":
        return _show(route, visitor)
    if not posting.is_ours(request):
        return _refused()
    try:
        posting.send(request, provider, route, visitor)
    except NotSentError as error:
        return _show(route, visitor, error, request.POST)
    response = HttpResponseRedirect(f"{request.path}#message", status=303)
    visitors.remember(response, visitor, connection_id)
    return response


def _opened(connection_id: UUID) -> tuple[Provider, Route]:
    """The provider whose page this is, and whose chat. Raises Http404 for one that is turned off, or never was."""
    for provider in providers():
        route = routes.route_of(provider.name, str(connection_id)) if provider.capabilities.is_hosted else None
        if route:
            return provider, route
    raise Http404(_("This chat is closed. Ask whoever gave you its address for another way to reach them."))


def _show(
    route: Route, visitor: Visitor, error: NotSentError | None = None, posted: Mapping[str, str] | None = None
) -> HttpResponse:
    with tenant_scope(route.tenant_id):
        connection = Connection.objects.select_related("agent", "tenant").filter(id=route.connection_id).first()
        if connection is None:
            raise Http404(_("This chat is closed. Ask whoever gave you its address for another way to reach them."))
        context = _context(connection, visitor)
    context |= {
        "error": error,
        "text": (posted or {}).get("text", ""),
        "message_id": (posted or {}).get("id") or uuid4(),
    }
    with timezone.override(connection.tenant.time_zone):
        response = HttpResponse(render_to_string("chat/page.html", context), status=error.status if error else 200)
    if error and error.wait:
        response.headers["Retry-After"] = str(error.wait)
    return response


def _context(connection: Connection, visitor: Visitor) -> dict[str, Any]:
    agent = connection.answering_agent()
    return {
        "shop": connection.tenant,
        "connection": connection,
        "agent": agent,
        "name": agent.name if agent else _("AI employee"),
        "visitor": visitor,
        "talk": talk.of(connection, visitor.id) if visitor.is_known else talk.Talk(),
        "longest": hosting.LONGEST,
        "now": timezone.now(),
    }


def _refused() -> HttpResponse:
    words = _("This form was sent from another site. Open the page of the chat and write there.")
    return HttpResponse(render_to_string("chat/refused.html", {"detail": words}), status=403)
