"""The loop breaker: two machines can never keep each other talking, even if one of them looks like a person.

It counts what the employee said, or was about to say, since that feeds a loop: in one conversation within minutes, and
to one author within a day, wherever they write. Whoever is over a limit is told so once; messages after that are kept
and not answered.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.fields.json import KT
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from agents.models import Conversation, Run, Turn
from channels.models import Delivery, InboxEvent, Thread
from tenants.wordings import Reason, Wording

IN_A_CONVERSATION = Wording(
    "channels.paused_conversation",
    _(
        "Paused: %(answers)s answers here within %(seconds)s s look like two machines talking. "
        "It starts again by itself after a while."
    ),
)
IN_A_DAY = Wording(
    "channels.paused_author",
    _(
        "Paused: %(answers)s answers to one author within a day look like two machines talking. "
        "It starts again by itself after a while."
    ),
)
PAUSES = (IN_A_CONVERSATION.code, IN_A_DAY.code)
DAY = timedelta(days=1)
MOST_COUNTED = 10
"""Authors of one answer: a loop of machines has fewer, so with more nobody is counted."""


@dataclass(frozen=True)
class Pause:
    """Why nobody answers for now, and whether people were told already."""

    reason: Reason
    is_told: bool


@dataclass(frozen=True)
class Look:
    """A conversation's recent past: is something on its way out, and how much did the employee say here and to whom?

    said: answers in this conversation, and those that were dropped because what they answer was changed meanwhile.
    said_to: answers to whoever of the authors got fewest.
    """

    is_held_up: bool
    said: int
    said_to: int


def look(thread: Thread, authors: Collection[str], now: datetime) -> Look:
    """All of it in one statement, for a locked thread, inside the tenant's scope."""
    window = now - timedelta(seconds=settings.LOOP_SECONDS)
    conversation = {"conversation": OuterRef("conversation")}
    said = Turn.objects.filter(**conversation, speaker=Turn.Speaker.EMPLOYEE, said_at__gt=window)
    dropped = Run.objects.filter(**conversation, state=Run.State.SUPERSEDED, started_at__gt=window)
    heard = InboxEvent.objects.filter(connection=OuterRef("connection"), received_at__gt=now - DAY, run__isnull=False)
    held_up = Exists(Delivery.objects.filter(thread=OuterRef("id")).holding_up(now))
    counted = [] if len(authors) > MOST_COUNTED else sorted({*authors} - {""})
    to_each = [_count(heard.filter(author=each), "run") for each in counted]
    row = Thread.objects.filter(id=thread.id).values_list(held_up, _count(said), _count(dropped), *to_each).get()
    return Look(is_held_up=row[0], said=row[1] + row[2], said_to=min(row[3:], default=0))


def _count(rows: "QuerySet[Any]", column: str = "id") -> Coalesce:
    counted = rows.order_by().annotate(one=Value(1)).values("one").annotate(n=Count(column, distinct=True))
    return Coalesce(Subquery(counted.values("n")), 0)


def pause_of(thread: Thread, events: Sequence[InboxEvent], look: Look, now: datetime) -> Pause | None:
    """Should what waits in this thread stay unanswered? None if it should be answered. Inside the tenant's scope."""
    window = timedelta(seconds=settings.LOOP_SECONDS)
    authors = {event.author for event in events} - {""}
    if settings.LOOP_ANSWERS and look.said >= settings.LOOP_ANSWERS:
        reason = IN_A_CONVERSATION(answers=settings.LOOP_ANSWERS, seconds=f"{settings.LOOP_SECONDS:g}")
        return Pause(reason, is_told=_is_told(Q(conversation=thread.conversation_id), reason, now - window))
    if settings.LOOP_DAILY_ANSWERS and look.said_to >= settings.LOOP_DAILY_ANSWERS:
        reason = IN_A_DAY(answers=settings.LOOP_DAILY_ANSWERS)
        theirs = Q(events__connection=thread.connection_id, events__author__in=authors)
        return Pause(reason, is_told=_is_told(theirs, reason, now - DAY))
    return None


def last_paused(conversation: Conversation) -> InboxEvent | None:
    """The newest message of a conversation that a pause left unanswered."""
    ignored = InboxEvent.objects.filter(turn__conversation=conversation, state=InboxEvent.State.IGNORED)
    paused = ignored.alias(code=KT("reason__code")).filter(code__in=PAUSES)
    return paused.order_by("-received_at").first()


def _is_told(whose: Q, reason: Reason, since: datetime) -> bool:
    return Run.objects.filter(whose, state=Run.State.REFUSED, error=reason, started_at__gt=since).exists()
