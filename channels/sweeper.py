"""Closes the gap between Postgres, which knows what is due, and the broker, which may have forgotten."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.models import Q, QuerySet
from django.utils import timezone

from channels import outbox
from channels.models import Delivery, InboxEvent
from tenants.scope import sweeper_scope

LOCK = 7_201_833
LAST_SWEEP = "last-sweep"
"""The cache's key of the time (seconds since the epoch) at which a worker last swept."""
MOST = 200
STALE_SECONDS = 2


@dataclass(frozen=True)
class Due:
    """Threads with something overdue, each as (tenant, thread)."""

    answers: list[tuple[UUID, UUID]]
    deliveries: list[tuple[UUID, UUID]]
    look_ups: list[tuple[UUID, UUID]]


def due() -> Due:
    """What is overdue over all tenants, oldest first, at most 200 of each; nothing while another sweep looks."""
    with sweeper_scope():
        if not _is_alone():
            return Due([], [], [])
        now = timezone.now()
        return Due(
            answers=_pairs(_overdue_events(now)),
            deliveries=_pairs(_overdue_deliveries(now)),
            look_ups=_pairs(Delivery.objects.filter(outbox.is_unseen(now)).order_by("sending_since")),
        )


def _is_alone() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
        return bool(cursor.fetchone()[0])


def _overdue_events(now: datetime) -> QuerySet[InboxEvent]:
    """Waiting past the quiet period with nobody on it."""
    stale = now - timedelta(seconds=settings.QUIET_SECONDS + STALE_SECONDS)
    is_free = Q(thread__leased_until=None) | Q(thread__leased_until__lte=now)
    is_to_retry = Q(thread__retry_at=None) | Q(thread__retry_at__lte=now)
    waiting = InboxEvent.objects.filter(
        is_free, is_to_retry, state__in=["pending", "running"], received_at__lte=stale, thread__isnull=False
    )
    return waiting.order_by("received_at")


def _overdue_deliveries(now: datetime) -> QuerySet[Delivery]:
    stale = now - timedelta(seconds=STALE_SECONDS)
    return Delivery.objects.filter(outbox.due_after(stale)).order_by("next_attempt_at")


def _pairs(rows: "QuerySet[InboxEvent] | QuerySet[Delivery]") -> list[tuple[UUID, UUID]]:
    found: Iterable[tuple[UUID, UUID]] = rows.values_list("tenant_id", "thread_id")[:MOST]
    return list(dict.fromkeys(found))
