"""Sweeps: what finds overdue work that nobody woke, because the broker lost a message or a worker died.

settings.SWEEPS names each app's own by dotted path, with the seconds between two runs; beat publishes one
tenants.tasks.sweep for each. A sweep is a function that returns what to wake. It opens its own scope, mostly
tenants.scope.sweeper_scope, and sees ids, states and times only.
"""

import random
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import zip_longest
from typing import Any, TypeVar
from uuid import UUID

from celery import Task
from django.conf import settings
from django.core.checks import CheckMessage, Error
from django.core.exceptions import ImproperlyConfigured
from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils.module_loading import import_string

LAST_SWEEP = "last-sweep"
"""The cache's key of the time (seconds since the epoch) at which a worker last swept."""
MOST = 200
CONSIDERED = 10_000

WakeUp = tuple["Task[Any, Any]", tuple[UUID | int, ...]]
"""A task, and the ids to wake it with."""
Sweep = Callable[[], Iterable[WakeUp]]
Row = TypeVar("Row")


def overdue(path: str) -> list[WakeUp]:
    """What this sweep finds; nothing while another process runs the same sweep. Raises ImproperlyConfigured."""
    if path not in settings.SWEEPS:
        raise ImproperlyConfigured(f"{path!r} is no sweep: add it to SWEEPS in config/settings/stores.py.")
    with _alone(path) as is_alone:
        return list(load(path)()) if is_alone else []


def load(path: str) -> Sweep:
    """The sweep with this dotted path. Raises ImproperlyConfigured."""
    try:
        found: Any = import_string(path)
    except ImportError as error:
        raise ImproperlyConfigured(f"SWEEPS names {path!r}, which cannot be imported: {error}") from error
    if not callable(found):
        raise ImproperlyConfigured(f"SWEEPS names {path!r}, which is not a function.")
    return found  # type: ignore[no-any-return]


def load_all() -> None:
    """Import all sweeps, so that a worker with a wrong path does not start. Raises ImproperlyConfigured."""
    for path in settings.SWEEPS:
        load(path)


def check(**kwargs: object) -> list[CheckMessage]:
    """Django's system check: is each of settings.SWEEPS a function?"""
    found: list[CheckMessage] = []
    for path in settings.SWEEPS:
        try:
            load(path)
        except ImproperlyConfigured as error:
            found.append(Error(str(error), hint="Correct SWEEPS in config/settings/stores.py.", id="tenants.E001"))
    return found


def drawn(rows: "QuerySet[Any, Row]") -> list[Row]:
    """At most MOST of these rows, in random order: what cannot move must not stand before what can, every time."""
    found = list(rows[:CONSIDERED])
    return random.sample(found, min(MOST, len(found)))


def drawn_in_turn(rows: "QuerySet[Any, tuple[UUID, UUID]]") -> list[tuple[UUID, UUID]]:
    """The same for (tenant, row) pairs, one per tenant in turn, so that a tenant with many does not hide the others."""
    found = list(rows[:CONSIDERED])
    random.shuffle(found)
    by_tenant: dict[UUID, list[tuple[UUID, UUID]]] = {}
    for pair in found:
        by_tenant.setdefault(pair[0], []).append(pair)
    rounds = zip_longest(*by_tenant.values())
    return [pair for each in rounds for pair in each if pair][:MOST]


@contextmanager
def _alone(path: str) -> Iterator[bool]:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", [f"sweep:{path}"])
        yield bool(cursor.fetchone()[0])
