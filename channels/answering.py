"""From what people said to an answer on its way: claim the conversation, ask, land the answer.

Nothing is held across the network: one short scope before the LLM works, one after. See docs/pipeline.md.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import connection as database
from django.utils import timezone

from agents import runs, transcript
from agents.llm import Completion, LLMError
from agents.models import Run
from agents.runs import Prepared, Refused
from channels import corrections, outbox, people, scenes
from channels.leases import kept
from channels.models import InboxEvent, InboxEventQuerySet, Thread
from tenants.scope import tenant_scope

log = logging.getLogger(__name__)

MOST_FAILURES = 5
APOLOGY = "Sorry, something went wrong on my side and I can't answer this. Please try again later."


@dataclass(frozen=True)
class Claim:
    """A conversation that this worker has, by its fencing number, and what it will ask."""

    tenant_id: UUID
    thread_id: UUID
    attempt: int
    run: Prepared


def answer(tenant_id: UUID, thread_id: UUID) -> None:
    """Answer what waits in a thread, if it is due and nobody else does. Harmless to call twice, or at any time."""
    people.introduce(tenant_id, thread_id)
    claim = _claim(tenant_id, thread_id)
    if claim and _attempt(claim, may_start_over=True):
        claim = _claim(tenant_id, thread_id, is_restart=True)
        if claim:
            _attempt(claim, may_start_over=False)


def _attempt(claim: Claim, *, may_start_over: bool) -> bool:
    """Ask and land. True if newer input arrived, so that the answer was dropped and the thread is to be done again."""
    database.close()  # the connection goes back to the pool while the LLM works
    try:
        with kept(claim.tenant_id, claim.thread_id, claim.attempt):
            completion = runs.ask(claim.run)
    except LLMError as error:
        _land_failure(claim, error)
        return False
    return _land(claim, completion, may_start_over=may_start_over)


def _claim(tenant_id: UUID, thread_id: UUID, *, is_restart: bool = False) -> Claim | None:
    """Take the conversation and prepare its run in one transaction; None if it is not due, or taken."""
    with tenant_scope(tenant_id):
        now = timezone.now()
        thread = _free_thread(thread_id, now)
        if thread is None:
            return None
        if corrections.drop_deleted(thread):  # whoever had it died with it
            runs.abandon(thread.conversation)
        # Read in this order, whatever was said is either among the events or not in the prompt.
        said = transcript.remembered(thread.conversation)
        events = list(InboxEvent.objects.unanswered().filter(thread=thread).select_related("turn"))
        if not events or not (is_restart or _is_due(thread, events, now)):
            return None
        runs.abandon(thread.conversation)
        if _keeps_failing(thread, events):
            return None
        thread.lease(now)
        ids = [event.id for event in events]
        InboxEvent.objects.filter(id__in=ids).update(state=InboxEvent.State.RUNNING, attempt=thread.attempt)
        asked = transcript.with_last(said, [event.turn for event in events if event.turn])
        prepared = runs.prepare(thread.conversation, thread.attempt, asked, scenes.scene_of(thread, asked, now))
        if isinstance(prepared, Refused):
            _land_refusal(thread, prepared)
            return None
        return Claim(tenant_id, thread_id, thread.attempt, prepared)


def _free_thread(thread_id: UUID, now: datetime) -> Thread | None:
    """The thread, locked, if nobody answers it and nothing of it is on its way out."""
    threads = Thread.objects.select_for_update(no_key=True, skip_locked=True, of=("self",))
    thread = threads.select_related("conversation__agent").filter(id=thread_id).first()
    if thread is None or thread.is_leased(now) or thread.deliveries.holding_up(now).exists():
        return None
    return thread


def _is_due(thread: Thread, events: Sequence[InboxEvent], now: datetime) -> bool:
    """A short quiet period lets quick messages get one answer; a failed try waits before the next."""
    if thread.is_waiting_to_retry(now):
        return False
    received = [event.received_at for event in events]
    quiet_until = max(received) + timedelta(seconds=settings.QUIET_SECONDS)
    at_the_latest = min(received) + timedelta(seconds=settings.QUIET_MAX_SECONDS)
    return now >= min(quiet_until, at_the_latest)


def _keeps_failing(thread: Thread, events: Sequence[InboxEvent]) -> bool:
    """A message whose worker died counts as a failure, so that one message cannot kill workers for ever."""
    if any(event.state == InboxEvent.State.RUNNING for event in events):
        thread.failures += 1
    if thread.failures < MOST_FAILURES:
        return False
    _give_up(thread, "Every try at an answer ended with its worker.")
    return True


def _land(claim: Claim, completion: Completion, *, may_start_over: bool) -> bool:
    with tenant_scope(claim.tenant_id):
        thread = _still_ours(claim)
        if thread is None:
            runs.supersede(claim.run, completion)
            return False
        if _is_moot(thread) or (may_start_over and _newer_input(thread).exists()):
            runs.supersede(claim.run, completion)
            _running(thread).update(state=InboxEvent.State.PENDING)
            thread.release(failures=thread.failures)
            return may_start_over and _newer_input(thread).exists()
        run, reply = runs.finish(claim.run, completion)
        _queue(thread, run, reply)
        return False


def _land_refusal(thread: Thread, refused: Refused) -> None:
    log.info("Refused by the quota: %s", refused.reason)
    run = Run.objects.get(id=refused.run_id)
    _queue(thread, run, refused.reply)


def _land_failure(claim: Claim, error: LLMError) -> None:
    """Try again later if that may help; otherwise say sorry once and let the conversation go on."""
    log.warning("No answer: %s", error)
    with tenant_scope(claim.tenant_id):
        thread = _still_ours(claim)  # locked before the call, as everywhere
        run = runs.fail(claim.run, error)
        if thread is None:
            return
        if _is_moot(thread):
            thread.release(failures=thread.failures)
        elif error.is_transient and thread.failures + 1 < MOST_FAILURES:
            _try_later(thread, error)
        else:
            _give_up(thread, str(error), run)


def _try_later(thread: Thread, error: LLMError) -> None:
    wait = max(error.retry_after or 0, settings.RETRY_SECONDS * 2**thread.failures)
    _running(thread).update(state=InboxEvent.State.PENDING)
    thread.release(failures=thread.failures + 1, retry_at=timezone.now() + timedelta(seconds=wait))


def _give_up(thread: Thread, reason: str, run: Run | None = None) -> None:
    """Terminal, visible and replayable; the end user gets one apology."""
    run = run or Run.objects.filter(conversation=thread.conversation).order_by("-attempt").first()
    events = InboxEvent.objects.unanswered().filter(thread=thread)
    address = _address_of(events)
    events.update(state=InboxEvent.State.FAILED, reason=reason, run=run, finished_at=timezone.now())
    thread.release()
    if run and not run.deliveries.exists():
        runs.apologise(run, APOLOGY)
        outbox.queue(thread, run, APOLOGY, address)


def _queue(thread: Thread, run: Run, text: str) -> None:
    events = _running(thread)
    address = _address_of(events)
    events.update(state=InboxEvent.State.ANSWERED, run=run)
    outbox.queue(thread, run, text, address)
    thread.release()


def _still_ours(claim: Claim) -> Thread | None:
    """The thread, locked, unless another worker has taken it over since."""
    threads = Thread.objects.select_for_update(no_key=True, of=("self",)).select_related("conversation__agent")
    return threads.filter(id=claim.thread_id, attempt=claim.attempt).first()


def _running(thread: Thread) -> InboxEventQuerySet:
    return InboxEvent.objects.filter(thread=thread, state=InboxEvent.State.RUNNING)


def _is_moot(thread: Thread) -> bool:
    """Was all that is being answered changed or deleted meanwhile?"""
    corrections.drop_deleted(thread)
    return not _running(thread).exists()


def _newer_input(thread: Thread) -> InboxEventQuerySet:
    return InboxEvent.objects.filter(thread=thread, state=InboxEvent.State.PENDING)


def _address_of(events: InboxEventQuerySet) -> dict[str, str]:
    """An answer goes where the last of what it answers was said."""
    return dict(events.order_by("-position").values_list("address", flat=True)[0])
