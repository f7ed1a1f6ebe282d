"""Hear what waits in a place and take its conversation, in one transaction; the LLM is asked after it.

Nothing is held across the network. Whatever happens, nothing is lost: a claim that fails is counted and tried again.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, OperationalError
from django.db.models import Exists, OuterRef
from django.utils import timezone

from agents import reasons
from agents.llm import calls
from agents.llm.calls import UnexpectedError
from agents.phrases import said
from agents.reasons import Cause
from agents.runs import steps, transcript
from agents.runs.steps import Prepared, Refused
from channels import phrases
from channels.messages import deliver, failures, waiting
from channels.messages.consignment import Dispatch
from channels.messages.incoming import corrections, hear
from channels.messages.incoming.room import Place, Room
from channels.messages.limits import loops, rates
from channels.messages.limits.look import Look, look
from channels.messages.limits.loops import Pause
from channels.messages.limits.rates import Hold
from channels.models import InboxEvent, Thread
from channels.progress import receipts
from channels.progress.audience import Audience, audience_of
from channels.providers.base import InboundMessage, Progress
from channels.scene import scenes, talk
from tenants.scope import tenant_scope
from tenants.wordings import Reason

log = logging.getLogger(__name__)

State = InboxEvent.State
MOST_TRIES = 3


@dataclass(frozen=True)
class Claim:
    """A conversation that this worker has, by its fencing number, and what it will ask.

    topic: under which the answer's words are told as they come; empty if nobody could hear them.
    """

    place: Place
    thread_id: UUID
    attempt: int
    run: Prepared
    audience: Audience
    progress: Progress
    topic: str = ""

    @property
    def tenant_id(self) -> UUID:
        return self.place.tenant_id


@dataclass(frozen=True)
class Strangers:
    """What came in is heard. Before it is answered, the provider is asked who these people are."""

    thread_id: UUID


Taken = Claim | Dispatch | Strangers | None
"""What a place needs next: its LLM asked, a message sent, people introduced, or nothing."""


def take_up(place: Place, *, is_restart: bool = False, are_introduced: bool = False) -> Taken:
    """Hear what waits in a place and claim it, if it is due and nobody else has it. Harmless at any time.

    is_restart: its answer was dropped for newer input, so that it is not waited for more. are_introduced: people whose
    names are unknown were asked for already.
    """
    try:
        calls.load()
        return _try_to_take_up(place, is_restart=is_restart, are_introduced=are_introduced)
    except Exception as error:
        log.exception("A conversation could not be taken up")
        return _count_failure(place, UnexpectedError(error))


def _try_to_take_up(place: Place, *, is_restart: bool, are_introduced: bool) -> Taken:
    """Again, if something was erased at this very moment: a person, a thread. A deadlock ends the same way."""
    for _try in range(MOST_TRIES - 1):
        try:
            with tenant_scope(place.tenant_id, lock=place.lock):
                return _take_up(place, is_restart=is_restart, are_introduced=are_introduced)
        except (IntegrityError, OperationalError) as error:
            log.info("A conversation is taken up again: %s", error)
    with tenant_scope(place.tenant_id, lock=place.lock):
        return _take_up(place, is_restart=is_restart, are_introduced=are_introduced)


def hear_all(place: Place) -> None:
    """Only hear what came in, whether it is due or not."""
    with tenant_scope(place.tenant_id, lock=place.lock):
        threads = waiting.threads_in(place)
        events = waiting.events_in(place, threads)
        if events:
            room, changed = _hear(threads, events, timezone.now())
            hear.write(changed)
            hear.count(room, timezone.now())


def _count_failure(place: Place, error: UnexpectedError) -> Dispatch | None:
    """One failure for what could not be heard, or else for the conversation that `_choose` has tried to claim."""
    try:
        hear_all(place)
    except Exception:
        log.exception("What came in could not be heard")
        failures.postpone(place, error)
        return None
    with tenant_scope(place.tenant_id):
        due = Thread.objects.due(timezone.now()).filter(connection=place.connection_id, place_id=place.place_id)
        chosen = (
            due.filter(Exists(InboxEvent.objects.unanswered().filter(thread=OuterRef("id")))).order_by("id").first()
        )
    return failures.count(place.tenant_id, chosen.id, error) if chosen else None


def _take_up(place: Place, *, is_restart: bool, are_introduced: bool) -> Taken:
    now = timezone.now()
    threads = waiting.threads_in(place)
    events = waiting.events_in(place, threads)
    if not events or not (is_restart or waiting.is_quiet(events, now)):
        return None
    room, changed = _hear(threads, events, now)
    rates.join_holds(changed, now)
    chosen = _choose([*threads, *room.begun], changed, now)
    step = _Attempt(place, room, *chosen, now).step(are_introduced=are_introduced) if chosen else None
    hear.write(changed)
    receipts.end(room.connection, changed)
    taken = step() if step else None
    hear.count(room, now)
    return taken


def _hear(threads: Sequence[Thread], events: Sequence[InboxEvent], now: datetime) -> tuple[Room, list[InboxEvent]]:
    """The room, and all events that wait there or were set aside, still to be written."""
    room = Room(threads[0].connection if threads else events[0].connection, threads)
    unheard = [event for event in events if event.state == State.RECEIVED]
    by_id = {thread.id: thread for thread in threads}
    for event in events:
        if event.thread_id in by_id:
            event.thread = by_id[event.thread_id]
    heard = [event for event in events if event.state != State.RECEIVED]
    return room, [*heard, *(hear.hear(room, unheard, now) if unheard else ())]


def _choose(
    threads: Sequence[Thread], changed: Sequence[InboxEvent], now: datetime
) -> tuple[Thread, list[InboxEvent]] | None:
    """The first conversation that nobody has and that may be tried now, with what waits in it."""
    for thread in threads:
        waits = [event for event in changed if event.thread_id == thread.id and event.state in InboxEvent.WAITING]
        if waits and not thread.is_leased(now) and not thread.is_waiting_to_retry(now):
            return thread, waits
    return None


class _Attempt:
    """One try at answering a conversation, under its lock. Decided first, so that its events are written once."""

    def __init__(self, place: Place, room: Room, thread: Thread, events: Sequence[InboxEvent], now: datetime) -> None:
        self.place, self.room, self.thread, self.now = place, room, thread, now
        self.events = self._without_deleted(events)
        self.is_begun = thread in room.begun

    def step(self, *, are_introduced: bool) -> Callable[[], Taken] | None:
        """What is to be done once the events are written; None where nothing can be done now."""
        thread = self.thread
        if thread.leased_until is not None:  # whoever had it died with it
            steps.abandon(thread.conversation)
            if any(event.state == State.RUNNING for event in self.events):
                thread.failures += 1
        if not self.events:
            return None
        if thread.failures >= failures.MOST_FAILURES:
            return self._give_up
        past = look(thread, {event.author for event in self.events}, self.now)
        return None if past.is_held_up else self._reply(past, are_introduced=are_introduced)

    def _reply(self, past: Look, *, are_introduced: bool) -> Callable[[], Taken] | None:
        pause = loops.pause_of(self.thread, self.events, past, self.now)
        if pause and pause.is_told:
            self._set_aside(pause.reason)
            return None
        hold = None if pause else rates.hold_of(self.events, past, self.now)
        if hold:
            return self._wait(hold)
        is_asked = not pause and any(event.is_readable for event in self.events)
        overheard = self._overheard() if is_asked else []
        if is_asked and not are_introduced and self.room.are_strangers(self._speakers(overheard)):
            return lambda: Strangers(self.thread.id)
        self.thread.lease(self.now)
        for event in self.events:
            event.state, event.attempt = State.RUNNING, self.thread.attempt
            event.taken_at = event.taken_at or self.now
        return (lambda: self._ask(overheard)) if is_asked else (lambda: self._reply_unasked(pause))

    def _without_deleted(self, events: Sequence[InboxEvent]) -> list[InboxEvent]:
        for event in events:
            if event.deleted_at:
                event.state, event.reason, event.finished_at = State.IGNORED, corrections.DELETED(), self.now
        return [event for event in events if not event.deleted_at]

    def _set_aside(self, reason: Reason) -> None:
        log.warning("Left unanswered: %s", reason)
        for event in self.events:  # its words are in the conversation
            event.state, event.reason, event.finished_at, event.payload = State.IGNORED, reason, self.now, ""

    def _wait(self, hold: Hold) -> Callable[[], Taken]:
        """Nothing is taken up before the minute is over. The first time, whoever writes is told."""
        log.info("Waits until %s: %s", hold.until, hold.reason)
        for event in self.events:
            event.held_until = hold.until
        self.thread.release(failures=0, retry_at=hold.until, attempt=self.thread.attempt + 1)
        return (lambda: None) if hold.is_told else (lambda: self._tell_to_wait(hold))

    def _tell_to_wait(self, hold: Hold) -> Dispatch:
        text = said(hold.sentence, self.thread.tenant.language)
        conversation, attempt = self.thread.conversation, self.thread.attempt
        turn = steps.reply_unasked(conversation, attempt, text, hold.reason, Cause.TOO_FAST)
        return deliver.queue(self.thread, turn, self.events[-1].address)

    def _speakers(self, overheard: Sequence[InboundMessage]) -> set[str]:
        asking = {event.author for event in self.events if event.author and not event.is_test}
        return asking | {message.author for message in overheard}

    def _overheard(self) -> list[InboundMessage]:
        has_threads = self.room.provider.capabilities.threads
        return talk.before(self.room.connection, self.thread.external_id, self.now) if has_threads else []

    def _ask(self, overheard: Sequence[InboundMessage]) -> Claim | Dispatch:
        asked = [event.turn for event in self.events if event.turn]
        turns = asked
        if not self.is_begun:
            turns = transcript.with_last(transcript.remembered(self.thread.conversation), asked)
        scene = scenes.scene_of(self.thread, turns, overheard, self.now)
        prepared = steps.prepare(self.thread.conversation, self.thread.attempt, turns, scene)
        if isinstance(prepared, Refused):
            log.info("Refused by the quota: %s", prepared.reason)
            return deliver.say(self.thread, prepared.turn, self.events)
        topic = self.room.provider.capabilities.topic_of
        heard_at = topic(self.events[-1].address) if topic else ""
        return Claim(self.place, self.thread.id, self.thread.attempt, prepared, *self._shown(), heard_at)

    def _shown(self) -> tuple[Audience, Progress]:
        """Who is shown that the employee is at work, and what."""
        newest = self.events[-1]
        title = self.thread.conversation.title
        working = Progress(Progress.What.WORKING, title, newest.message_key or "", newest.author)
        return audience_of(self.room.connection, newest.address), working

    def _reply_unasked(self, pause: Pause | None) -> Dispatch:
        """For a message without words, and as the last one of a loop: a fixed sentence that costs nothing."""
        text = said(phrases.PAUSED if pause else phrases.CANNOT_SEE, self.thread.tenant.language)
        why = (pause.reason, Cause.LOOP) if pause else ()
        turn = steps.reply_unasked(self.thread.conversation, self.thread.attempt, text, *why)
        return deliver.say(self.thread, turn, self.events)

    def _give_up(self) -> Dispatch | None:
        reason = failures.WORKERS_DIED()
        reasons.tell_staff(Cause.WORKER_DIED, reason)
        return failures.give_up(self.thread, reason, Cause.WORKER_DIED)
