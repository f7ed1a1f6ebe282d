"""The views of a web chat. They work without JavaScript: a form that is posted, and the page loaded again.

Each has two addresses: the chat's own page, and the frame in which other sites show it, which has a cookie of its own.
"""

from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

from csp.constants import HEADER as CONTENT_POLICY
from csp.constants import SELF
from csp.utils import build_policy
from django.conf import settings
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
from tenants.clients import client_ip, network_of
from tenants.scope import tenant_scope

LIVE = "X-Live-Chat"
"""The header of live-chat.js, which wants only what is new, or one sentence."""


@csrf_exempt  # posting.is_ours looks where a form comes from, and there is no session that it could misuse
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest, connection_id: UUID, *, is_framed: bool = False) -> HttpResponseBase:
    """`/chat/<id>/`, and `/chat/<id>/frame/`: the conversation of whoever has the cookie, and a form to write in."""
    provider, route = opened(connection_id)
    visitor = visitors.visitor_of(request, connection_id)
    if request.method != "POST":
        text = {"text": "", "message_id": uuid4()}
        return _rendered("chat/page.html", request, route, visitor, is_framed=is_framed, **text)
    if not posting.is_ours(request):
        return refused(_("This form was sent from another site. Open the page of the chat and write there."))
    try:
        posting.send(request, provider, route, visitor)
    except NotSentError as error:
        return _not_sent(request, route, visitor, error, is_framed=is_framed)
    is_live = bool(request.headers.get(LIVE))
    response = HttpResponse(status=204) if is_live else HttpResponseRedirect(f"{request.path}#message", status=303)
    return visitors.remembering(response, visitor, request.path, is_framed=is_framed)


@require_GET
def talk(request: HttpRequest, connection_id: UUID) -> HttpResponse:
    """`/chat/<id>/talk/`: only what was said so far."""
    _provider, route = opened(connection_id)
    visitor = visitors.visitor_of(request, connection_id)
    return _rendered("chat/talk.html", request, route, visitor, is_framed=False)


@require_GET
def events(request: HttpRequest, connection_id: UUID) -> HttpResponseBase:
    """`/chat/<id>/events/`: news for an open page, sent from the event loop. 204 tells a browser not to ask again."""
    _provider, route = opened(connection_id)
    visitor = visitors.visitor_of(request, connection_id)
    if not visitor.is_known:
        return HttpResponse(status=204)
    if news.is_full(network_of(client_ip(request))):
        return HttpResponse(status=503, headers={"Retry-After": "30"})
    return streamed(request, route, visitor)


def streamed(request: HttpRequest, route: Route, visitor: Visitor) -> StreamingHttpResponse:
    """News for this visitor's open page."""
    network = network_of(client_ip(request))
    topic = hosting.topic_of({hosting.CHAT: route.external_id, hosting.VISITOR: visitor.id})
    return StreamingHttpResponse(
        news.stream(topic, network), content_type="text/event-stream", headers={"X-Accel-Buffering": "no"}
    )


def opened(connection_id: UUID) -> tuple[Provider, Route]:
    """The provider whose page this is, and whose chat. Raises Http404 for one that is turned off, or never was."""
    for provider in providers():
        route = routes.route_of(provider.name, str(connection_id)) if provider.capabilities.is_hosted else None
        if route:
            return provider, route
    raise Http404


def refused(words: str) -> HttpResponse:
    """403 with a page that says why."""
    return HttpResponse(render_to_string("chat/refused.html", {"detail": words}), status=403)


def comes_from(request: HttpRequest) -> str:
    """The origin of the page that asks for this one, if the browser tells it; "null", as of no page, for nonsense."""
    try:
        referrer = urlsplit(request.headers.get("Referer", ""))
    except ValueError:
        return "null"
    return f"{referrer.scheme}://{referrer.netloc}" if referrer.netloc else ""


def _not_sent(
    request: HttpRequest, route: Route, visitor: Visitor, error: NotSentError, *, is_framed: bool
) -> HttpResponse:
    if request.headers.get(LIVE):
        response = HttpResponse(str(error), content_type="text/plain; charset=utf-8")
    else:
        kept = {"text": request.POST.get("text", ""), "message_id": request.POST.get("id") or uuid4(), "error": error}
        response = _rendered("chat/page.html", request, route, visitor, is_framed=is_framed, **kept)
    response.status_code = error.status
    if error.wait:
        response.headers["Retry-After"] = str(error.wait)
    return response


def _rendered(
    template: str, request: HttpRequest, route: Route, visitor: Visitor, *, is_framed: bool, **context: Any
) -> HttpResponse:
    with tenant_scope(route.tenant_id):
        connection = Connection.objects.select_related("agent", "tenant").filter(id=route.connection_id).first()
        if connection is None:
            raise Http404
        context |= context_of(connection, visitor)
    if is_framed and comes_from(request) not in {"", settings.PUBLIC_URL, *connection.origins}:
        return refused(_("This site may not show this chat. Its owner allows sites under Channels in Roster."))
    context |= {"here": request.path, "is_framed": is_framed}
    with timezone.override(connection.tenant.time_zone):
        response = HttpResponse(render_to_string(template, context))
    return _framed(response, connection) if is_framed else response


def _framed(response: HttpResponse, connection: Connection) -> HttpResponse:
    """Only the sites that the operator named may show it. Older browsers' header knows no list, so it is left out."""
    policy = {"frame-ancestors": [SELF, *connection.origins]}
    response.headers[CONTENT_POLICY] = build_policy(replace=policy)
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    response.xframe_options_exempt = True
    return response


def context_of(connection: Connection, visitor: Visitor) -> dict[str, Any]:
    """What the page shows, inside the tenant's scope."""
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
