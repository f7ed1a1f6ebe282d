"""Limits how many of a worker's threads one kind of work uses, so that others always find one.

The work itself waits in Postgres. A wake-up that finds its share taken is remembered here and repeated when a part of
it becomes free. If the process ends first, the sweep finds the work.
"""

import threading
from collections.abc import Callable, Hashable

MOST_WAITING = 1_000
"""How many wake-ups are remembered for one kind; the sweep finds the rest."""


class Shares:
    """Counts the tasks of each kind that run in this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: dict[Hashable, int] = {}
        self._waiting: dict[Hashable, dict[Hashable, Callable[[], object]]] = {}

    def take(self, kind: Hashable, most: int, key: Hashable, wake: Callable[[], object]) -> bool:
        """Take a part of the share if fewer than `most` are taken. Otherwise `wake` is called when one becomes free.

        key: identifies the work, so that it is remembered only once.
        """
        with self._lock:
            running = self._running.get(kind, 0)
            if running < most:
                self._running[kind] = running + 1
                return True
            waiting = self._waiting.setdefault(kind, {})
            if len(waiting) < MOST_WAITING:
                waiting[key] = wake
            return False

    def give_back(self, kind: Hashable) -> None:
        """Free a part of the share, and wake what has waited the longest."""
        with self._lock:
            running = self._running.pop(kind) - 1
            if running:
                self._running[kind] = running
            waiting = self._waiting.get(kind, {})
            wake = waiting.pop(next(iter(waiting))) if waiting else None
            if not waiting:
                self._waiting.pop(kind, None)
        if wake:
            wake()


shares = Shares()
"""This process's own."""
