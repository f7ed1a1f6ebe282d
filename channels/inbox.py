"""What people said, stored once and answered once."""

from datetime import timedelta
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db import connection as database
from django.db.models import Q
from django.utils import timezone

from agents import runs, transcript
from agents.models import Conversation
from channels import connections, people
from channels.models import Connection, InboxEvent, Thread
from channels.providers import provider_named
from channels.providers.base import InboundEvent, InboundMessage
from usage import ledger

SAID_TO_OTHERS = "Said to others."
NOT_A_PERSON = "Not said by a person."
WHO_WROTE = "Posted through an app: the provider is asked whether a person wrote it."
ADOPTED_WITHIN = timedelta(minutes=10)
"""Slack brings an event again after a minute and after five."""


def accept(connection: Connection, event: InboundEvent) -> UUID | None:
    """Store an event inside the tenant's scope. Returns the thread to answer, or None if there is nothing to do.

    The event's unique keys absorb the provider's retries, and twin events about one message.
    """
    message = event.message
    if event.ends_connection:
        _end(connection, event)
        return None
    if message:
        _lock(connection, message)
    thread = _known_thread(connection, message) if message else None
    reason = _why_not(connection, event, thread)
    if message is None or reason:
        _ignore(connection, event, reason)
        return None
    doubt = _doubt(connection, message)
    stored = _stored(
        connection,
        event,
        **doubt,
        message_key=message.key,
        position=message.position,
        address=dict(message.address),
        author=message.author,
        is_readable=message.is_readable,
    )
    if not InboxEvent.objects.insert_new(stored) or doubt:
        return None
    return _hear(connection, stored, message, thread)


def believe(connection: Connection, stored: InboxEvent, *, is_person: bool) -> UUID | None:
    """Take a doubtful event up again, now that the provider said who wrote it, inside the tenant's scope.

    Returns the thread to answer, or None if there is nothing to do.
    """
    message = provider_named(connection.provider).read(stored.payload, connection.bot_user_id)
    if message is None or not is_person:
        _set_aside(stored, NOT_A_PERSON)
        return None
    _lock(connection, message)
    thread = _known_thread(connection, message)
    reason = _why_unanswered(connection, message, thread)
    if reason:
        _set_aside(stored, reason)
        return None
    stored.state, stored.reason = InboxEvent.State.PENDING, ""
    stored.save(update_fields=["state", "reason"])
    return _hear(connection, stored, message, thread)


def _set_aside(stored: InboxEvent, reason: str) -> None:
    stored.state, stored.reason, stored.finished_at = InboxEvent.State.IGNORED, reason, timezone.now()
    stored.save(update_fields=["state", "reason", "finished_at"])


def _doubt(connection: Connection, message: InboundMessage) -> dict[str, str]:
    """How an event is stored whose author may be a machine; empty if a person wrote it."""
    if message.is_author_unsure and people.is_machine(connection, message.author) is not False:
        return {"state": InboxEvent.State.DOUBTFUL, "reason": WHO_WROTE}
    return {}


def _why_not(connection: Connection, event: InboundEvent, thread: Thread | None) -> str:
    """Why nobody answers this event; empty if somebody does."""
    message = event.message
    if message is None:
        return event.reason
    if message.is_author_unsure and people.is_machine(connection, message.author):
        return NOT_A_PERSON
    return _why_unanswered(connection, message, thread)


def _why_unanswered(connection: Connection, message: InboundMessage, thread: Thread | None) -> str:
    if not message.is_addressed and not _goes_on(connection, message, thread):
        return SAID_TO_OTHERS
    return "" if thread or connection.answering_agent() else "Nobody is employed here yet."


def _goes_on(connection: Connection, message: InboundMessage, thread: Thread | None) -> bool:
    """In a thread, whoever asked the employee there is heard without a new mention, unless they turn to others."""
    if thread is None or message.mentions_others or connection.only_when_mentioned:
        return False
    heard = InboxEvent.objects.filter(thread=thread).exclude(state=InboxEvent.State.IGNORED)
    before = Q(author="", turn__author__in=people.names_of(connection, message.author))  # from before it was noted
    return heard.filter(Q(author=message.author) | before).exists()


def _hear(connection: Connection, stored: InboxEvent, message: InboundMessage, thread: Thread | None) -> UUID:
    begins = thread is None
    thread = thread or _begin_thread(connection, message)
    conversation = _staffed(connection, thread, message)
    author = str(people.meet(connection, message.author))
    stored.thread = thread
    stored.turn = transcript.hear(conversation, author=author, text=message.text, said_at=message.said_at)
    stored.save(update_fields=["thread", "turn"])
    ledger.count_messages(runs.spender(conversation), timezone.now(), received=1)
    if begins:
        _adopt(connection, thread, message)
    return thread.id


def _lock(connection: Connection, message: InboundMessage) -> None:
    """One event of a thread at a time, so that a reply finds the thread that its mention begins."""
    with database.cursor() as cursor:
        key = f"{connection.id}:{message.thread_ids[-1]}"
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [key])


def _adopt(connection: Connection, thread: Thread, message: InboundMessage) -> None:
    """Replies that overtook the mention that begins their thread were taken for talk among others: hear them now.

    Those of the person who asked, that is; others would have to mention the employee.
    """
    replies = InboxEvent.objects.filter(
        connection=connection,
        state=InboxEvent.State.IGNORED,
        reason=SAID_TO_OTHERS,
        address=dict(message.address),
        position__gt=message.position,
        received_at__gt=timezone.now() - ADOPTED_WITHIN,
    )
    for reply in replies.order_by("position"):
        said = provider_named(connection.provider).read(reply.payload, connection.bot_user_id)
        if said and said.author == message.author and _goes_on(connection, said, thread):
            reply.state, reply.reason, reply.message_key = InboxEvent.State.PENDING, "", said.key
            reply.author, reply.is_readable = said.author, said.is_readable
            reply.save(update_fields=["state", "reason", "message_key", "author", "is_readable"])
            _hear(connection, reply, said, thread)


def _staffed(connection: Connection, thread: Thread, message: InboundMessage) -> Conversation:
    """The thread's conversation; a new one if its employee was let go and another answers here now."""
    successor = connection.answering_agent()
    if thread.conversation.agent.deleted_at and successor:
        thread.conversation = transcript.begin(successor, connection.provider, _title(message))
        thread.save(update_fields=["conversation"])
    return thread.conversation


def _title(message: InboundMessage) -> str:
    return message.title or message.text[:120]


def _ignore(connection: Connection, event: InboundEvent, reason: str) -> None:
    heard = {"position": event.message.position, "address": dict(event.message.address)} if event.message else {}
    ignored = _stored(connection, event, state=InboxEvent.State.IGNORED, reason=reason, **heard)
    InboxEvent.objects.insert_new(ignored)


def _end(connection: Connection, event: InboundEvent) -> None:
    if InboxEvent.objects.insert_new(_stored(connection, event, state=InboxEvent.State.DONE)):
        connections.ended_at_provider(connection, event.occurred_at)


def _stored(connection: Connection, event: InboundEvent, **fields: object) -> InboxEvent:
    return InboxEvent(
        connection=connection,
        provider=event.provider,
        external_account=event.account,
        event_id=event.event_id,
        kind=event.kind[:60],
        payload=event.payload,
        is_test=event.is_test,
        **{"position": 0, **fields},
    )


def _known_thread(connection: Connection, message: InboundMessage) -> Thread | None:
    threads = Thread.objects.select_related("conversation__agent")
    known = threads.filter(connection=connection, external_id__in=message.thread_ids)
    by_id = {thread.external_id: thread for thread in known}
    return next((by_id[each] for each in message.thread_ids if each in by_id), None)


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
        found = _known_thread(connection, message)
        if found is None:
            raise
        return found
