"""What a web chat shows: what the visitor wrote, and the answers that are stored for them, whether on their way or not.

A delivery here is sent by being stored. So an answer is shown exactly once: it is one row.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from channels.models import Connection, Delivery, InboxEvent
from channels.providers import hosting

MOST = 100
"""Messages of each side that the page shows: the last ones."""
State = InboxEvent.State


@dataclass(frozen=True)
class Line:
    """One message as the page shows it. name: of the employee; empty for the visitor's own.

    key: of an own one, the id that the page made for it; else the delivery's.
    """

    key: str
    name: str
    text: str
    at: datetime
    is_unanswered: bool = False

    @property
    def is_own(self) -> bool:
        return not self.name


@dataclass(frozen=True)
class Talk:
    """A visitor's conversation. is_waiting: something they wrote is to be answered."""

    lines: Sequence[Line] = ()
    is_waiting: bool = False


def talk_of(connection: Connection, visitor: str) -> Talk:
    """What this visitor and the employee said, inside the tenant's scope."""
    written = InboxEvent.objects.filter(connection=connection, author=visitor, message_key__isnull=False)
    events = list(written.select_related("turn").order_by("-received_at")[:MOST])
    answers = Delivery.objects.filter(thread__connection=connection, thread__external_id=visitor)
    shown = answers.exclude(state=Delivery.State.FAILED).select_related("turn").order_by("-created_at", "-sequence")
    lines = [*(line for line in map(_own, events) if line.text), *map(_answer, shown[:MOST])]
    lines.sort(key=lambda line: line.at)
    return Talk(lines, is_waiting=any(event.state in InboxEvent.OPEN for event in events))


def _own(event: InboxEvent) -> Line:
    key = (event.message_key or "").rpartition(":")[2]
    return Line(key, "", _text(event), event.received_at, is_unanswered=event.state == State.FAILED)


def _text(event: InboxEvent) -> str:
    """What was heard is a turn; what no worker has heard so far is only in the event."""
    if event.turn:
        return event.turn.text
    return hosting.message_in(json.loads(event.payload)).text if event.payload else ""


def _answer(delivery: Delivery) -> Line:
    return Line(str(delivery.id), delivery.turn.author, delivery.text, delivery.created_at)
