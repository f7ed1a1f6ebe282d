"""Closes the gap between Postgres, which knows what is due, and the broker, which may have forgotten."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone

from channels.messages import deliver, lookups
from channels.models import Delivery, InboxEvent
from tenants.jobs import sweeps
from tenants.scope import sweeper_scope

STALE_SECONDS = 2


@dataclass(frozen=True)
class Due:
    """What is overdue, each as (tenant, row): threads, but for the doubtful events. See due.py for answers."""

    deliveries: list[tuple[UUID, UUID]]
    look_ups: list[tuple[UUID, UUID]]
    doubts: list[tuple[UUID, UUID]]


def overdue() -> Due:
    """What is overdue over all tenants, at most 200 threads of each kind, in random order."""
    with sweeper_scope():
        now = timezone.now()
        return Due(
            deliveries=_threads(_overdue_deliveries(now)),
            look_ups=_threads(Delivery.objects.filter(lookups.is_unseen(now))),
            doubts=_doubtful(now),
        )


def _doubtful(now: datetime) -> list[tuple[UUID, UUID]]:
    """Events whose author the provider has to be asked about; the task knows how often."""
    doubtful = InboxEvent.objects.filter(state=InboxEvent.State.DOUBTFUL, received_at__lte=now)
    return sweeps.drawn_in_turn(doubtful.order_by().values_list("tenant_id", "id"))


def _overdue_deliveries(now: datetime) -> QuerySet[Delivery]:
    return Delivery.objects.filter(deliver.due_after(now - timedelta(seconds=STALE_SECONDS)))


def _threads(rows: QuerySet[Delivery]) -> list[tuple[UUID, UUID]]:
    """Each thread once, as (tenant, thread)."""
    return sweeps.drawn_in_turn(rows.order_by().values_list("tenant_id", "thread_id").distinct())
