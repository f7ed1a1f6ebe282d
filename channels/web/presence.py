"""Which channels lead to an AI employee, and which no longer do: some were lost, or there is none at all."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef
from django.urls import reverse
from django.utils.translation import gettext as _

from agents.models import Agent
from agents.web import team
from agents.web.presence import MANAGERS
from agents.web.team import Silence
from billing.templatetags.billing import listed
from billing.web.links import Way
from channels.connections import losses as lost
from channels.models import Connection, PlaceChoice
from channels.providers.registry import provider_named
from channels.reasons import Cause
from channels.web import connecting
from tenants.http.middleware import Workspace
from tenants.permissions import Permission

State = Connection.State
TOLD = 5
"""Lost channels that home shows; the channels' page has all."""
LOOKED_AT = 50
NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Loss:
    """A channel that no longer brings messages: what happened, what this reader can do, and the link for it."""

    connection: Connection
    what: str
    fix: str
    way: Way | None

    @property
    def since(self) -> datetime | None:
        return self.connection.lost_at

    @property
    def is_chosen(self) -> bool:
        """Did somebody of the workspace disconnect it?"""
        return self.connection.cause in {Cause.DISCONNECTED, Cause.DISCONNECTED_BY_API}

    @property
    def is_by_hand(self) -> bool:
        """Does its link lead to the page where its credentials are entered?"""
        return connecting.is_by_hand(provider_named(self.connection.provider), self.connection.external_id)

    @property
    def title(self) -> str:
        """The heading of a notice about it."""
        words = _("%(channel)s is disconnected") if self.is_chosen else _("%(channel)s does not work")
        return words % {"channel": provider_named(self.connection.provider).label}


def connections_of(workspace: Workspace) -> list[Connection]:
    """The open scope's connections that pages tell about, the oldest first."""
    chosen = PlaceChoice.objects.filter(connection=OuterRef("id")).values("agent_id")
    return list(Connection.objects.annotate(chosen_ids=ArraySubquery(chosen)).at_a_glance(LOOKED_AT))


def is_connected(workspace: Workspace) -> bool:
    """Is a channel connected that brings messages?"""
    return any(each.state == State.ACTIVE for each in workspace.once(connections_of))


def who_answers(workspace: Workspace, connection: Connection) -> Agent | None:
    """Who gets new conversations there; None while nobody is employed. As Connection.answering_agent() decides it."""
    return connection.chosen_agent or workspace.once(team.on_duty)


def losses(workspace: Workspace) -> list[Loss]:
    """What home shows, the newest first: what broke and, if no channel is left, what was disconnected last."""
    lost = _lost(workspace.once(connections_of))
    shown = [each for each in lost if each.state == State.BROKEN][:TOLD]
    if not shown and not is_connected(workspace):
        shown = [each for each in lost if each.state == State.DISCONNECTED][:1]
    return [loss_of(workspace, each) for each in shown]


def _lost(found: Iterable[Connection]) -> list[Connection]:
    """Those of them that are not active; the one that was lost last comes first."""
    lost = (each for each in found if each.state != State.ACTIVE)
    return sorted(lost, key=lambda each: (each.lost_at or NEVER, each.connected_at), reverse=True)


def loss_of(workspace: Workspace, connection: Connection) -> Loss:
    """What to say about a channel that is not active."""
    fix, way = again(workspace, connection)
    return Loss(connection, lost.words(connection), fix, way)


def again(workspace: Workspace, connection: Connection) -> tuple[str, Way | None]:
    """What this reader can do about a channel that is lost, and the link for it."""
    provider = provider_named(connection.provider)
    channel = {"channel": provider.label}
    if not workspace.allows(Permission.MANAGE_CHANNELS):
        return _("Operators, admins and owners of this workspace can connect %(channel)s again.") % channel, None
    still_here = _("Your conversations are still here.")
    if connecting.is_by_hand(provider, connection.external_id):
        page = reverse("workspace:setup", args=[workspace.tenant.slug, provider.name, connection.id])
        return still_here, Way(page, _("Connect %(channel)s again") % channel)
    if provider.consent and not provider.consent.is_configured():
        return _("%(channel)s is no longer set up on this installation: ask whoever runs it.") % channel, None
    page = reverse("workspace:onboarding_step", args=[workspace.tenant.slug, "channel"])
    return still_here, Way(page, _("Connect %(channel)s again") % channel)


def of_employees(workspace: Workspace, agents: Iterable[Agent]) -> Mapping[UUID, Silence]:
    """agents.web.presence.Reachability: which of these employees nobody can reach, and why."""
    known = workspace.once(connections_of)
    active = [each for each in known if each.state == State.ACTIVE]
    found = [*active[:LOOKED_AT], *_lost(known)[:LOOKED_AT]]
    first = workspace.once(team.on_duty)
    silences = ((agent.id, _cut_off(workspace, agent, first, found)) for agent in agents)
    return {agent_id: silence for agent_id, silence in silences if silence}


def _cut_off(workspace: Workspace, agent: Agent, first: Agent | None, found: Sequence[Connection]) -> Silence | None:
    its = [each for each in found if _leads_to(each, agent, first)]
    if any(each.state == State.ACTIVE for each in its):
        return None
    active = [each for each in found if each.state == State.ACTIVE]
    if its and not active:
        loss = loss_of(workspace, max(its, key=lambda each: each.lost_at or each.connected_at))
        return Silence(_("Disconnected"), loss.what, loss.fix, loss.way, loss.since, is_shown_elsewhere=True)
    if not active:
        return _without_channel(workspace, agent)
    return _behind(workspace, agent, first, active)


def _leads_to(connection: Connection, agent: Agent, first: Agent | None) -> bool:
    """As Connection.answering_agent() decides it."""
    if agent.id in getattr(connection, "chosen_ids", ()):
        return True  # in a place there
    if connection.chosen_agent:
        return connection.agent_id == agent.id
    return first is not None and first.id == agent.id


def _without_channel(workspace: Workspace, agent: Agent) -> Silence:
    what = _("No channel is connected, so nobody can reach %(name)s.") % {"name": agent.name}
    if not workspace.allows(Permission.MANAGE_CHANNELS):
        return Silence(_("No channel"), what, str(MANAGERS), is_shown_elsewhere=True)
    page = reverse("workspace:onboarding_step", args=[workspace.tenant.slug, "channel"])
    return Silence(_("No channel"), what, "", Way(page, _("Connect a channel")), is_shown_elsewhere=True)


def _behind(workspace: Workspace, agent: Agent, first: Agent | None, active: Sequence[Connection]) -> Silence:
    """Every channel is answered by somebody else."""
    answering = [each.chosen_agent or first for each in active]
    others = listed(sorted({each.name for each in answering if each}))
    where = listed([each.name for each in active])
    what = _(
        "New conversations in %(where)s go to %(others)s: %(name)s answers only where people call it by name, or where "
        "it has answered before."
    ) % {"where": where, "others": others, "name": agent.name}
    is_by_order = any(each.chosen_agent is None for each in active)
    if not is_by_order:
        return Silence(_("On duty"), what, is_chosen=True, still_answers=True)
    if workspace.allows(Permission.MANAGE_EMPLOYEES):
        fix = _("They go to whoever is first in the order of seats. To give them to it, choose it under Channels.")
    else:
        fix = _(
            "They go to whoever is first in the order of seats. Operators, admins and owners can choose it instead."
        )
    return Silence(_("On duty"), what, fix, is_chosen=True, still_answers=True)
