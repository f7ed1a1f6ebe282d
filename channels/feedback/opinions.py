"""Opinions of answers: each person has one of each, and may change it."""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef
from django.db.models.functions import JSONObject
from django.utils import timezone

from agents.models import Run
from channels.handles import people
from channels.models import Connection, Delivery, Feedback
from channels.providers.shapes.webhooks import Opinion

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


@dataclass(frozen=True)
class Judgment:
    """What somebody thinks of an answer. name: empty if none is known."""

    value: str
    name: str


def beside() -> ArraySubquery:
    """The opinions of a turn in a query of turns, the oldest first, as `judgments` reads them."""
    given = Feedback.objects.filter(turn=OuterRef("id")).order_by("at", "id")
    return ArraySubquery(given.values(told=JSONObject(value="value", name="person__name")))


def judgments(told: Iterable[Mapping[str, str]]) -> list[Judgment]:
    """The same as objects."""
    return [Judgment(each["value"], each["name"]) for each in told]
