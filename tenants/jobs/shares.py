"""Limits how many of a worker's slots one workspace uses, so that the others stay free for other workspaces.

The work itself waits in Postgres. A wake-up that finds no slot is remembered here and repeated when one of the
workspace's slots becomes free. If the process ends first, the sweep finds the work.
"""

import threading
from collections.abc import Callable, Hashable
from uuid import UUID

MOST_WAITING = 1_000
"""How many wake-ups are remembered for one workspace; the sweep finds the rest."""


class Shares:
    """Counts the tasks that run for each workspace in this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: dict[UUID, int] = {}
        self._waiting: dict[UUID, dict[Hashable, Callable[[], None]]] = {}

    def take(self, tenant_id: UUID, most: int, key: Hashable, wake: Callable[[], None]) -> bool:
        """Take a slot if fewer than `most` are taken. Otherwise `wake` is called when one becomes free.

        key: identifies the work, so that it is remembered only once.
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
        """Free a slot, and wake what has waited the longest."""
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
"""This process's own."""
