"""Celery's edge: tasks that carry a tenant, and the one way to wake them."""

import logging
import time
from typing import Any
from uuid import UUID

import structlog
from celery import Task
from django.db import close_old_connections, transaction
from kombu.exceptions import OperationalError

log = logging.getLogger(__name__)

BREAKER_SECONDS = 5.0


class TenantTask(Task):  # type: ignore[type-arg]
    """A task whose first argument is the tenant's id. It takes ids only; the verbs that it calls open the scopes."""

    abstract = True

    def __call__(self, tenant_id: str, *args: Any, **kwargs: Any) -> Any:
        close_old_connections()
        with structlog.contextvars.bound_contextvars(tenant=tenant_id, task=self.name):
            try:
                return super().__call__(UUID(tenant_id), *(UUID(value) for value in args), **kwargs)
            finally:
                close_old_connections()


class _Breaker:
    """After a failed publish, do not try again for a while: a dead broker must not slow a webhook down."""

    def __init__(self) -> None:
        self.closed_again_at = 0.0

    def is_open(self) -> bool:
        return time.monotonic() < self.closed_again_at

    def trip(self) -> None:
        self.closed_again_at = time.monotonic() + BREAKER_SECONDS


_breaker = _Breaker()


def wake(task: "Task[Any, Any]", *ids: UUID, delay: float = 0) -> None:
    """Publish a wake-up, best effort: on failure log it and go on, since the sweeper finds what is due.

    delay: seconds until the task should run.
    """
    if _breaker.is_open():
        return
    try:
        task.apply_async(args=tuple(str(value) for value in ids), countdown=delay)
    except (OperationalError, OSError) as error:
        _breaker.trip()
        log.warning("The broker cannot be reached (%s): the sweeper will find the work.", error)


def wake_on_commit(task: "Task[Any, Any]", *ids: UUID, delay: float = 0) -> None:
    """The same, once the transaction that made the work is committed."""
    transaction.on_commit(lambda: wake(task, *ids, delay=delay))
