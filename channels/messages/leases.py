"""Keeping a conversation while its worker lives: one daemon thread per process renews what this process has."""

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import cache
from uuid import UUID

from django.conf import settings
from django.db import Error as DatabaseFault
from django.db import connection
from django.utils import timezone

from channels.models import Thread
from tenants.scope import tenant_scope

log = logging.getLogger(__name__)

Lease = tuple[UUID, UUID, int]


class Keeper:
    """Renews leases every settings.HEARTBEAT_SECONDS; a dead worker's leases run out by themselves."""

    def __init__(self) -> None:
        self._leases: set[Lease] = set()
        self._lock = threading.Lock()
        threading.Thread(target=self._run, name="leases", daemon=True).start()

    def add(self, lease: Lease) -> None:
        with self._lock:
            self._leases.add(lease)

    def remove(self, lease: Lease) -> None:
        with self._lock:
            self._leases.discard(lease)

    def _run(self) -> None:
        while True:
            time.sleep(settings.HEARTBEAT_SECONDS)
            with self._lock:
                leases = list(self._leases)
            for lease in leases:
                self._renew(lease)
            connection.close()

    def _renew(self, lease: Lease) -> None:
        try:
            renew(*lease)
        except DatabaseFault as error:
            log.warning("A lease could not be renewed: %s", error)
            connection.close()


def renew(tenant_id: UUID, thread_id: UUID, attempt: int) -> bool:
    """Keep a conversation for another settings.LEASE_SECONDS. False if another worker has it by now."""
    with tenant_scope(tenant_id):
        until = timezone.now() + timedelta(seconds=settings.LEASE_SECONDS)
        ours = Thread.objects.filter(id=thread_id, attempt=attempt, leased_until__isnull=False)
        return bool(ours.update(leased_until=until))


_starting = threading.Lock()


@cache
def _keeper_once() -> Keeper:
    return Keeper()


def _keeper() -> Keeper:
    with _starting:  # functools.cache alone lets threads that begin together make several
        return _keeper_once()


@contextmanager
def kept(tenant_id: UUID, thread_id: UUID, attempt: int) -> Iterator[None]:
    """Keep the lease while the body runs."""
    lease = (tenant_id, thread_id, attempt)
    _keeper().add(lease)
    try:
        yield
    finally:
        _keeper().remove(lease)
