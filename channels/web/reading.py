"""Reading a conversation, page by page: what was said, and what became of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, QuerySet, Window

from agents.models import Conversation, Turn
from channels import reasons
from channels.feedback import opinions
from channels.feedback.opinions import Judgment
from channels.handles import people
from channels.models import InboxEvent
from channels.web import fates
from channels.web.fates import Fate
from channels.web.media import shown
from channels.web.media.shown import Shown
from tenants.paging import keyset
from tenants.paging.keyset import Asked

PAGE = 50
"""Turns of a page."""
CHARACTERS = 200_000
"""The most that all turns of a page may have; a longer one has a page of its own."""
FAILED = 3
"""How many messages without an answer a page lists above the turns; each is marked at its place, too."""


@dataclass(frozen=True)
class Said:
    """A turn, what became of it if it is an answer, whether it is a message without one, and the files it brought.

    feedback: what people think of it.
    """

    turn: Turn
    fate: Fate | None
    is_unanswered: bool
    files: Sequence[Shown] = ()
    feedback: Sequence[Judgment] = ()


@dataclass(frozen=True)
class Failure:
    """A message that got nothing at all, not even an apology, and why, in words for members."""

    turn_id: UUID | None
    reason: str


@dataclass(frozen=True)
class Failures:
    """The newest of them, and how many there are beside them (`more`)."""

    newest: list[Failure]
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
    turns = _turns(conversation)
    found = keyset.look(turns, "said_at", asked, size=PAGE, weight=lambda turn: len(turn.text), most=CHARACTERS)
    became = fates.of_conversation(conversation, found.rows)
    files = shown.of_turns(turn.id for turn in found.rows)
    said = [
        Said(each, became.get(each.id), _is_unanswered(each), files.get(each.id, ()), _feedback(each))
        for each in reversed(found.rows)
    ]
    return Page(said, found.older, found.newer, found.beside)


def failures(conversation: Conversation) -> Failures:
    """Messages that got nothing back, the newest first; inside the scope."""
    events = InboxEvent.objects.filter(
        turn__conversation=conversation, state=InboxEvent.State.FAILED, run__turn__isnull=True
    )
    counted = events.annotate(how_many=Window(Count("*"))).order_by("-received_at", "-id")
    found = list(counted.values_list("turn_id", "cause", "how_many")[:FAILED])
    newest = [Failure(turn_id, reasons.words(cause, conversation.channel)) for turn_id, cause, _ in found]
    return Failures(newest, found[0][2] - len(newest) if found else 0)


def _turns(conversation: Conversation) -> QuerySet[Turn]:
    """Each with whether it got nothing at all: whoever got an apology reads it below, with the reason."""
    failed = InboxEvent.objects.filter(turn=OuterRef("id"), state=InboxEvent.State.FAILED, run__turn__isnull=True)
    turns = people.with_speakers(Turn.objects.filter(conversation=conversation).select_related("run"))
    return turns.annotate(is_unanswered=Exists(failed), told=opinions.beside())


def _feedback(turn: Turn) -> Sequence[Judgment]:
    return opinions.judgments(turn.told)  # type: ignore[attr-defined]


def _is_unanswered(turn: Turn) -> bool:
    return turn.speaker == Turn.Speaker.PERSON and bool(turn.is_unanswered)  # type: ignore[attr-defined]
