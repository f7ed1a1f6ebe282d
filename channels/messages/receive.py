"""What people said, stored once and answered once; what they change or delete finds what they said before."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from channels.connections import health
from channels.messages import addressing, corrections, hear
from channels.models import Connection, InboxEvent, Thread
from channels.providers.base import NOT_A_PERSON, Deletion, Edit, InboundEvent, InboundMessage
from channels.providers.registry import provider_named
from channels.scene import talk
from tenants.wordings import NOTHING, Reason, Wording

CORRECTION = Wording("channels.correction", _("About an earlier message."))


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
        hear.lock(connection, event.message)
    return _take_in(connection, event)


def _take_in(connection: Connection, event: InboundEvent) -> UUID | None:
    message = event.message
    if message is None:
        _ignore(connection, event, event.reason)
        return None
    thread = hear.thread_of(connection, message)
    reason = addressing.why_not(connection, message, thread)
    if reason:
        _ignore(connection, event, reason)
        return None
    state, doubt = addressing.standing(connection, message)
    stored = _stored(connection, event, message, state=state, reason=doubt)
    if not InboxEvent.objects.insert_new(stored):
        return _hear_twin(connection, event, message, thread)
    return None if doubt else hear.hear(connection, stored, message, thread)


def _hear_twin(
    connection: Connection, event: InboundEvent, message: InboundMessage, thread: Thread | None
) -> UUID | None:
    """A second event about a message. It counts if it shows that the message is for the employee."""
    known = corrections.find(event, message.key)
    if known is None or known.event_id == event.event_id or not (message.is_addressed and _is_talk(known)):
        return None
    known = corrections.locked(known.id)
    if not _is_talk(known):
        return None
    return hear.hear_after_all(connection, known, event.payload, message, thread)


def _is_talk(known: InboxEvent) -> bool:
    """May a twin show that it was addressed? Not where an edit, which came first, took the mention away."""
    return corrections.may_be_heard(known) and known.version is None


def _correct(connection: Connection, event: InboundEvent, correction: Edit | Deletion) -> UUID | None:
    """An earlier message is edited or deleted. If it has not arrived yet, its key is remembered."""
    if isinstance(correction, Edit):
        hear.lock(connection, correction.message)
    known = corrections.find(event, correction.key)
    if known is None and isinstance(correction, Edit):
        return _take_in(connection, _said_anew(event, correction))
    if known is None:
        gone = _stored(connection, replace(event, payload=""), message_key=correction.key, **corrections.gone())
        if InboxEvent.objects.insert_new(gone) or (known := corrections.find(event, correction.key)) is None:
            return None
    _ignore(connection, replace(event, message=None), CORRECTION())
    known = corrections.locked(known.id)
    if isinstance(correction, Deletion):
        return corrections.delete(known)
    return _change(connection, known, correction)


def _said_anew(event: InboundEvent, edit: Edit) -> InboundEvent:
    """An edit of an unknown message: it came before the message, or the message is very old.

    Of an old message, a mention that the edit adds is heard as if it were said now, and nothing else counts.
    """
    if edit.edited_at - edit.message.said_at < hear.ADOPTED_WITHIN:
        return replace(event, message=edit.message, payload=edit.payload)
    if edit.message.is_addressed:
        return replace(event, message=edit.as_said_now(), payload=edit.payload)
    return replace(event, reason=CORRECTION())


def _change(connection: Connection, known: InboxEvent, edit: Edit) -> UUID | None:
    """A mention that is added to what was said to others is heard as if it were said now."""
    if corrections.is_news(known, edit) and corrections.may_be_heard(known) and edit.message.is_addressed:
        message = edit.as_said_now()
        thread = hear.thread_of(connection, message)
        if not addressing.why_not(connection, message, thread):
            known.version = edit.version
            return hear.hear_after_all(connection, known, edit.payload, message, thread)
    reason = addressing.why_unanswered(connection, edit.message, known.thread)
    return corrections.edit(known, edit, is_for_others=reason == addressing.SAID_TO_OTHERS())


def believe(doubtful: InboxEvent, *, is_person: bool) -> UUID | None:
    """Pick up a doubtful event again, now that the provider said who wrote it, inside the tenant's scope.

    Returns the thread to answer, or None if there is nothing to do. If it was edited meanwhile, the edit counts.
    """
    connection = doubtful.connection
    first = _read(doubtful)
    if first:
        hear.lock(connection, first)  # before the row, as for every event
    events = InboxEvent.objects.select_for_update(no_key=True)
    stored = events.filter(id=doubtful.id, state=InboxEvent.State.DOUBTFUL).first()
    if stored is None:
        return None  # another worker was quicker, or it was deleted or erased
    message = _read(stored)
    if message is None or not is_person:
        _set_aside(stored, NOT_A_PERSON(), None)
        return None
    thread = hear.thread_of(connection, message)
    reason = addressing.why_unanswered(connection, message, thread)
    if reason:
        _set_aside(stored, reason, message)
        return None
    stored.state, stored.reason = InboxEvent.State.PENDING, NOTHING
    stored.is_readable = message.is_readable
    stored.save(update_fields=["state", "reason", "is_readable"])
    return hear.hear(connection, stored, _as_stored(stored, message), thread)


def doubt_for_good(doubtful: InboxEvent, reason: Reason) -> None:
    """Nobody said in time who wrote it: it is left alone, without its words."""
    events = InboxEvent.objects.select_for_update(no_key=True)
    stored = events.filter(id=doubtful.id, state=InboxEvent.State.DOUBTFUL).first()
    if stored:
        _set_aside(stored, reason, None)


def _read(stored: InboxEvent) -> InboundMessage | None:
    """What it says; None where its words are gone."""
    if not stored.payload:
        return None
    return provider_named(stored.provider).read(stored.payload, stored.connection.bot_user_id)


def _as_stored(stored: InboxEvent, message: InboundMessage) -> InboundMessage:
    """The message at its place in its thread: a mention that an edit added counts as said when the edit came in."""
    if stored.position == message.position:
        return message
    return replace(message, position=stored.position, said_at=stored.received_at)


def _set_aside(stored: InboxEvent, reason: Reason, talked: InboundMessage | None) -> None:
    stored.state, stored.reason, stored.finished_at = InboxEvent.State.IGNORED, reason, timezone.now()
    _keep_talk(stored, talked)
    stored.save(update_fields=["state", "reason", "finished_at", "place", "payload"])


def _keep_talk(ignored: InboxEvent, talked: InboundMessage | None) -> None:
    """Only what people said keeps its words, for as long as the workspace wants to keep talk."""
    if talked:
        ignored.place = talked.thread_ids[-1]
    if talked is None or not talk.is_kept():
        ignored.payload = ""


def _ignore(connection: Connection, event: InboundEvent, reason: Reason) -> None:
    """Nobody has to answer."""
    ignored = _stored(connection, event, event.message, state=InboxEvent.State.IGNORED, reason=reason)
    _keep_talk(ignored, event.message if reason.code in addressing.TALK else None)
    InboxEvent.objects.insert_new(ignored)


def _end(connection: Connection, event: InboundEvent) -> None:
    if InboxEvent.objects.insert_new(_stored(connection, event, state=InboxEvent.State.DONE)):
        health.ended_at_provider(connection, event.occurred_at)


def _stored(
    connection: Connection, event: InboundEvent, message: InboundMessage | None = None, **fields: Any
) -> InboxEvent:
    said = {
        "message_key": message.key,
        "author": message.author,
        "position": message.position,
        "address": dict(message.address),
        "is_readable": message.is_readable,
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
