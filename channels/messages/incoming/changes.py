"""What changes something that is stored: an edit, a deletion, the end of a connection, a provider's word on an author.

Messages themselves are received in one statement (see channels.messages.incoming.receive) and heard by a worker.
"""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from channels.connections import health
from channels.handles import people
from channels.messages.incoming import addressing, corrections, hear, stops
from channels.messages.incoming.room import Place, Room
from channels.models import Connection, InboxEvent, Thread
from channels.models.inbox import place_id_of
from channels.progress import receipts
from channels.providers.base import NOT_A_PERSON, Deletion, Edit, InboundEvent, InboundMessage, Stop
from channels.providers.registry import provider_named
from tenants.scope import current_tenant_id, hold_alone
from tenants.wordings import NOTHING, Reason, Wording

CORRECTION = Wording("channels.correction", _("About an earlier message."))


def accept(connection: Connection, event: InboundEvent) -> None:
    """Store an event that is no message, inside the tenant's scope, and do what it says.

    The event's unique keys absorb the provider's retries.
    """
    if event.ends_connection:
        _end(connection, event)
    elif event.correction:
        _correct(connection, event, event.correction)
    elif event.stop:
        _stop(connection, event, event.stop)
    elif event.moved:
        people.move(connection, event.moved.old, event.moved.new)
        _ignore(connection, event, event.reason)


def keep(connection: Connection, event: InboundEvent, message: InboundMessage, **fields: Any) -> InboxEvent | None:
    """Store a message to be heard; None if it is stored already."""
    stored = made(connection, event, message, state=InboxEvent.State.RECEIVED, **fields)
    return stored if InboxEvent.objects.insert_new(stored) else None


def made(
    connection: Connection, event: InboundEvent, message: InboundMessage | None = None, **fields: Any
) -> InboxEvent:
    """The row of an event, not stored yet."""
    now = timezone.now()
    quiet = timedelta(seconds=provider_named(connection.provider).quiet_seconds)
    said = {
        "message_key": message.key,
        "author": message.author,
        "position": message.position,
        "address": dict(message.address),
        "is_readable": message.is_readable,
        "is_addressed": message.is_addressed,
        "place_id": place_id_of(message.place),
        "due_at": now + quiet,
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
        **{"received_at": now, **said, **fields},
    )


def _correct(connection: Connection, event: InboundEvent, correction: Edit | Deletion) -> None:
    """An earlier message is edited or deleted. If it has not arrived yet, its key is remembered."""
    if isinstance(correction, Edit):
        _alone(connection, correction.message)
    known = corrections.find(event, correction.key)
    if known is None and isinstance(correction, Edit):
        _say_anew(connection, event, correction)
        return
    if known is None:
        gone = made(connection, replace(event, payload=""), message_key=correction.key, **corrections.gone())
        if InboxEvent.objects.insert_new(gone) or (known := corrections.find(event, correction.key)) is None:
            return
    _ignore(connection, replace(event, message=None), CORRECTION())
    known = corrections.locked(known.id)
    if isinstance(correction, Deletion):
        corrections.delete(known)
        receipts.end(connection, [known])
    else:
        _change(connection, known, correction)


def _alone(connection: Connection, message: InboundMessage) -> None:
    """While its place is heard, nothing that was said there is changed."""
    hold_alone(Place(current_tenant_id(), connection.id, place_id_of(message.place)).lock)


def _say_anew(connection: Connection, event: InboundEvent, edit: Edit) -> None:
    """An edit of an unknown message: it came before the message, or the message is very old.

    Of an old message, a mention that the edit adds is heard as if it were said now, and nothing else counts.
    """
    said_anew = replace(event, payload=edit.payload)
    if edit.edited_at - edit.message.said_at < hear.ADOPTED_WITHIN:
        keep(connection, said_anew, edit.message)
    elif edit.message.is_addressed:
        message = edit.as_said_now()
        keep(connection, said_anew, message, received_at=min(timezone.now(), message.said_at))
    else:
        _ignore(connection, event, CORRECTION())


def _change(connection: Connection, known: InboxEvent, edit: Edit) -> None:
    """A mention that is added to what was said to others is heard as if it were said now."""
    if corrections.is_news(known, edit) and corrections.may_be_heard(known) and edit.message.is_addressed:
        known.version = edit.version
        _hear_again(known, edit.as_said_now(), edit.payload)
        return
    reason = _room(connection, edit.message).why_not(edit.message, known.thread)
    corrections.edit(known, edit, is_for_others=reason == addressing.SAID_TO_OTHERS())


def _hear_again(known: InboxEvent, message: InboundMessage, payload: str) -> None:
    """What we took for talk among others is for the employee after all: as if it came in now. The caller locked it."""
    now = timezone.now()
    known.state, known.reason, known.finished_at = InboxEvent.State.RECEIVED, NOTHING, None
    known.place, known.attempt, known.is_addressed = "", 0, message.is_addressed
    known.payload, known.received_at = payload, min(now, message.said_at)  # the time of its turn
    known.due_at = now + timedelta(seconds=provider_named(known.provider).quiet_seconds)
    known.author, known.position, known.address = message.author, message.position, dict(message.address)
    known.place_id, known.is_readable = place_id_of(message.place), message.is_readable
    known.save()


def _room(connection: Connection, message: InboundMessage) -> Room:
    threads = Thread.objects.filter(connection=connection, place_id=place_id_of(message.place))
    return Room(connection, threads.select_related("conversation__agent"))


def believe(event_id: UUID, *, is_person: bool) -> bool:
    """Hear a doubtful event, now that the provider said who wrote it, inside the tenant's scope.

    False if there is nothing to hear: another worker was quicker, it was deleted or erased, or no person wrote it.
    """
    stored = _doubtful(event_id)
    if stored is None:
        return False
    if not is_person:
        _leave(stored, NOT_A_PERSON())
        return False
    stored.state, stored.reason, stored.attempt = InboxEvent.State.RECEIVED, NOTHING, 0
    stored.save(update_fields=["state", "reason", "attempt"])
    return True


def doubt_for_good(event_id: UUID, reason: Reason) -> None:
    """Nobody said in time who wrote it: it is left alone, without its words."""
    stored = _doubtful(event_id)
    if stored:
        _leave(stored, reason)


def _doubtful(event_id: UUID) -> InboxEvent | None:
    events = InboxEvent.objects.select_for_update(no_key=True)
    return events.filter(id=event_id, state=InboxEvent.State.DOUBTFUL).first()


def _leave(stored: InboxEvent, reason: Reason) -> None:
    stored.state, stored.reason, stored.finished_at = InboxEvent.State.IGNORED, reason, timezone.now()
    stored.payload = ""
    stored.save(update_fields=["state", "reason", "finished_at", "payload"])


def _ignore(connection: Connection, event: InboundEvent, reason: Reason) -> None:
    """Nobody has to answer: its words are not kept."""
    ignored = made(connection, replace(event, payload=""), state=InboxEvent.State.IGNORED, reason=reason)
    ignored.finished_at = timezone.now()
    InboxEvent.objects.insert_new(ignored)


def _stop(connection: Connection, event: InboundEvent, stop: Stop) -> None:
    """Only once: a repeat may come while a later question is answered."""
    if InboxEvent.objects.insert_new(made(connection, replace(event, payload=""), state=InboxEvent.State.DONE)):
        stops.stop(connection, stop)


def _end(connection: Connection, event: InboundEvent) -> None:
    if InboxEvent.objects.insert_new(made(connection, event, state=InboxEvent.State.DONE)):
        health.ended_at_provider(connection, event.occurred_at)
