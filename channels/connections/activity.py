"""What a connection brings: its last message in and out, and who would fall silent without it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Count, Subquery
from django.utils import timezone

from agents.models import Agent, Conversation
from channels import actions
from channels.models import Connection, Delivery, InboxEvent
from tenants.models import AuditEvent

WEEK = timedelta(days=7)


@dataclass(frozen=True)
class Activity:
    """Of one connection. connected_by: as the trail names them; conversations: those with a message in a week."""

    last_in: datetime | None
    last_out: datetime | None
    connected_by: str
    silenced: Sequence[Agent]
    conversations: int


def of(connection: Connection, answering: Agent | None) -> Activity:
    """Inside the tenant's scope. answering: who gets new conversations there."""
    heard = InboxEvent.objects.filter(connection=connection, message_key__isnull=False, is_test=False)
    sent = Delivery.objects.filter(thread__connection=connection, state=Delivery.State.SENT)
    connected = AuditEvent.objects.filter(action=actions.CHANNEL_CONNECTED.name, target_id=str(connection.id))
    counts = _by_employee(connection)
    names = {each.id: each for each in Agent.objects.filter(id__in=counts)}
    if answering is not None:
        names.setdefault(answering.id, answering)
    last_in, last_out, connected_by = Connection.objects.values_list(
        Subquery(heard.order_by("-id").values("received_at")[:1]),
        Subquery(sent.order_by("-id").values("sent_at")[:1]),
        Subquery(connected.order_by("-at").values("actor_name")[:1]),
    ).get(id=connection.id)
    return Activity(
        last_in=last_in,
        last_out=last_out,
        connected_by=connected_by or "",
        silenced=sorted(names.values(), key=lambda each: (-counts.get(each.id, 0), each.name)),
        conversations=sum(counts.values()),
    )


def _by_employee(connection: Connection) -> dict[UUID, int]:
    recent = Conversation.objects.filter(
        thread__connection=connection, last_turn_at__gte=timezone.now() - WEEK, agent__deleted_at=None
    )
    return dict(recent.order_by().values_list("agent").annotate(Count("id")))
