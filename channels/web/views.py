"""The portal's pages about channels and conversations."""

from collections.abc import Iterable
from uuid import UUID

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from agents import actions
from agents.models import Conversation
from agents.web import presence as agents_presence
from billing import quota
from channels.connections import connect, health
from channels.messages.limits import loops
from channels.models import Connection
from channels.outreach import window
from channels.providers.registry import installed, provider_named
from channels.reasons import Cause
from channels.web import connecting, fates, onboarding, presence, reading
from channels.web.fates import Fate
from tenants.audit import journal
from tenants.http.access import requires, workspace_of
from tenants.onboarding.wizard import next_step
from tenants.paging import keyset
from tenants.paging.keyset import Asked
from tenants.permissions import Permission
from usage.ledger import records
from usage.reports import summary

CONVERSATIONS = 25
SHOWN_AT_HOME = 5


@requires(Permission.MANAGE_CHANNELS)
@require_POST
def disconnect(request: HttpRequest, connection_id: UUID) -> HttpResponse:
    """Disconnect a channel; its conversations stay readable."""
    connection = get_object_or_404(Connection, id=connection_id)
    health.disconnect(connection, health.IN_THE_PORTAL(), Cause.DISCONNECTED)
    messages.success(request, _("%(name)s is disconnected.") % {"name": connection.name})
    return redirect("workspace:connection", workspace_of(request).tenant.slug, connection.id)


@requires(Permission.MANAGE_CHANNELS)
@require_POST
def listen(request: HttpRequest, connection_id: UUID) -> HttpResponse:
    """Set whether answers in a channel's threads need a mention each time."""
    connection = get_object_or_404(Connection, id=connection_id)
    changed = connect.listen(connection, only_when_mentioned=request.POST.get("only_when_mentioned") == "1")
    if changed.only_when_mentioned:
        words = _("In channels of %(name)s, people get an answer only when they mention it.")
    else:
        words = _("In channels of %(name)s, people in a thread get an answer without mentioning it again.")
    messages.success(request, words % {"name": changed.name})
    return redirect("workspace:connection", workspace_of(request).tenant.slug, changed.id)


@requires(Permission.READ)
@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """What needs the operator, and what happened last."""
    workspace = workspace_of(request)
    today = records.local_day(timezone.now(), workspace.tenant.time_zone)
    team, losses = agents_presence.look(workspace), presence.losses(workspace)
    step = next_step(workspace)
    known = workspace.once(presence.connections_of)
    connections = known[:SHOWN_AT_HOME]
    provider = provider_named(connections[0].provider) if connections else connecting.spoken_of()
    context = {
        "next_step": None if losses and step and step.slug == onboarding.ConnectChannel.slug else step,
        "losses": losses,
        "team": team,
        "silent": [row for row in team.rows if row.silence and not row.silence.is_shown_elsewhere],
        "has_channel": presence.is_connected(workspace),
        "summary": summary.summarise(today.replace(day=1), today),
        "trial": workspace.once(agents_presence.credit_of) or quota.trial_meter(),
        "connections": connections,
        "channel": provider.label,
        "app_name": provider.speaks_as,
        "words": connecting.words_of(provider),
        "connections_left": max(0, known[0].how_many - SHOWN_AT_HOME) if known else 0,  # type: ignore[attr-defined]
        "rows": _rows(_conversations()[:SHOWN_AT_HOME]),
    }
    return render(request, "channels/home.html", context)


@requires(Permission.READ)
@require_GET
def conversation_list(request: HttpRequest) -> HttpResponse:
    """Conversations, the newest first."""
    page = keyset.look(_conversations(), "last_turn_at", Asked.of(request.GET), size=CONVERSATIONS)
    return render(request, "channels/conversation_list.html", {"page": page, "rows": _rows(page.rows)})


@requires(Permission.READ)
@require_GET
def conversation(request: HttpRequest, conversation_id: UUID) -> HttpResponse:
    """What was said, the newest page of it or another one, and what became of each answer."""
    found = _conversations().filter(id=conversation_id).first()
    if found is None:
        raise Http404(_("No such conversation."))
    journal.record(actions.CONVERSATION_READ, found)
    page = reading.page(found, Asked.of(request.GET))
    is_part = _asks_for_part(request)
    context = {"conversation": found, "page": page, "is_part": is_part}
    if not is_part:
        context |= {"failures": reading.failures(found), "paused": loops.last_paused(found), "window": window.of(found)}
        context["takes_templates"] = _takes_templates(request, found)
    response = render(request, f"channels/{'turns' if is_part else 'conversation'}.html", context)
    patch_vary_headers(response, ["HX-Request"])
    return response


def _takes_templates(request: HttpRequest, conversation: Conversation) -> bool:
    its = installed(conversation.channel)
    may_send = workspace_of(request).allows(Permission.MANAGE_CHANNELS)
    return its is not None and its.capabilities.templates and may_send


def _asks_for_part(request: HttpRequest) -> bool:
    """Does htmx ask for earlier messages, to put them above those already shown?"""
    htmx = request.htmx  # type: ignore[attr-defined]
    return bool(htmx) and not htmx.history_restore_request and "before" in request.GET


def _rows(conversations: Iterable[Conversation]) -> list[tuple[Conversation, Fate | None]]:
    """Each with what became of its last message, if somebody should look at it."""
    shown = list(conversations)
    found = fates.to_look_at(shown)
    return [(each, found.get(each.id)) for each in shown]


def _conversations() -> QuerySet[Conversation]:
    return Conversation.objects.select_related("agent").order_by("-last_turn_at", "-id")
