"""What operators choose about who answers where: read, changed, and described for pages."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from agents.models import Agent
from channels import actions
from channels.models import Connection, PlaceChoice
from tenants.audit import journal

MOST_CHOICES = 200


class UnknownEmployeeError(Exception):
    """Somebody is chosen who is not employed here."""

    def __init__(self, agent_id: UUID) -> None:
        super().__init__(_("No AI employee has the id %(id)s.") % {"id": agent_id})


@dataclass(frozen=True)
class Chosen:
    """A place, and who answers there. label: what people call the place."""

    place: str
    label: str
    agent_id: UUID


@dataclass(frozen=True)
class Routing:
    """Who answers at a connection. default_id: where no place says otherwise; None: the first in the order of seats."""

    default_id: UUID | None
    choices: tuple[Chosen, ...] = ()

    def of(self, place: str) -> UUID | None:
        """Who is chosen for this place."""
        return next((each.agent_id for each in self.choices if each.place == place), None)


def routing_of(connection: Connection) -> Routing:
    """What is chosen, in the open scope. Somebody who was let go is chosen no more."""
    rows = PlaceChoice.objects.filter(connection=connection, agent__deleted_at=None).order_by("label", "place")
    chosen = tuple(Chosen(each.place, each.label, each.agent_id) for each in rows)
    default = connection.agent_id if connection.agent and connection.agent.deleted_at is None else None
    return Routing(default, chosen)


def route(connection: Connection, wanted: Routing) -> None:
    """Choose anew, inside the tenant's scope. Conversations that exist stay with their employee.

    Raises UnknownEmployeeError.
    """
    _require_employed([wanted.default_id, *(each.agent_id for each in wanted.choices)])
    with transaction.atomic():
        kept = Connection.objects.select_for_update(no_key=True, of=("self",)).select_related("agent")
        changed = kept.get(id=connection.id)
        before = routing_of(changed)
        if before == wanted:
            return
        changed.agent_id = wanted.default_id
        changed.save(update_fields=["agent"])
        PlaceChoice.objects.filter(connection=changed).delete()
        PlaceChoice.objects.bulk_create(
            PlaceChoice(connection=changed, place=each.place, label=each.label, agent_id=each.agent_id)
            for each in wanted.choices
        )
        changes = journal.difference(_told(before), _told(wanted))
        journal.record(actions.CHANNEL_ROUTED, changed, changes=changes)


def answer_at(agent: Agent, connection: Connection, *, answers: bool) -> None:
    """Make an employee the one who answers at a connection, or leave that to the order of seats."""
    routing = routing_of(connection)
    route(connection, Routing(agent.id if answers else None, routing.choices))


def answering_at(connection: Connection, first: Agent | None) -> Agent | None:
    """Who answers where no place says otherwise. first: who is first in the order of seats."""
    return connection.chosen_agent or first


def places_of(agent: Agent, connections: Iterable[Connection]) -> dict[UUID, Sequence[str]]:
    """In which places of these connections an employee is chosen, by the connection's id."""
    found: dict[UUID, list[str]] = {}
    rows = PlaceChoice.objects.filter(agent=agent, connection__in=connections).order_by("label", "place")
    for each in rows:
        found.setdefault(each.connection_id, []).append(str(each))
    return dict(found)


def _require_employed(ids: Iterable[UUID | None]) -> None:
    wanted = {each for each in ids if each}
    employed = set(Agent.objects.employed().filter(id__in=wanted).values_list("id", flat=True))
    for each in sorted(wanted - employed):
        raise UnknownEmployeeError(each)


def _told(routing: Routing) -> dict[str, str]:
    """For the audit trail: employees' ids by place."""
    chosen = {each.label or each.place: str(each.agent_id) for each in routing.choices}
    return {"everywhere else": str(routing.default_id or ""), **chosen}
