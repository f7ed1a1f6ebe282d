"""Closes the gap between Postgres, which knows what is due, and the broker, which may have forgotten."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from channels.messages import deliver
from channels.models import Delivery, InboxEvent
from tenants.jobs import sweeps
from tenants.scope import sweeper_scope

STALE_SECONDS = 2


@dataclass(frozen=True)
class Due:
    """What is overdue, each as (tenant, row): threads, but for the doubtful events."""

    answers: list[tuple[UUID, UUID]]
    deliveries: list[tuple[UUID, UUID]]
    look_ups: list[tuple[UUID, UUID]]
    doubts: list[tuple[UUID, UUID]]


def due() -> Due:
    """What is overdue over all tenants, at most 200 threads of each kind, in random order."""
    with sweeper_scope():
        now = timezone.now()
        return Due(
            answers=_threads(_overdue_events(now)),
            deliveries=_threads(_overdue_deliveries(now)),
            look_ups=_threads(Delivery.objects.filter(deliver.is_unseen(now))),
            doubts=_doubtful(now),
        )


def _overdue_events(now: datetime) -> QuerySet[InboxEvent]:
    """Waiting past the quiet period with nobody on it and nothing of the thread on its way out."""
    stale = now - timedelta(seconds=settings.QUIET_SECONDS + STALE_SECONDS)
    is_free = Q(thread__leased_until=None) | Q(thread__leased_until__lte=now)
    is_to_retry = Q(thread__retry_at=None) | Q(thread__retry_at__lte=now)
    held_up = Delivery.objects.holding_up(now).filter(thread=OuterRef("thread"))
    waiting = InboxEvent.objects.filter(
        is_free, is_to_retry, state__in=InboxEvent.WAITING, received_at__lte=stale, thread__isnull=False
    )
    return waiting.filter(~Exists(held_up))


def _doubtful(now: datetime) -> list[tuple[UUID, UUID]]:
    """Events whose author the provider has to be asked about; the task knows how often."""
    doubtful = InboxEvent.objects.filter(state=InboxEvent.State.DOUBTFUL, received_at__lte=now)
    return sweeps.drawn_in_turn(doubtful.order_by().values_list("tenant_id", "id"))


def _overdue_deliveries(now: datetime) -> QuerySet[Delivery]:
    return Delivery.objects.filter(deliver.due_after(now - timedelta(seconds=STALE_SECONDS)))


def _threads(rows: "QuerySet[InboxEvent] | QuerySet[Delivery]") -> list[tuple[UUID, UUID]]:
    """Each thread once, as (tenant, thread)."""
    return sweeps.drawn_in_turn(rows.order_by().values_list("tenant_id", "thread_id").distinct())
