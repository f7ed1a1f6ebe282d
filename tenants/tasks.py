"""Celery tasks that carry a tenant, and how to wake them."""

import atexit
import logging
import os
import time
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import structlog
from celery import Task, shared_task
from django.conf import settings
from django.core.cache import cache
from django.db import close_old_connections, transaction
from django.utils import timezone
from kombu.exceptions import OperationalError

from tenants import incidents
from tenants.accounts import sessions
from tenants.jobs import sweeps
from tenants.jobs.shares import shares
from tenants.jobs.sweeps import LAST_SWEEP, WakeUp
from tenants.jobs.wakeups import Bell
from tenants.mail import outbox
from tenants.models import Tenant
from tenants.outbound.breaker import Breaker
from tenants.privacy import deletion, export

log = logging.getLogger(__name__)

SLOW_SECONDS = 0.3
BACKGROUND, MESSAGES, SWEEPS = settings.QUEUES
"""The queues. One worker may take from all of them, or several from one each."""


class BackgroundTask(Task):  # type: ignore[type-arg]
    """A task of the queue for what nobody waits for in a chat: billing, exports, mail.

    All of them together use at most settings.BACKGROUND_THREADS of a worker's threads, so that messages and sweeps find
    one however slow a payment provider or a mail server is. Further ones run later.
    """

    abstract = True
    queue = BACKGROUND

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if not shares.take(BACKGROUND, settings.BACKGROUND_THREADS, (self.name, args), lambda: wake(self, *args)):
            return None
        try:
            return super().__call__(*args, **kwargs)
        finally:
            shares.give_back(BACKGROUND)


class TenantTask(Task):  # type: ignore[type-arg]
    """A task whose first argument is the tenant's id. It takes ids only; the verbs that it calls open the scopes."""

    abstract = True
    carries_tenant = True

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        close_old_connections()
        with structlog.contextvars.bound_contextvars(tenant=args[0], task=self.name):
            try:
                return super().__call__(*(UUID(value) for value in args), **kwargs)
            finally:
                close_old_connections()


class TenantBackgroundTask(TenantTask, BackgroundTask):
    """A task in the background that carries a tenant."""

    abstract = True


_breaker = Breaker()


def wake(task: "Task[Any, Any]", *ids: UUID | int, delay: float = 0) -> None:
    """Publish a wake-up, best effort: on failure log it and go on, since the next sweep finds what is due.

    delay: seconds until the task should run.
    """
    if not _breaker.lets_through():
        return
    began = time.monotonic()
    try:
        task.apply_async(args=tuple(str(value) for value in ids), countdown=delay)
    except (OperationalError, OSError) as error:
        _breaker.report(worked=False)
        log.warning("The broker cannot be reached (%s): the next sweep finds the work.", error)
    else:
        _breaker.report(worked=time.monotonic() - began < SLOW_SECONDS)


def wake_on_commit(task: "Task[Any, Any]", *ids: UUID | int, delay: float = 0) -> None:
    """The same, once the transaction that made the work is committed."""
    transaction.on_commit(lambda: wake(task, *ids, delay=delay))


_bell = Bell[tuple["Task[Any, Any]", float]](lambda rung: wake(rung[0], delay=rung[1]))
os.register_at_fork(after_in_child=_bell.forget)
atexit.register(_bell.flush)


def ring(task: "Task[Any, Any]", delay: float = 0) -> None:
    """Wake a task that takes no ids, since it looks by itself for what is due. Returns at once.

    However often it rings, one wake-up is published every 50 ms, and one after the last ring. As with `wake`, the
    next sweep finds what is due if the broker is down.

    delay: seconds until the task should run.
    """
    _bell.ring((task, delay))


@shared_task(base=TenantBackgroundTask)
def make_export(tenant_id: UUID, export_id: UUID) -> None:
    """Make an export of everything that a workspace has."""
    export.make(tenant_id, export_id)


@shared_task(base=TenantBackgroundTask)
def expire_export(tenant_id: UUID, export_id: UUID) -> None:
    """Delete what an export held, after its days."""
    export.expire(tenant_id, export_id)


@shared_task(base=TenantBackgroundTask)
def announce_deletion(tenant_id: UUID) -> None:
    """Mail that the days of grace have begun."""
    deletion.announce(tenant_id)


@shared_task(base=TenantBackgroundTask)
def warn_of_deletion(tenant_id: UUID) -> None:
    """Mail that few days of grace are left."""
    deletion.warn(tenant_id)


@shared_task(queue=SWEEPS)
def sweep(path: str) -> None:
    """Wake what one of settings.SWEEPS finds overdue, and show that beat and a worker live."""
    cache.set(LAST_SWEEP, time.time())
    for task, ids in sweeps.overdue(path):
        wake(task, *ids)


def overdue_exports() -> Iterator[WakeUp]:
    """A sweep: exports that nobody makes, and those that are too old."""
    now = timezone.now()
    yield from ((make_export, ids) for ids in export.due(now))
    yield from ((expire_export, ids) for ids in export.outdated(now))


def overdue_mails() -> Iterator[WakeUp]:
    """A sweep: notices whose time has come."""
    yield from ((send_mails, (tenant_id,)) for tenant_id in outbox.waiting(timezone.now()))


@shared_task(base=TenantBackgroundTask)
def send_mails(tenant_id: UUID) -> None:
    """The same for one workspace."""
    outbox.send_due(tenant_id)


@shared_task
def forget_mails() -> None:
    """Each night: delete what is known of old mails."""
    for tenant_id in Tenant.objects.values_list("id", flat=True).iterator():
        wake(forget_mails_of, tenant_id)


@shared_task(base=TenantBackgroundTask)
def forget_mails_of(tenant_id: UUID) -> None:
    """The same for one workspace."""
    outbox.forget(tenant_id)


@shared_task
def tell_staff() -> None:
    """Each minute: mail staff what fails on the platform's own side and they do not know yet."""
    incidents.mail()


@shared_task
def forget_sessions() -> None:
    """Each night: delete sessions that are over, and incidents that are old."""
    sessions.forget_expired(timezone.now())
    incidents.forget()
