"""How what came in becomes part of conversations, for all that waits in one place at once.

Each message's thread is found or begun, and what it says is added as the next turn; what nobody has to answer is set
aside. Hearing changes the events in memory, so that whoever takes the conversation up writes them once: see `write`.
"""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from agents.runs import settlement, transcript
from channels.media import shelf
from channels.messages.incoming import addressing
from channels.messages.incoming.room import Room
from channels.models import InboxEvent, Thread
from channels.providers.base import InboundMessage
from tenants.wordings import NOTHING, Reason, Wording
from usage.ledger import records

log = logging.getLogger(__name__)

ADOPTED_WITHIN = timedelta(minutes=10)
"""Providers bring an event again after minutes, such as one and five."""
MOST_ADOPTED = 20
NOTHING_SAID = Wording("channels.nothing_said", _("Nothing to answer."))
CHANGED = (
    "state", "reason", "thread", "turn", "attempt", "place", "payload", "is_readable", "received_at", "finished_at",
    "taken_at", "held_until",
)  # fmt: skip
"""The columns of an event that hearing and claiming may change."""

Said = tuple[InboxEvent, InboundMessage]


def hear(room: Room, events: Iterable[InboxEvent], now: datetime) -> list[InboxEvent]:
    """Hear these events of a place, in its provider's order; returns all that changed. Inside the tenant's scope."""
    changed, said = list(events), []
    for event in changed:
        message = _read(room, event)
        if message:
            said.append((event, message))
        else:
            set_aside(room, event, NOTHING_SAID(), None, now)
    return [*changed, *hear_said(room, said, now)]


def hear_said(room: Room, said: Sequence[Said], now: datetime) -> list[InboxEvent]:
    """The same for events whose messages are read already; returns what changed besides them."""
    room.look_up(m.author for _, m in said if m.is_addressed or m.is_author_unsure or room.thread_of(m))
    taken: list[tuple[Thread, Said]] = []
    for event, message in said:
        thread = _judge(room, event, message, now)
        if thread:
            taken.append((thread, (event, message)))
    adopted = [(thread, each) for thread in room.begun for each in _adopted(room, thread, taken, now)]
    for _thread, (event, message) in adopted:
        if room.is_in_doubt(message):
            _doubt(event)
    certain = [each for each in adopted if each[1][0].state != InboxEvent.State.DOUBTFUL]
    _take_in(room, [*taken, *certain])
    return [event for _, (event, _) in adopted]


def write(events: Sequence[InboxEvent]) -> None:
    """Store what hearing and claiming changed, in one statement."""
    if len(events) == 1:
        events[0].save(update_fields=CHANGED)
    elif events:
        InboxEvent.objects.bulk_update(events, CHANGED)


def count(room: Room, now: datetime) -> None:
    """Count what was heard. As late as possible, since it locks the employee's day, and in a fixed order."""
    for spender, messages in sorted(room.heard, key=lambda each: each[0].agent_id):
        records.count_messages(spender, now, received=messages)


def set_aside(room: Room, event: InboxEvent, reason: Reason, talked: InboundMessage | None, now: datetime) -> None:
    """Nobody has to answer. Only talk among others keeps its words, for as long as the workspace keeps talk."""
    event.state, event.reason, event.finished_at = InboxEvent.State.IGNORED, reason, now
    is_talk = talked is not None and reason.code in addressing.TALK
    event.place = talked.thread_ids[-1] if talked and is_talk else ""
    if not (is_talk and room.connection.tenant.overheard_hours):
        event.payload = ""


def _read(room: Room, event: InboxEvent) -> InboundMessage | None:
    """What an event says; None where its words are gone, or where it turns out to be no message."""
    if not event.payload:
        return None
    try:
        message = room.provider.read(event.payload, room.connection.bot_user_id)
    except ValueError as error:
        log.warning("Event %s cannot be read: %s", event.id, error)
        return None
    if message is None:
        return None
    if event.position != message.position:  # an edit that added a mention counts as said when it came in
        message = replace(message, position=event.position, said_at=event.received_at)
    return replace(message, is_addressed=message.is_addressed or event.is_addressed)


def _judge(room: Room, event: InboxEvent, message: InboundMessage, now: datetime) -> Thread | None:
    """The thread in which an event waits for an answer; None if nobody has to answer, or not yet."""
    room.follow(message)
    thread = room.thread_of(message)
    reason = room.why_not(message, thread)
    if reason:
        set_aside(room, event, reason, message, now)
        return None
    if room.is_in_doubt(message):
        _doubt(event)
        return None
    thread = thread or room.begin(message)
    room.note_asked(thread, message.author)
    return thread


def _adopted(room: Room, thread: Thread, taken: Iterable[tuple[Thread, Said]], now: datetime) -> list[Said]:
    """Replies that arrived before the mention that begins their thread, and so were taken for talk among others.

    Only those of the person who asked: others have to mention the employee.
    """
    if not room.provider.capabilities.threads:
        return []
    first = next(message for its, (_, message) in taken if its is thread)
    replies = InboxEvent.objects.overheard().filter(
        connection=room.connection,
        reason=addressing.SAID_TO_OTHERS(),
        place=first.thread_ids[-1],
        author=first.author,
        position__gt=first.position,
        received_at__gt=now - ADOPTED_WITHIN,
    )
    found = replies.select_for_update(no_key=True).order_by("position")[:MOST_ADOPTED]
    read = [(reply, _read(room, reply)) for reply in found]
    said = [(reply, message) for reply, message in read if message and room.goes_on(message, thread)]
    for reply, _message in said:
        reply.attempt, reply.received_at = 0, now
    return said


def _doubt(event: InboxEvent) -> None:
    """The provider has to say first whether a person wrote it."""
    event.state, event.reason, event.attempt = InboxEvent.State.DOUBTFUL, addressing.WHO_WROTE(), 0
    event.place, event.finished_at = "", None


def _take_in(room: Room, taken: Sequence[tuple[Thread, Said]]) -> None:
    """Add what people said as turns."""
    room.meet({message.author: message.author_name for _, (_, message) in taken})
    by_thread: dict[UUID, tuple[Thread, list[Said]]] = {}
    noted: list[shelf.Noted] = []
    for thread, said in taken:
        by_thread.setdefault(thread.id, (thread, []))[1].append(said)
    for thread, all_said in by_thread.values():
        all_said.sort(key=lambda each: each[1].position)
        conversation = room.staffed(thread, [message for _, message in all_said])
        words = [transcript.Said(room.met(m.author).person, m.text, m.said_at) for _, m in all_said]
        for (event, message), turn in zip(all_said, transcript.hear_all(conversation, words), strict=True):
            event.thread, event.turn, event.is_readable = thread, turn, message.is_readable
            noted.append((turn.id, room.connection.id, message.files))
            event.state, event.reason, event.place, event.finished_at = InboxEvent.State.PENDING, NOTHING, "", None
        room.heard.append((settlement.spender(conversation), len(all_said)))
    shelf.note(noted)
