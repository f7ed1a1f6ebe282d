"""The loop breaker: two machines can never keep each other talking, even if one of them looks like a person.

It counts what the employee said, or was about to say, since that feeds a loop: in one conversation within minutes, and
to one person within a day, on whatever connection. Whoever is over a limit is told so once; messages after that are
kept and not answered.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q
from django.db.models.fields.json import KT
from django.utils.translation import gettext_lazy as _

from agents.models import Conversation, Run
from channels.handles import people
from channels.messages.limits.look import DAY, Look
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


@dataclass(frozen=True)
class Pause:
    """Why nobody answers for now, and whether people were told already."""

    reason: Reason
    is_told: bool


def pause_of(thread: Thread, events: Sequence[InboxEvent], look: Look, now: datetime) -> Pause | None:
    """Should what waits in this thread stay unanswered? None if it should be answered. Inside the tenant's scope."""
    window = timedelta(seconds=settings.LOOP_SECONDS)
    authors = {event.author for event in events} - {""}
    if settings.LOOP_ANSWERS and look.said >= settings.LOOP_ANSWERS:
        reason = IN_A_CONVERSATION(answers=settings.LOOP_ANSWERS, seconds=f"{settings.LOOP_SECONDS:g}")
        return Pause(reason, is_told=_is_told(Q(conversation=thread.conversation_id), reason, now - window))
    if settings.LOOP_DAILY_ANSWERS and look.said_to >= settings.LOOP_DAILY_ANSWERS:
        reason = IN_A_DAY(answers=settings.LOOP_DAILY_ANSWERS)
        return Pause(reason, is_told=_is_told(_said_by(thread, authors), reason, now - DAY))
    return None


def last_paused(conversation: Conversation) -> InboxEvent | None:
    """The newest message of a conversation that a pause left unanswered."""
    ignored = InboxEvent.objects.filter(turn__conversation=conversation, state=InboxEvent.State.IGNORED)
    paused = ignored.alias(code=KT("reason__code")).filter(code__in=PAUSES)
    return paused.order_by("-received_at").first()


def _said_by(thread: Thread, authors: Collection[str]) -> Q:
    """Runs about messages of these people, on any connection that knows them."""
    theirs = Q(events__connection=thread.connection_id, events__author__in=authors)
    for connection_id, external_id in people.all_handles(thread.connection, authors):
        theirs |= Q(events__connection=connection_id, events__author=external_id)
    return theirs


def _is_told(whose: Q, reason: Reason, since: datetime) -> bool:
    return Run.objects.filter(whose, state=Run.State.REFUSED, error=reason, started_at__gt=since).exists()
