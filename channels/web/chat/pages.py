"""The views of a web chat. They work without JavaScript: a form that is posted, and the page loaded again."""

from typing import Any
from uuid import UUID, uuid4

from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
    StreamingHttpResponse,
)
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods

from channels.connections import routes
from channels.models import Connection, Route
from channels.providers import hosting
from channels.providers.base import Provider
from channels.providers.registry import providers
from channels.web.chat import news, posting, said, visitors
from channels.web.chat.posting import NotSentError
from channels.web.chat.visitors import Visitor
from tenants.scope import tenant_scope

LIVE = "X-Live-Chat"
"""The header of live-chat.js, which wants only what is new, or one sentence."""


@csrf_exempt  # posting.is_ours looks where a form comes from, and there is no session that it could misuse
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest, connection_id: UUID) -> HttpResponseBase:
    """`/chat/<id>/`: the conversation of whoever has the cookie, and a form to write in."""
    provider, route = _opened(connection_id)
    visitor = visitors.visitor_of(request, connection_id)
    if request.method != "POST":
        return _rendered("chat/page.html", route, visitor, text="", message_id=uuid4())
    if not posting.is_ours(request):
        words = _("This form was sent from another site. Open the page of the chat and write there.")
        return HttpResponse(render_to_string("chat/refused.html", {"detail": words}), status=403)
    try:
        posting.send(request, provider, route, visitor)
    except NotSentError as error:
        return _not_sent(request, route, visitor, error)
    return visitors.remembering(_sent(request, route, visitor), visitor, connection_id)


@require_GET
def talk(request: HttpRequest, connection_id: UUID) -> HttpResponse:
    """`/chat/<id>/talk/`: only what was said so far."""
    _provider, route = _opened(connection_id)
    return _rendered("chat/talk.html", route, visitors.visitor_of(request, connection_id))


@require_GET
def events(request: HttpRequest, connection_id: UUID) -> HttpResponseBase:
    """`/chat/<id>/events/`: news for an open page, sent from the event loop. 204 tells a browser not to ask again."""
    _provider, route = _opened(connection_id)
    visitor = visitors.visitor_of(request, connection_id)
    if not visitor.is_known:
        return HttpResponse(status=204)
    if news.is_full():
        return HttpResponse(status=503, headers={"Retry-After": "30"})
    topic = hosting.topic_of({hosting.CHAT: route.external_id, hosting.VISITOR: visitor.id})
    return StreamingHttpResponse(
        news.stream(topic), content_type="text/event-stream", headers={"X-Accel-Buffering": "no"}
    )


def _opened(connection_id: UUID) -> tuple[Provider, Route]:
    """The provider whose page this is, and whose chat. Raises Http404 for one that is turned off, or never was."""
    for provider in providers():
        route = routes.route_of(provider.name, str(connection_id)) if provider.capabilities.is_hosted else None
        if route:
            return provider, route
    raise Http404


def _sent(request: HttpRequest, route: Route, visitor: Visitor) -> HttpResponse:
    if request.headers.get(LIVE):
        return _rendered("chat/talk.html", route, visitor.as_known())
    return HttpResponseRedirect(f"{request.path}#message", status=303)


def _not_sent(request: HttpRequest, route: Route, visitor: Visitor, error: NotSentError) -> HttpResponse:
    if request.headers.get(LIVE):
        response = HttpResponse(str(error), content_type="text/plain; charset=utf-8")
    else:
        text, message_id = request.POST.get("text", ""), request.POST.get("id") or uuid4()
        response = _rendered("chat/page.html", route, visitor, text=text, message_id=message_id, error=error)
    response.status_code = error.status
    if error.wait:
        response.headers["Retry-After"] = str(error.wait)
    return response


def _rendered(template: str, route: Route, visitor: Visitor, **context: Any) -> HttpResponse:
    with tenant_scope(route.tenant_id):
        connection = Connection.objects.select_related("agent", "tenant").filter(id=route.connection_id).first()
        if connection is None:
            raise Http404
        context |= _context(connection, visitor)
    with timezone.override(connection.tenant.time_zone):
        return HttpResponse(render_to_string(template, context))


def _context(connection: Connection, visitor: Visitor) -> dict[str, Any]:
    agent = connection.answering_agent()
    return {
        "shop": connection.tenant,
        "connection": connection,
        "agent": agent,
        "name": agent.name if agent else _("AI employee"),
        "picture": agent.picture_path if agent else "",
        "visitor": visitor,
        "talk": said.talk_of(connection, visitor.id) if visitor.is_known else said.Talk(),
        "longest": hosting.LONGEST,
        "now": timezone.now(),
    }
