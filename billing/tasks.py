"""Billing's tasks: ids in, a verb called."""

from collections.abc import Iterator
from uuid import UUID

from celery import shared_task
from django.utils import timezone

from billing.sync import entitlement, event_inbox, notices, reconcile
from tenants.jobs.sweeps import WakeUp
from tenants.tasks import BackgroundTask, TenantBackgroundTask, wake

BUSY_SECONDS = 2
"""An event that found too many others in progress is tried again after this."""


@shared_task(base=BackgroundTask)
def take_in(arrival_id: int) -> None:
    """Have dj-stripe fetch and store what one of Stripe's events is about."""
    if not event_inbox.mirror(int(arrival_id)):
        wake(take_in, int(arrival_id), delay=BUSY_SECONDS)


def overdue_events() -> Iterator[WakeUp]:
    """A sweep: events of Stripe whose wake-up was lost, or that failed."""
    yield from ((take_in, (arrival_id,)) for arrival_id in event_inbox.due(timezone.now()))


@shared_task
def forget_events() -> None:
    """Each night: delete events that are no longer needed."""
    event_inbox.forget(timezone.now())


@shared_task(base=TenantBackgroundTask)
def sync_subscription(tenant_id: UUID) -> None:
    """Bring a workspace's row in line with Stripe, if that was requested."""
    entitlement.catch_up(tenant_id)


def overdue_subscriptions() -> Iterator[WakeUp]:
    """A sweep: syncs whose wake-up was lost, and mails that were left over."""
    yield from ((sync_subscription, (tenant_id,)) for tenant_id in reconcile.waiting())
    yield from ((send_notices, (tenant_id,)) for tenant_id in reconcile.unsent())


@shared_task(base=TenantBackgroundTask)
def send_notices(tenant_id: UUID) -> None:
    """Send the mails that a sync has planned."""
    notices.send(tenant_id)


@shared_task
def reconcile_subscriptions() -> None:
    """Each night: compare every customer with Stripe."""
    for tenant_id in reconcile.customers():
        wake(reconcile_subscription, tenant_id)


@shared_task(base=TenantBackgroundTask)
def reconcile_subscription(tenant_id: UUID) -> None:
    """The same for one workspace."""
    reconcile.reconcile(tenant_id)
