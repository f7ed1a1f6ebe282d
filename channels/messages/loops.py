"""The loop breaker: two machines can never keep each other talking, even if one of them looks like a person.

It counts what the employee said, or was about to say, since that feeds a loop: in one conversation within minutes, and
to one author within a day, wherever they write. Whoever is over a limit is told so once; messages after that are kept
and not answered.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Count, Q
from django.db.models.fields.json import KT
from django.utils.translation import gettext_lazy as _

from agents.models import Conversation, Run, Turn
from channels.models import InboxEvent, Thread
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


@dataclass(frozen=True)
class Pause:
    """Why nobody answers for now, and whether people were told already."""

    reason: Reason
    is_told: bool


def pause_of(thread: Thread, events: Sequence[InboxEvent], now: datetime) -> Pause | None:
    """Should what waits in this thread stay unanswered? None if it should be answered. Inside the tenant's scope."""
    window = timedelta(seconds=settings.LOOP_SECONDS)
    authors = {event.author for event in events} - {""}
    if settings.LOOP_ANSWERS and _said_in(thread, now - window) >= settings.LOOP_ANSWERS:
        reason = IN_A_CONVERSATION(answers=settings.LOOP_ANSWERS, seconds=f"{settings.LOOP_SECONDS:g}")
        return Pause(reason, is_told=_is_told(Q(conversation=thread.conversation_id), reason, now - window))
    if settings.LOOP_DAILY_ANSWERS and _said_to(thread, authors, now - DAY) >= settings.LOOP_DAILY_ANSWERS:
        reason = IN_A_DAY(answers=settings.LOOP_DAILY_ANSWERS)
        theirs = Q(events__connection=thread.connection_id, events__author__in=authors)
        return Pause(reason, is_told=_is_told(theirs, reason, now - DAY))
    return None


def last_paused(conversation: Conversation) -> InboxEvent | None:
    """The newest message of a conversation that a pause left unanswered."""
    ignored = InboxEvent.objects.filter(turn__conversation=conversation, state=InboxEvent.State.IGNORED)
    paused = ignored.alias(code=KT("reason__code")).filter(code__in=PAUSES)
    return paused.order_by("-received_at").first()


def _said_in(thread: Thread, since: datetime) -> int:
    """Answers in this conversation, and those that were dropped because what they answer was changed meanwhile."""
    said = Turn.objects.filter(conversation=thread.conversation_id, speaker=Turn.Speaker.EMPLOYEE, said_at__gt=since)
    dropped = Run.objects.filter(conversation=thread.conversation_id, state=Run.State.SUPERSEDED, started_at__gt=since)
    return said.count() + dropped.count()


def _said_to(thread: Thread, authors: Collection[str], since: datetime) -> int:
    """Answers to whoever of these got fewest: somebody under the limit is answered, whoever else writes too."""
    heard = InboxEvent.objects.filter(connection=thread.connection_id, received_at__gt=since, run__isnull=False)
    counted = heard.filter(author__in=authors).values_list("author").annotate(Count("run", distinct=True)).order_by()
    answers = dict(counted)
    return min((answers.get(each, 0) for each in authors), default=0)


def _is_told(whose: Q, reason: Reason, since: datetime) -> bool:
    return Run.objects.filter(whose, state=Run.State.REFUSED, error=reason, started_at__gt=since).exists()
