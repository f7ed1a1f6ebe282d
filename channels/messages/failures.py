"""Answers that could not be made: when another try follows, and how a conversation goes on after the last one."""

import logging
import random
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F, Max
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from agents import reasons
from agents.llm.calls import LONGEST_WAIT, LLMError
from agents.models import Run, Turn
from agents.phrases import said
from agents.runs import steps
from channels import phrases
from channels.messages import deliver, waiting
from channels.messages.consignment import Dispatch
from channels.messages.incoming.room import Place
from channels.models import InboxEvent, Thread
from channels.progress.audience import end_once_saved
from channels.providers.base import Progress
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


def count(tenant_id: UUID, thread_id: UUID, error: LLMError, attempt: int | None = None) -> Dispatch | None:
    """One failure without a run of its own; the apology to send, if it was the last.

    attempt: of the lease that ends with it; None: there was none.
    """
    with tenant_scope(tenant_id):
        threads = Thread.objects.select_for_update(no_key=True, of=("self",)).select_related(
            "conversation__agent", "connection", "tenant"
        )
        thread = threads.filter(id=thread_id).first()
        if thread is None or (thread.is_leased(timezone.now()) and thread.attempt != attempt):
            return None
        if not InboxEvent.objects.unanswered().filter(thread=thread).exists():
            return None
        if not is_last(thread):
            try_later(thread, error)
            return None
        if waiting.is_over(thread):
            thread.release()
            return None
        _settle_what_is_open(thread)
        thread.overtake()
        run = steps.failed(thread.conversation, thread.attempt, error)
        apology = give_up(thread, error.reason, run.cause, run)
    reasons.tell_staff(reasons.cause_of(error), error.reason)
    return apology


def postpone(place: Place, error: LLMError) -> None:
    """What came in could not even be heard: it is tried again later, and fails for good after some tries."""
    with tenant_scope(place.tenant_id):
        unheard = InboxEvent.objects.filter(
            state=InboxEvent.State.RECEIVED, connection=place.connection_id, place_id=place.place_id
        )
        now = timezone.now()
        last = unheard.filter(attempt__gte=MOST_FAILURES - 1)
        for event in last.select_related("connection"):
            end_once_saved(event.connection, event.address, Progress.What.FAILED)
        failed = last.update(
            state=InboxEvent.State.FAILED, reason=error.reason, cause=reasons.cause_of(error), finished_at=now
        )
        tries = unheard.aggregate(most=Max("attempt"))["most"] or 0
        later = now + timedelta(seconds=_pause(tries, error))
        unheard.update(attempt=F("attempt") + 1, received_at=now, due_at=later)
    if failed:
        reasons.tell_staff(reasons.cause_of(error), error.reason)


def _settle_what_is_open(thread: Thread) -> None:
    try:
        with transaction.atomic():
            steps.abandon(thread.conversation)
    except Exception:  # it may be what made the conversation fail: the apology goes out all the same
        log.exception("Calls of a conversation could not be settled")


def try_later(thread: Thread, error: LLMError) -> None:
    """What the provider asks for, or longer each time; never all at once, and never more than a minute."""
    waiting.running(thread).update(state=InboxEvent.State.PENDING)
    later = timezone.now() + timedelta(seconds=_pause(thread.failures, error))
    thread.release(failures=thread.failures + 1, retry_at=later)


def _pause(failures: int, error: LLMError) -> float:
    """Seconds until the next try."""
    pause: float = min(settings.RETRY_SECONDS * 2**failures, LONGEST_BACKOFF)
    return min(max(error.retry_after or 0, pause) * random.uniform(1, 1.2), LONGEST_WAIT)  # noqa: S311 - no secret


def give_up(thread: Thread, reason: Reason, cause: str, run: Run | None = None) -> Dispatch | None:
    """Final, visible, and can be replayed. The end user gets one apology, which is returned, to be sent."""
    run = run or Run.objects.filter(conversation=thread.conversation).order_by("-attempt").first()
    events = InboxEvent.objects.unanswered().filter(thread=thread)
    address = waiting.address_of(events)
    events.update(state=InboxEvent.State.FAILED, reason=reason, cause=cause, run=run, finished_at=timezone.now())
    thread.release()
    if run is None or Turn.objects.filter(run=run).exists():
        return None
    return deliver.queue(thread, steps.apologise(run, said(phrases.APOLOGY, thread.tenant.language)), address)
