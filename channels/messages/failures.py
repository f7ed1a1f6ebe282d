"""Answers that could not be made: when another try follows, and how a conversation goes on after the last one."""

import logging
import random
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from agents import reasons
from agents.llm.calls import LONGEST_WAIT, LLMError
from agents.models import Run, Turn
from agents.phrases import said
from agents.reasons import Cause
from agents.runs import steps
from channels import phrases
from channels.messages import deliver, waiting
from channels.models import InboxEvent, Thread
from tenants.scope import tenant_scope
from tenants.wordings import Reason, Wording

log = logging.getLogger(__name__)

MOST_FAILURES = 5
LONGEST_BACKOFF = 30.0
"""Seconds between tries if the provider does not say how long to wait."""
WORKERS_DIED = Wording("channels.workers_died", _("Every try at an answer ended with its worker."))


def is_last(thread: Thread) -> bool:
    """Does no try follow the one that fails now?"""
    return thread.failures + 1 >= MOST_FAILURES


def keeps_failing(thread: Thread, events: Sequence[InboxEvent]) -> bool:
    """A message whose worker died counts as a failure, so that one message cannot kill workers for ever."""
    if any(event.state == InboxEvent.State.RUNNING for event in events):
        thread.failures += 1
    if thread.failures < MOST_FAILURES:
        return False
    reason = WORKERS_DIED()
    give_up(thread, reason, Cause.WORKER_DIED)
    reasons.tell_staff(Cause.WORKER_DIED, reason)
    return True


def count(tenant_id: UUID, thread_id: UUID, error: LLMError, attempt: int | None = None) -> None:
    """One failure without a run of its own. attempt: of the lease that ends with it; None: there was none."""
    with tenant_scope(tenant_id):
        threads = Thread.objects.select_for_update(no_key=True, of=("self",)).select_related("conversation__agent")
        thread = threads.filter(id=thread_id).first()
        if thread is None or (thread.is_leased(timezone.now()) and thread.attempt != attempt):
            return
        if not InboxEvent.objects.unanswered().filter(thread=thread).exists():
            return
        if not is_last(thread):
            try_later(thread, error)
            return
        if waiting.is_over(thread):
            thread.release()
            return
        _settle_what_is_open(thread)
        thread.overtake()
        run = steps.failed(thread.conversation, thread.attempt, error)
        give_up(thread, error.reason, run.cause, run)
    reasons.tell_staff(reasons.cause_of(error), error.reason)


def _settle_what_is_open(thread: Thread) -> None:
    try:
        with transaction.atomic():
            steps.abandon(thread.conversation)
    except Exception:  # it may be what made the conversation fail: the apology goes out all the same
        log.exception("Calls of a conversation could not be settled")


def try_later(thread: Thread, error: LLMError) -> None:
    """What the provider asks for, or longer each time; never all at once, and never more than a minute."""
    pause = min(settings.RETRY_SECONDS * 2**thread.failures, LONGEST_BACKOFF)
    wait = min(max(error.retry_after or 0, pause) * random.uniform(1, 1.2), LONGEST_WAIT)  # noqa: S311 - no secret
    waiting.running(thread).update(state=InboxEvent.State.PENDING)
    thread.release(failures=thread.failures + 1, retry_at=timezone.now() + timedelta(seconds=wait))


def give_up(thread: Thread, reason: Reason, cause: str, run: Run | None = None) -> None:
    """Final, visible, and can be replayed; the end user gets one apology."""
    run = run or Run.objects.filter(conversation=thread.conversation).order_by("-attempt").first()
    events = InboxEvent.objects.unanswered().filter(thread=thread)
    address = waiting.address_of(events)
    events.update(state=InboxEvent.State.FAILED, reason=reason, cause=cause, run=run, finished_at=timezone.now())
    thread.release()
    if run and not Turn.objects.filter(run=run).exists():
        apology = steps.apologise(run, said(phrases.APOLOGY, thread.tenant.language))
        deliver.queue(thread, apology, address)
