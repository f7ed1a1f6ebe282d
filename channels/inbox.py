"""What people said, stored once and answered once."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db import connection as database
from django.utils import timezone

from agents import runs, transcript
from agents.models import Conversation
from channels import connections, corrections, people, talk
from channels.models import Connection, InboxEvent, Thread
from channels.providers import provider_named
from channels.providers.base import Deletion, Edit, InboundEvent, InboundMessage
from usage import ledger

SAID_TO_OTHERS = "Said to others."
CORRECTION = "About a message that was said before."
ADOPTED_WITHIN = timedelta(minutes=10)
"""Slack brings an event again after a minute and after five."""


def accept(connection: Connection, event: InboundEvent) -> UUID | None:
    """Store an event inside the tenant's scope. Returns the thread to answer, or None if there is nothing to do.

    The event's unique keys absorb the provider's retries, and twin events about one message.
    """
    if event.ends_connection:
        _end(connection, event)
        return None
    if event.correction:
        return _correct(connection, event, event.correction)
    if event.message:
        _lock(connection, event.message)
    return _take_in(connection, event)


def _take_in(connection: Connection, event: InboundEvent) -> UUID | None:
    message = event.message
    thread = _known_thread(connection, message) if message else None
    reason = _why_not(connection, event, thread)
    if message is None or reason:
        _ignore(connection, event, reason)
        return None
    stored = _stored(connection, event, message)
    if not InboxEvent.objects.insert_new(stored):
        return _hear_twin(connection, event, message, thread)
    return _hear(connection, stored, message, thread)


def _correct(connection: Connection, event: InboundEvent, correction: Edit | Deletion) -> UUID | None:
    """What somebody said before is changed or deleted; what is not known yet is remembered under its key."""
    if isinstance(correction, Edit):
        _lock(connection, correction.message)
    known = corrections.find(event, correction.key)
    if known is None and isinstance(correction, Edit):
        return _take_in(connection, _said_anew(event, correction))
    if known is None:
        gone = _stored(connection, replace(event, payload=""), message_key=correction.key, **corrections.gone())
        if InboxEvent.objects.insert_new(gone) or (known := corrections.find(event, correction.key)) is None:
            return None
    _ignore(connection, replace(event, message=None), CORRECTION)
    known = corrections.locked(known.id)
    if isinstance(correction, Deletion):
        return corrections.delete(known)
    if corrections.is_news(known, correction) and corrections.may_be_heard(known):
        return _hear_edited(connection, event, known, correction)
    return corrections.edit(known, correction)


def _said_anew(event: InboundEvent, edit: Edit) -> InboundEvent:
    """An edit of what is not known here: it overtook the message, or the message was said long ago.

    Then a mention that it adds is heard as if it were said now, and nothing else counts.
    """
    if edit.edited_at - edit.message.said_at < ADOPTED_WITHIN:
        return replace(event, message=edit.message, payload=edit.payload)
    if edit.message.is_addressed:
        return replace(event, message=edit.as_said_now(), payload=edit.payload)
    return replace(event, reason=CORRECTION)


def _hear_edited(connection: Connection, event: InboundEvent, known: InboxEvent, edit: Edit) -> UUID | None:
    """Somebody changed what was said to others: a mention that was added is heard as if it were said now."""
    message = edit.as_said_now()
    thread = _known_thread(connection, message)
    if not message.is_addressed or _why_not(connection, replace(event, message=message), thread):
        return corrections.edit(known, edit)
    known.version = edit.version
    return _hear_after_all(connection, known, edit.payload, message, thread)


def _hear_twin(
    connection: Connection, event: InboundEvent, message: InboundMessage, thread: Thread | None
) -> UUID | None:
    """A second event about a message. One that shows that it was addressed counts, and others are absorbed."""
    known = corrections.find(event, message.key)
    if known is None or known.event_id == event.event_id or not (message.is_addressed and _is_talk(known)):
        return None
    known = corrections.locked(known.id)
    if not _is_talk(known):
        return None
    return _hear_after_all(connection, known, event.payload, message, thread)


def _is_talk(known: InboxEvent) -> bool:
    """May a twin show that it was addressed? Not where an edit, which came first, took the mention away."""
    return corrections.may_be_heard(known) and known.version is None


def _hear_after_all(
    connection: Connection, known: InboxEvent, payload: str, message: InboundMessage, thread: Thread | None
) -> UUID:
    known.state, known.reason, known.place = InboxEvent.State.PENDING, "", ""
    known.payload, known.received_at = payload, timezone.now()
    known.author, known.position, known.address = message.author, message.position, dict(message.address)
    known.save()
    return _hear(connection, known, message, thread)


def _why_not(connection: Connection, event: InboundEvent, thread: Thread | None) -> str:
    """Why nobody answers this event; empty if somebody does."""
    if event.message is None:
        return event.reason
    if thread:
        return ""
    if not event.message.is_addressed:
        return SAID_TO_OTHERS
    return "" if connection.answering_agent() else "Nobody is employed here yet."


def _hear(connection: Connection, stored: InboxEvent, message: InboundMessage, thread: Thread | None) -> UUID:
    if thread is None:
        thread = _begin_thread(connection, message)
        _adopt(connection, thread, message)
    conversation = _staffed(connection, thread, message)
    author = str(people.meet(connection, message.author))
    stored.thread = thread
    stored.turn = transcript.hear(conversation, author=author, text=message.text, said_at=message.said_at)
    stored.save(update_fields=["thread", "turn"])
    ledger.count_messages(runs.spender(conversation), timezone.now(), received=1)
    return thread.id


def _lock(connection: Connection, message: InboundMessage) -> None:
    """One event of a thread at a time, so that a reply finds the thread that its mention begins."""
    with database.cursor() as cursor:
        key = f"{connection.id}:{message.thread_ids[-1]}"
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [key])


def _adopt(connection: Connection, thread: Thread, message: InboundMessage) -> None:
    """Replies that overtook the mention that begins their thread were taken for talk among others: hear them now."""
    replies = InboxEvent.objects.filter(
        connection=connection,
        state=InboxEvent.State.IGNORED,
        reason=SAID_TO_OTHERS,
        place=message.thread_ids[-1],
        position__gt=message.position,
        received_at__gt=timezone.now() - ADOPTED_WITHIN,
    ).exclude(payload="")
    for reply in replies.select_for_update(no_key=True).order_by("position"):
        said = provider_named(connection.provider).read(reply.payload, connection.bot_user_id)
        if said:
            reply.state, reply.reason, reply.place = InboxEvent.State.PENDING, "", ""
            reply.save(update_fields=["state", "reason", "place"])
            _hear(connection, reply, said, thread)


def _staffed(connection: Connection, thread: Thread, message: InboundMessage) -> Conversation:
    """The thread's conversation; a new one if its employee was let go and another answers here now."""
    successor = connection.answering_agent()
    if thread.conversation.agent.deleted_at and successor:
        thread.conversation = transcript.begin(successor, connection.provider, _title(message))
        thread.save(update_fields=["conversation"])
    return thread.conversation


def _title(message: InboundMessage) -> str:
    return message.title or transcript.title_of(message.text)


def _ignore(connection: Connection, event: InboundEvent, reason: str) -> None:
    """Nobody has to answer. Only what was said keeps its words, for as long as the workspace wants to keep talk."""
    message = event.message
    ignored = _stored(connection, event, message, state=InboxEvent.State.IGNORED, reason=reason)
    if message:
        ignored.place = message.thread_ids[-1]
    if message is None or not talk.is_kept():
        ignored.payload = ""
    InboxEvent.objects.insert_new(ignored)


def _end(connection: Connection, event: InboundEvent) -> None:
    if InboxEvent.objects.insert_new(_stored(connection, event, state=InboxEvent.State.DONE)):
        connections.ended_at_provider(connection, event.occurred_at)


def _stored(
    connection: Connection, event: InboundEvent, message: InboundMessage | None = None, **fields: Any
) -> InboxEvent:
    said = {
        "message_key": message.key,
        "author": message.author,
        "position": message.position,
        "address": dict(message.address),
    } if message else {"position": 0}  # fmt: skip
    return InboxEvent(
        connection=connection,
        provider=event.provider,
        external_account=event.account,
        event_id=event.event_id,
        kind=event.kind[:60],
        payload=event.payload,
        is_test=event.is_test,
        version=event.correction.version if message and isinstance(event.correction, Edit) else None,
        **{**said, **fields},
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
