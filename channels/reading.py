"""Reading a conversation, page by page: what was said, and what became of it."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from agents.models import Conversation, Turn
from channels.models import Delivery, InboxEvent
from tenants import keyset
from tenants.keyset import Asked

PAGE = 50
"""Turns of a page."""
CHARACTERS = 200_000
"""What the turns of a page may come to; one that is longer has a page of its own."""
FAILED = 3
"""Messages without an answer that a page names above all turns; each also says so where it was said."""


@dataclass(frozen=True)
class Said:
    """A turn, the part of its answer that tells most about its way, and the event of a message without an answer."""

    turn: Turn
    delivery: Delivery | None
    failed: InboxEvent | None


@dataclass(frozen=True)
class Failures:
    """The newest messages that were not answered, and how many there are beside them (`more`)."""

    newest: list[InboxEvent]
    more: int


@dataclass(frozen=True)
class Page:
    """Turns from old to new; older and newer: the turn to ask for what is beyond, or None.

    beside: the turn that was asked for.
    """

    said: list[Said]
    older: UUID | None
    newer: UUID | None
    beside: Turn | None


def page(conversation: Conversation, asked: Asked) -> Page:
    """The newest turns, or those beside another one, in a handful of statements; inside the scope."""
    turns = Turn.objects.filter(conversation=conversation)
    found = keyset.look(turns, "said_at", asked, size=PAGE, weight=lambda turn: len(turn.text), most=CHARACTERS)
    ways, failed = _ways(found.rows), _failed(found.rows)
    said = [Said(each, ways.get(each.run_id), failed.get(each.id)) for each in reversed(found.rows)]
    return Page(said, found.older, found.newer, found.beside)


def failures(conversation: Conversation) -> Failures:
    """What was said in vain, the newest first; inside the scope."""
    events = InboxEvent.objects.filter(turn__conversation=conversation, state=InboxEvent.State.FAILED)
    newest = list(events.defer("payload").order_by("-received_at", "-id")[:FAILED])
    return Failures(newest, events.count() - len(newest) if len(newest) == FAILED else 0)


def _ways(turns: Iterable[Turn]) -> dict[UUID | None, Delivery]:
    """Of an answer in several parts the first that was not sent, else the last."""
    runs = [turn.run_id for turn in turns if turn.run_id]
    parts = Delivery.objects.filter(run__in=runs).defer("text", "address").order_by("-sequence")
    return {part.run_id: part for part in sorted(parts, key=lambda part: part.state != Delivery.State.SENT)}


def _failed(turns: Iterable[Turn]) -> dict[UUID | None, InboxEvent]:
    people = [turn.id for turn in turns if turn.speaker == Turn.Speaker.PERSON]
    events = InboxEvent.objects.filter(turn__in=people, state=InboxEvent.State.FAILED).defer("payload")
    return {event.turn_id: event for event in events}
