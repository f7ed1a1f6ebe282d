"""Doing what failed once more: answers that could not be sent, and messages that got no answer."""

from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from channels.models import Connection, Delivery, InboxEvent


@dataclass(frozen=True)
class Replayed:
    """How many deliveries go out again, and how many messages are answered anew."""

    deliveries: int
    events: int


def replay() -> Replayed:
    """Put the open scope's failures back in line; the sweeper wakes them. Only where the connection is active.

    An answer that failed on its way is sent as it is: the LLM is not asked again.
    """
    is_active = Connection.State.ACTIVE
    failed = InboxEvent.objects.filter(state=InboxEvent.State.FAILED, thread__isnull=False, connection__state=is_active)
    unsent = Delivery.objects.filter(state=Delivery.State.FAILED, thread__connection__state=is_active)
    now = timezone.now()
    with transaction.atomic():
        runs = list(unsent.values_list("run_id", flat=True).distinct())
        failed.filter(run__in=runs).update(state=InboxEvent.State.ANSWERED, reason="", finished_at=None)
        deliveries = unsent.update(state=Delivery.State.PENDING, next_attempt_at=now, created_at=now, error="")
        events = failed.exclude(run__in=runs).update(
            state=InboxEvent.State.PENDING, run=None, reason="", finished_at=None
        )
    return Replayed(deliveries, events)
