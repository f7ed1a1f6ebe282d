"""What waits for an answer in a thread, whether it is due, and who has it."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings

from channels.messages import corrections
from channels.models import InboxEvent, InboxEventQuerySet, Thread
from channels.providers.registry import provider_named


def free_thread(thread_id: UUID, now: datetime) -> Thread | None:
    """The thread, locked, if nobody answers it and nothing of it is on its way out."""
    threads = Thread.objects.claimable(now).select_related("conversation__agent", "connection")
    thread = threads.filter(id=thread_id).first()
    if thread is None or thread.deliveries.holding_up(now).exists():
        return None
    return thread


def is_due(thread: Thread, events: Sequence[InboxEvent], now: datetime) -> bool:
    """A short quiet period lets quick messages get one answer; a failed try waits before the next."""
    if thread.is_waiting_to_retry(now):
        return False
    received = [event.received_at for event in events]
    quiet_until = max(received) + timedelta(seconds=provider_named(thread.connection.provider).quiet_seconds)
    at_the_latest = min(received) + timedelta(seconds=settings.QUIET_MAX_SECONDS)
    return now >= min(quiet_until, at_the_latest)


def still_ours(thread_id: UUID, attempt: int) -> Thread | None:
    """The thread, locked, unless another worker has taken it over since."""
    return Thread.objects.still_ours(thread_id, attempt).select_related("conversation__agent").first()


def running(thread: Thread) -> InboxEventQuerySet:
    """What is being answered."""
    return InboxEvent.objects.filter(thread=thread, state=InboxEvent.State.RUNNING)


def is_moot(thread: Thread) -> bool:
    """Was all that is being answered changed or deleted meanwhile?"""
    corrections.drop_deleted(thread)
    return not running(thread).exists()


def is_over(thread: Thread) -> bool:
    """Does nothing wait for an answer, because all of it was deleted?"""
    corrections.drop_deleted(thread)
    return not InboxEvent.objects.unanswered().filter(thread=thread).exists()


def newer_input(thread: Thread) -> InboxEventQuerySet:
    """What came in, or was changed, since its answer was begun."""
    return InboxEvent.objects.filter(thread=thread, state=InboxEvent.State.PENDING)


def address_of(events: InboxEventQuerySet) -> dict[str, str]:
    """An answer goes where the last of what it answers was said."""
    return dict(events.order_by("-position").values_list("address", flat=True)[0])
