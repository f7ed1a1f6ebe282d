"""An employee's page about its channels: where it answers, and switches for the connections' defaults."""

from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from agents.models import Agent
from agents.web import presence as agents_presence
from channels.models import Connection
from channels.routing import rules
from channels.web import presence
from tenants.http.access import requires, workspace_of
from tenants.permissions import Permission


@dataclass(frozen=True)
class Row:
    """A connection as an employee sees it. others: who answers there, if it is somebody else. places: its own there."""

    connection: Connection
    answers: bool
    is_chosen: bool
    others: str
    places: str


@requires(Permission.READ)
@require_GET
def employee_channels(request: HttpRequest, agent_id: UUID) -> HttpResponse:
    """Where this employee answers."""
    agent = get_object_or_404(Agent.objects.employed(), id=agent_id)
    workspace = workspace_of(request)
    known = workspace.once(presence.connections_of)
    shown = [each for each in known if each.state != Connection.State.DISCONNECTED]
    own = rules.places_of(agent, shown)
    rows = [_row(request, agent, each, ", ".join(own.get(each.id, ()))) for each in shown]
    silence = agents_presence.of(workspace, agent)
    return render(request, "channels/routing/employee.html", {"employee": agent, "rows": rows, "silence": silence})


@requires(Permission.MANAGE_CHANNELS)
@require_POST
def answer_at(request: HttpRequest, agent_id: UUID, connection_id: UUID) -> HttpResponse:
    """Take over a connection's new conversations, or leave them to the first in the order of seats."""
    agent = get_object_or_404(Agent.objects.employed(), id=agent_id)
    connection = get_object_or_404(Connection.objects.select_related("agent"), id=connection_id)
    answers = request.POST.get("answers") == "1"
    rules.answer_at(agent, connection, answers=answers)
    if answers:
        words = _("New conversations in %(channel)s go to %(name)s.")
    else:
        words = _("New conversations in %(channel)s go to the first in the order of seats.")
    messages.success(request, words % {"channel": connection.name, "name": agent.name})
    return redirect("workspace:employee_channels", workspace_of(request).tenant.slug, agent.id)


def _row(request: HttpRequest, agent: Agent, connection: Connection, places: str) -> Row:
    answering = presence.who_answers(workspace_of(request), connection)
    answers = answering is not None and answering.id == agent.id
    others = answering.name if answering and not answers else ""
    return Row(connection, answers, connection.agent_id == agent.id, others, places)
