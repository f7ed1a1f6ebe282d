"""One workspace's share of a worker: however much it has to do, the other slots are for others.

What finds no slot waits in Postgres anyway; here its wake-up is remembered, and comes when a slot of the workspace
becomes free. A wake-up that is forgotten with its process is found by the sweep.
"""

import threading
from collections.abc import Callable, Hashable
from uuid import UUID

MOST_WAITING = 1_000
"""Wake-ups that are remembered for one workspace; the sweep finds the rest."""


class Shares:
    """Counts what runs for each workspace in this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: dict[UUID, int] = {}
        self._waiting: dict[UUID, dict[Hashable, Callable[[], None]]] = {}

    def take(self, tenant_id: UUID, most: int, key: Hashable, wake: Callable[[], None]) -> bool:
        """Take a slot if fewer than `most` are taken. Otherwise `wake` is called when one becomes free.

        key: what this is about, so that it is remembered once.
        """
        with self._lock:
            running = self._running.get(tenant_id, 0)
            if running < most:
                self._running[tenant_id] = running + 1
                return True
            waiting = self._waiting.setdefault(tenant_id, {})
            if len(waiting) < MOST_WAITING:
                waiting[key] = wake
            return False

    def give_back(self, tenant_id: UUID) -> None:
        """A slot is free: wake what has waited the longest."""
        with self._lock:
            running = self._running.pop(tenant_id) - 1
            if running:
                self._running[tenant_id] = running
            waiting = self._waiting.get(tenant_id, {})
            wake = waiting.pop(next(iter(waiting))) if waiting else None
            if not waiting:
                self._waiting.pop(tenant_id, None)
        if wake:
            wake()


shares = Shares()
"""Of this process."""
