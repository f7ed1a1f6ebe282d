"""The pipeline's tasks: ids in, a verb called, the next one woken."""

import time
from uuid import UUID

from celery import shared_task
from django.core.cache import cache

from channels import answering, outbox, people, sweeper
from tenants.tasks import TenantTask, wake


@shared_task(base=TenantTask)
def answer(tenant_id: UUID, thread_id: UUID) -> None:
    """Answer what waits in a thread and send it."""
    answering.answer(tenant_id, thread_id)
    _deliver(tenant_id, thread_id)
    people.introduce(tenant_id, thread_id)


@shared_task(base=TenantTask)
def deliver(tenant_id: UUID, thread_id: UUID) -> None:
    """Send what is due in a thread."""
    _deliver(tenant_id, thread_id)


@shared_task(base=TenantTask)
def reconcile(tenant_id: UUID, thread_id: UUID) -> None:
    """Look up a delivery whose outcome was not seen, and send again what is absent."""
    outbox.reconcile(tenant_id, thread_id)
    outbox.deliver(tenant_id, thread_id)
    wake(answer, tenant_id, thread_id)


@shared_task
def sweep() -> None:
    """Wake what is overdue, and show that beat and a worker live."""
    cache.set(sweeper.LAST_SWEEP, time.time())
    due = sweeper.due()
    for task, pairs in ((answer, due.answers), (deliver, due.deliveries), (reconcile, due.look_ups)):
        for tenant_id, thread_id in pairs:
            wake(task, tenant_id, thread_id)


def _deliver(tenant_id: UUID, thread_id: UUID) -> None:
    if outbox.deliver(tenant_id, thread_id):
        wake(answer, tenant_id, thread_id)
