"""Opinions of answers: each person has one of each, and may change it."""

import logging
from collections.abc import Iterable
from uuid import UUID

from django.utils import timezone

from agents.models import Run
from channels.handles import people
from channels.models import Connection, Delivery, Feedback
from channels.providers.webhooks import Opinion

log = logging.getLogger(__name__)


def note(connection: Connection, opinion: Opinion) -> None:
    """Keep it, inside the tenant's scope, if it is about an answer that went out through this connection."""
    deliveries = Delivery.objects.filter(id=opinion.delivery_id, thread__connection=connection)
    turn_id = deliveries.filter(turn__run__state=Run.State.ANSWERED).values_list("turn_id", flat=True).first()
    if turn_id is None:
        log.info("An opinion of an answer that this connection does not have: %s", opinion.delivery_id)
        return
    contact = people.meet_all(connection, [opinion.author])[opinion.author]
    value = Feedback.Value.GOOD if opinion.is_good else Feedback.Value.BAD
    Feedback.objects.update_or_create(
        turn_id=turn_id, person_id=contact.person_id, defaults={"value": value, "at": timezone.now()}
    )


def of_turns(turns: Iterable[UUID]) -> dict[UUID, list[Feedback]]:
    """The opinions of these turns, the oldest first, each with its person; inside the scope."""
    found: dict[UUID, list[Feedback]] = {}
    for each in Feedback.objects.filter(turn__in=list(turns)).select_related("person").order_by("at", "id"):
        found.setdefault(each.turn_id, []).append(each)
    return found
