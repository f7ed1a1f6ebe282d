"""What a visitor writes, from the page's form into the inbox: one statement, and the same message once."""

from uuid import UUID, uuid4

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from channels.messages.incoming import receive
from channels.models import Route
from channels.providers import hosting
from channels.providers.base import Provider
from channels.tasks import dispatch
from channels.web.chat.visitors import Visitor
from tenants.clients import client_ip, network_of
from tenants.http import throttling
from tenants.http.throttling import Policy
from tenants.tasks import ring


class NotSentError(Exception):
    """A message that was not taken. Its text says why and what to do. status: of the response; wait: in seconds."""

    def __init__(self, text: str, status: int, wait: int = 0) -> None:
        super().__init__(text)
        self.status, self.wait = status, wait


def is_ours(request: HttpRequest) -> bool:
    """Does a form come from this site? A browser says where from; whatever else writes here says nothing."""
    origin = request.headers.get("Origin")
    if origin is not None:
        return origin == settings.PUBLIC_URL
    return request.headers.get("Sec-Fetch-Site", "same-origin") in {"same-origin", "none"}


def send(request: HttpRequest, provider: Provider, route: Route, visitor: Visitor, *, tester: str = "") -> None:
    """Put what was written into the inbox. Open no transaction around this. Raises NotSentError.

    tester: the name of a member of the workspace who tries the employee.
    """
    text = hosting.clean(request.POST.get("text", ""))
    if not text:
        raise NotSentError(_("Write a message first."), 400)
    if len(text) > hosting.LONGEST:
        words = _("This message has %(length)s characters. Send at most %(most)s at once.")
        raise NotSentError(words % {"length": f"{len(text):,}", "most": f"{hosting.LONGEST:,}"}, 400)
    _limit(request, route, visitor)
    event = hosting.said(provider.name, route.external_id, visitor.id, message_id(request), text, tester=tester)
    arrival = receive.store(event, [route.external_id], quiet_seconds=provider.quiet_seconds)
    if arrival is None:
        raise NotSentError(_("This chat has been closed."), 404)
    if arrival.is_new:
        ring(dispatch, delay=provider.quiet_seconds)


def message_id(request: HttpRequest) -> str:
    """The id that the page made for this message; a new one where it is no id."""
    try:
        return str(UUID(request.POST.get("id", "")))
    except ValueError:
        return str(uuid4())


def _limit(request: HttpRequest, route: Route, visitor: Visitor) -> None:
    """So many messages from one address, and of one visitor. While Redis is down nobody is limited here."""
    address = network_of(client_ip(request))
    callers = (
        (f"chat:{route.connection_id}:{address}", Policy("address", settings.CHAT_ADDRESS_MESSAGES_PER_MINUTE)),
        (f"chat:{visitor.id}", Policy("messages", settings.CHAT_MESSAGES_PER_MINUTE)),
    )
    for caller, policy in callers:
        levels = throttling.take(caller, [policy])
        wait = max((level.wait for level in levels), default=0)
        if wait:
            words = ngettext(
                "You have sent many messages in a short time. Send this one again in %(count)d second.",
                "You have sent many messages in a short time. Send this one again in %(count)d seconds.",
                wait,
            )
            raise NotSentError(words % {"count": wait}, 429, wait)
