"""How a message becomes part of a conversation: find or begin its thread, and add what it says as the next turn."""

from datetime import timedelta
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db import connection as database
from django.utils import timezone

from agents.models import Conversation
from agents.runs import settlement, transcript
from channels.handles import people
from channels.messages import addressing
from channels.models import Connection, InboxEvent, Thread
from channels.providers.base import InboundMessage
from channels.providers.registry import provider_named
from usage.ledger import records

ADOPTED_WITHIN = timedelta(minutes=10)
"""Providers bring an event again after minutes, such as one and five."""
MOST_ADOPTED = 20


def lock(connection: Connection, message: InboundMessage) -> None:
    """One event of a thread at a time, so that a reply finds the thread that its mention begins."""
    with database.cursor() as cursor:
        key = f"{connection.id}:{message.thread_ids[-1]}"
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [key])


def thread_of(connection: Connection, message: InboundMessage) -> Thread | None:
    """The conversation that a message belongs to, if it was begun already."""
    threads = Thread.objects.select_related("conversation__agent")
    known = threads.filter(connection=connection, external_id__in=message.thread_ids)
    by_id = {thread.external_id: thread for thread in known}
    return next((by_id[each] for each in message.thread_ids if each in by_id), None)


def hear(connection: Connection, stored: InboxEvent, message: InboundMessage, thread: Thread | None) -> UUID:
    """Add a stored event's message to its conversation; the thread that waits for an answer now."""
    begins = thread is None
    thread = thread or _begin_thread(connection, message)
    conversation = _staffed(connection, thread, message)
    person = people.meet(connection, message.author).person
    stored.thread = thread
    stored.turn = transcript.hear(conversation, person=person, text=message.text, said_at=message.said_at)
    stored.save(update_fields=["thread", "turn"])
    records.count_messages(settlement.spender(conversation), timezone.now(), received=1)
    if begins:
        _adopt(connection, thread, message)
    return thread.id


def hear_after_all(
    connection: Connection, known: InboxEvent, payload: str, message: InboundMessage, thread: Thread | None
) -> UUID | None:
    """What we took for talk among others is for the employee after all: as if it came in now. The caller locked it.

    Returns the thread that waits, or None while nobody knows whether a person wrote it.
    """
    known.state, known.reason = addressing.standing(connection, message)
    known.place, known.attempt, known.finished_at = "", 0, None
    known.payload, known.received_at = payload, timezone.now()
    known.author, known.position, known.address = message.author, message.position, dict(message.address)
    known.is_readable = message.is_readable
    known.save()
    return hear(connection, known, message, thread) if known.state == InboxEvent.State.PENDING else None


def _adopt(connection: Connection, thread: Thread, message: InboundMessage) -> None:
    """Hear replies that arrived before the mention that begins their thread, and so were taken for talk among others.

    Only those of the person who asked: others have to mention the employee.
    """
    replies = InboxEvent.objects.overheard().filter(
        connection=connection,
        reason=addressing.SAID_TO_OTHERS(),
        place=message.thread_ids[-1],
        author=message.author,
        position__gt=message.position,
        received_at__gt=timezone.now() - ADOPTED_WITHIN,
    )
    for reply in replies.select_for_update(no_key=True).order_by("position")[:MOST_ADOPTED]:
        said = provider_named(connection.provider).read(reply.payload, connection.bot_user_id)
        if said and addressing.goes_on(connection, said, thread):
            hear_after_all(connection, reply, reply.payload, said, thread)


def _staffed(connection: Connection, thread: Thread, message: InboundMessage) -> Conversation:
    """The thread's conversation; a new one if its employee was let go and another answers here now."""
    successor = connection.answering_agent()
    if thread.conversation.agent.deleted_at and successor:
        thread.conversation = transcript.begin(successor, connection.provider, _title(message))
        thread.save(update_fields=["conversation"])
    return thread.conversation


def _title(message: InboundMessage) -> str:
    return message.title or transcript.title_of(message.text)


def _begin_thread(connection: Connection, message: InboundMessage) -> Thread:
    """The thread of a message that begins one; two at once make one."""
    agent = connection.answering_agent()
    if agent is None:
        raise ValueError("A thread begins only where somebody is employed.")
    try:
        with transaction.atomic():
            conversation = transcript.begin(agent, connection.provider, _title(message))
            return Thread.objects.create(
                connection=connection, external_id=message.thread_ids[-1], conversation=conversation
            )
    except IntegrityError:
        found = thread_of(connection, message)
        if found is None:
            raise
        return found
