"""From what people said to an answer on its way: claim the conversation, ask, land the answer.

Nothing is held across the network: one short scope before the LLM works, one after. See docs/pipeline.md.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from django.db import connection as database
from django.utils import timezone

from agents import reasons
from agents.llm import calls
from agents.llm.calls import Completion, LLMError, LLMTooLongError, UnexpectedError
from agents.models import Turn
from agents.phrases import said
from agents.reasons import Cause
from agents.runs import steps, transcript
from agents.runs.steps import Prepared, Refused
from channels import phrases
from channels.messages import corrections, deliver, failures, loops, waiting
from channels.messages.loops import Pause
from channels.models import InboxEvent, Thread
from channels.scene import introductions, scenes
from tenants.jobs.keeper import Ending, kept
from tenants.outbound.event_loop import Cancellation, CancelledError
from tenants.scope import tenant_scope
from tenants.wordings import Reason

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Claim:
    """A conversation that this worker has, by its fencing number, and what it will ask."""

    tenant_id: UUID
    thread_id: UUID
    attempt: int
    run: Prepared


def answer(tenant_id: UUID, thread_id: UUID) -> None:
    """Answer what waits in a thread, if it is due and nobody else does. Harmless to call twice, or at any time."""
    _introduce(tenant_id, thread_id)
    claim = _claimed(tenant_id, thread_id)
    if claim and _attempt(claim, may_start_over=True):
        claim = _claimed(tenant_id, thread_id, is_restart=True)
        if claim:
            _attempt(claim, may_start_over=False)


def _introduce(tenant_id: UUID, thread_id: UUID) -> None:
    """Names make an answer better; without them there is one all the same."""
    try:
        introductions.introduce(tenant_id, thread_id)
    except Exception:
        log.exception("Names could not be asked for")


def _claimed(tenant_id: UUID, thread_id: UUID, *, is_restart: bool = False) -> Claim | None:
    """A claim; where none could be made for a reason that nobody expected, one failure is counted instead."""
    try:
        calls.load()
        return _claim(tenant_id, thread_id, is_restart=is_restart)
    except Exception as error:
        log.exception("A conversation could not be prepared")
        failures.count(tenant_id, thread_id, UnexpectedError(error))
        return None


def _attempt(claim: Claim, *, may_start_over: bool) -> bool:
    """Ask and land. True if newer input arrived, so that the answer was dropped and the thread is to be done again.

    Whatever happens, the lease is free afterwards: only a worker that died lets others wait for it.
    """
    database.close()  # the connection goes back to the pool while the LLM works
    completion = None
    try:
        claim, completion = _ask(claim)
        return _land(claim, completion, may_start_over=may_start_over)
    except CancelledError:
        log.info("Thread %s was taken over while the LLM was thinking.", claim.thread_id)
        with tenant_scope(claim.tenant_id):
            steps.lose(claim.run)
    except LLMError as error:
        _end(claim, error)
    except Exception as error:
        log.exception("An answer could not be made")
        _end(claim, UnexpectedError(error, completion.tokens if completion else None))
    return False


def _ask(claim: Claim) -> tuple[Claim, Completion]:
    """Ask the LLM; where the model cannot read this much, once more with less. Raises LLMError and CancelledError.

    Once the conversation is overtaken, nobody waits for the answer: it would be dropped, and whoever overtook has
    settled the call at its estimate in the same transaction, so waiting changes neither the bill nor what is said. When
    the process stops, the answer is waited for: it is paid for, and can still be sent.
    """
    cancellation = Cancellation()

    def end(ending: Ending) -> None:
        if ending is Ending.OVERTAKEN:
            cancellation.cancel()

    with kept(Thread, claim.thread_id, claim.attempt, on_end=end):
        try:
            return claim, steps.ask(claim.run, cancellation)
        except LLMTooLongError as error:
            shorter = _with_less(claim, error)
            if shorter is None:
                raise
        return shorter, steps.ask(shorter.run, cancellation)


def _with_less(claim: Claim, error: LLMError) -> Claim | None:
    log.warning("Asked again with less: %s %s", error, error.details)
    with tenant_scope(claim.tenant_id):
        thread = waiting.still_ours(claim.thread_id, claim.attempt)
        run = steps.ask_for_less(claim.run, error) if thread and not waiting.is_moot(thread) else None
    database.close()
    return replace(claim, run=run) if run else None


def _end(claim: Claim, error: LLMError) -> None:
    """End an attempt that brought no answer. If not even that works, one failure is counted and the lease is free."""
    try:
        _land_failure(claim, error)
    except Exception as fault:
        log.exception("A failure could not be landed")
        failures.count(claim.tenant_id, claim.thread_id, UnexpectedError(fault), attempt=claim.attempt)


def _claim(tenant_id: UUID, thread_id: UUID, *, is_restart: bool = False) -> Claim | None:
    """Take the conversation and prepare its run in one transaction; None if it is not due, or taken."""
    with tenant_scope(tenant_id):
        now = timezone.now()
        thread = waiting.free_thread(thread_id, now)
        if thread is None:
            return None
        if corrections.drop_deleted(thread):  # whoever had it died with it
            steps.abandon(thread.conversation)
        # Read in this order, whatever was said is either among the events or not in the prompt.
        remembered = transcript.remembered(thread.conversation)
        events = list(InboxEvent.objects.unanswered().filter(thread=thread).select_related("turn"))
        if not events or not (is_restart or waiting.is_due(thread, events, now)):
            return None
        steps.abandon(thread.conversation)
        if failures.keeps_failing(thread, events):
            return None
        pause = loops.pause_of(thread, events, now)
        if pause and pause.is_told:
            _set_aside(events, pause.reason, now)
            return None
        thread.lease(now)
        ids = [event.id for event in events]
        InboxEvent.objects.filter(id__in=ids).update(state=InboxEvent.State.RUNNING, attempt=thread.attempt)
        if pause or not any(event.is_readable for event in events):
            _reply_unasked(thread, pause)
            return None
        asked = transcript.with_last(remembered, [event.turn for event in events if event.turn])
        prepared = steps.prepare(thread.conversation, thread.attempt, asked, scenes.scene_of(thread, asked, now))
        if isinstance(prepared, Refused):
            _land_refusal(thread, prepared)
            return None
        return Claim(tenant_id, thread_id, thread.attempt, prepared)


def _set_aside(events: Sequence[InboxEvent], reason: Reason, now: datetime) -> None:
    log.warning("Left unanswered: %s", reason)
    ids = [event.id for event in events]
    aside = {"state": InboxEvent.State.IGNORED, "reason": reason, "finished_at": now}
    InboxEvent.objects.filter(id__in=ids).update(**aside, payload="")  # its words are in the conversation


def _reply_unasked(thread: Thread, pause: Pause | None) -> None:
    """For a message without words, and as the last one of a loop: a fixed sentence that costs nothing."""
    text = said(phrases.PAUSED if pause else phrases.CANNOT_SEE, thread.tenant.language)
    why = (pause.reason, Cause.LOOP) if pause else ()
    _queue(thread, steps.reply_unasked(thread.conversation, thread.attempt, text, *why))


def _land(claim: Claim, completion: Completion, *, may_start_over: bool) -> bool:
    with tenant_scope(claim.tenant_id):
        thread = waiting.still_ours(claim.thread_id, claim.attempt)
        if thread is None:
            steps.supersede(claim.run, completion)
            return False
        if waiting.is_moot(thread) or (may_start_over and waiting.newer_input(thread).exists()):
            steps.supersede(claim.run, completion)
            waiting.running(thread).update(state=InboxEvent.State.PENDING)
            thread.release(failures=thread.failures)
            return may_start_over and waiting.newer_input(thread).exists()
        _queue(thread, steps.finish(claim.run, completion))
        return False


def _land_refusal(thread: Thread, refused: Refused) -> None:
    log.info("Refused by the quota: %s", refused.reason)
    _queue(thread, refused.turn)


def _land_failure(claim: Claim, error: LLMError) -> None:
    """Try again later if that may help; otherwise say sorry once and let the conversation go on."""
    log.warning("No answer: %s %s", error, error.details)
    with tenant_scope(claim.tenant_id):
        thread = waiting.still_ours(claim.thread_id, claim.attempt)  # locked before the call, as everywhere
        run = steps.fail(claim.run, error)
        if thread is None:
            return
        if waiting.is_moot(thread):
            thread.release(failures=thread.failures)
            return
        if error.is_transient and not failures.is_last(thread):
            failures.try_later(thread, error)
            return
        failures.give_up(thread, error.reason, reasons.cause_of(error), run)
    reasons.tell_staff(reasons.cause_of(error), error.reason)


def _queue(thread: Thread, turn: Turn) -> None:
    events = waiting.running(thread)
    address = waiting.address_of(events)
    events.update(state=InboxEvent.State.ANSWERED, run=turn.run)
    deliver.queue(thread, turn, address)
    thread.release()
