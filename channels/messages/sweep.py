"""Closes the gap between Postgres, which knows what is due, and the broker, which may have forgotten."""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from channels.messages import deliver
from channels.models import Delivery, InboxEvent
from tenants.privacy import export
from tenants.scope import sweeper_scope

LOCK = 7_201_833
LAST_SWEEP = "last-sweep"
"""The cache's key of the time (seconds since the epoch) at which a worker last swept."""
MOST = 200
CONSIDERED = 10_000
STALE_SECONDS = 2


@dataclass(frozen=True)
class Due:
    """What is overdue, each as (tenant, row): threads, but for the doubtful events and the exports."""

    answers: list[tuple[UUID, UUID]]
    deliveries: list[tuple[UUID, UUID]]
    look_ups: list[tuple[UUID, UUID]]
    doubts: list[tuple[UUID, UUID]]
    exports: list[tuple[UUID, UUID]]
    outdated_exports: list[tuple[UUID, UUID]]


def due() -> Due:
    """What is overdue over all tenants, at most 200 threads of each kind; nothing while another sweep looks.

    They come in random order: what cannot move must not stand before what can, sweep after sweep.
    """
    with sweeper_scope():
        if not _is_alone():
            return Due([], [], [], [], [], [])
        now = timezone.now()
        return Due(
            answers=_threads(_overdue_events(now)),
            deliveries=_threads(_overdue_deliveries(now)),
            look_ups=_threads(Delivery.objects.filter(deliver.is_unseen(now))),
            doubts=_doubtful(now),
            exports=list(export.due(now).values_list("tenant_id", "id")[:MOST]),
            outdated_exports=list(export.outdated(now).values_list("tenant_id", "id")[:MOST]),
        )


def _is_alone() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
        return bool(cursor.fetchone()[0])


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
    found = list(doubtful.order_by().values_list("tenant_id", "id")[:CONSIDERED])
    return random.sample(found, min(MOST, len(found)))


def _overdue_deliveries(now: datetime) -> QuerySet[Delivery]:
    return Delivery.objects.filter(deliver.due_after(now - timedelta(seconds=STALE_SECONDS)))


def _threads(rows: "QuerySet[InboxEvent] | QuerySet[Delivery]") -> list[tuple[UUID, UUID]]:
    """Each thread once, as (tenant, thread)."""
    found = rows.order_by().values_list("tenant_id", "thread_id").distinct()[:CONSIDERED]
    return random.sample(list(found), min(MOST, len(found)))
