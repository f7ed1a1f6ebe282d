"""The breaker of loops: two machines can never keep each other talking, also where one of them looks like a person.

It counts what the employee said, or was about to say, since that is what feeds a loop: in one conversation within
minutes, and to one author within a day, wherever they write. Whoever is over a limit is told so once; what follows is
kept and not answered.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q

from agents.models import Conversation, Run, Turn
from channels.models import InboxEvent, Thread

BEGINS = "Paused: "
"""How each reason begins; the conversation's page looks for it."""
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Pause:
    """Why nobody answers for now, and whether that was said already."""

    reason: str
    is_told: bool


def pause_of(thread: Thread, events: Sequence[InboxEvent], now: datetime) -> Pause | None:
    """Is what waits in this thread to be left unanswered? None if it is to be answered. Inside the tenant's scope."""
    window = timedelta(seconds=settings.LOOP_SECONDS)
    authors = {event.author for event in events} - {""}
    if settings.LOOP_ANSWERS and _said_in(thread, now - window) >= settings.LOOP_ANSWERS:
        reason = _reason(settings.LOOP_ANSWERS, f"here within {settings.LOOP_SECONDS:g} s")
        return Pause(reason, is_told=_is_told(Q(conversation=thread.conversation_id), reason, now - window))
    if settings.LOOP_DAILY_ANSWERS and _said_to(thread, authors, now - DAY) >= settings.LOOP_DAILY_ANSWERS:
        reason = _reason(settings.LOOP_DAILY_ANSWERS, "to one author within a day")
        theirs = Q(events__connection=thread.connection_id, events__author__in=authors)
        return Pause(reason, is_told=_is_told(theirs, reason, now - DAY))
    return None


def last_paused(conversation: Conversation) -> InboxEvent | None:
    """The newest message of a conversation that a pause left unanswered."""
    ignored = InboxEvent.objects.filter(turn__conversation=conversation, state=InboxEvent.State.IGNORED)
    return ignored.filter(reason__startswith=BEGINS).order_by("-received_at").first()


def _reason(answers: int, where: str) -> str:
    return f"{BEGINS}{answers} answers {where} look like two machines talking. It goes on by itself after a while."


def _said_in(thread: Thread, since: datetime) -> int:
    """Answers in this conversation, and those that were dropped because what they answer was changed meanwhile."""
    said = Turn.objects.filter(conversation=thread.conversation_id, speaker=Turn.Speaker.EMPLOYEE, said_at__gt=since)
    dropped = Run.objects.filter(conversation=thread.conversation_id, state=Run.State.SUPERSEDED, started_at__gt=since)
    return said.count() + dropped.count()


def _said_to(thread: Thread, authors: Collection[str], since: datetime) -> int:
    """Answers to whoever of these got fewest: who is under the limit is answered, whoever else writes beside them."""
    heard = InboxEvent.objects.filter(connection=thread.connection_id, received_at__gt=since, run__isnull=False)
    return min((heard.filter(author=each).values("run").distinct().count() for each in authors), default=0)


def _is_told(whose: Q, reason: str, since: datetime) -> bool:
    return Run.objects.filter(whose, state=Run.State.REFUSED, error=reason, started_at__gt=since).exists()
