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
from django.db import connection as database
from django.db.models import Q
from django.db.models.fields.json import KT
from django.utils.translation import gettext_lazy as _

from agents.models import Conversation, Run
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


@dataclass(frozen=True)
class Look:
    """A conversation's recent past: is something on its way out, and how much did the employee say here and to whom?

    said: answers in this conversation, and those that were dropped because what they answer was changed meanwhile.
    said_to: answers to whoever of the authors got fewest.
    """

    is_held_up: bool
    said: int
    said_to: int


LOOK = """
SELECT EXISTS (SELECT FROM channels_delivery
                WHERE thread_id = %(thread)s
                  AND (state IN ('pending', 'sending') OR state = 'unknown' AND unknown_since > %(freed)s)),
       (SELECT count(*) FROM agents_turn
         WHERE conversation_id = %(conversation)s AND speaker = 'employee' AND said_at > %(window)s)
       + (SELECT count(*) FROM agents_run
           WHERE conversation_id = %(conversation)s AND state = 'superseded' AND started_at > %(window)s),
       coalesce((SELECT min(answers.number) FROM unnest(%(authors)s::text[]) AS asking (author), LATERAL (
                     SELECT count(DISTINCT run_id) AS number FROM channels_inboxevent event
                      WHERE event.connection_id = %(connection)s AND event.author = asking.author
                        AND event.received_at > %(day)s AND event.run_id IS NOT NULL) AS answers), 0)
"""


def look(thread: Thread, authors: Collection[str], now: datetime) -> Look:
    """All of it in one statement, for a locked thread, inside the tenant's scope.

    In SQL, because with every message Django would take longer to build it than Postgres to answer it.
    """
    values: dict[str, Any] = {
        "thread": thread.id,
        "conversation": thread.conversation_id,
        "connection": thread.connection_id,
        "authors": sorted({*authors} - {""}),
        "freed": now - timedelta(seconds=settings.UNKNOWN_FREES_SECONDS),
        "window": now - timedelta(seconds=settings.LOOP_SECONDS),
        "day": now - DAY,
    }
    with database.cursor() as cursor:
        cursor.execute(LOOK, values)
        return Look(*cursor.fetchone())


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
