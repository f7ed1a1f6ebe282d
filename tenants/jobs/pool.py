"""A few threads for short work of many workspaces, handed out in turn.

One workspace never has more than its share of the threads, however much it has to do, so that work of the others never
waits for slow work of its own, such as a provider that does not answer.
"""

import logging
import threading
from collections import OrderedDict, deque
from collections.abc import Callable
from uuid import UUID

from django.db import close_old_connections
from structlog.contextvars import bound_contextvars

log = logging.getLogger(__name__)

Work = Callable[[], object]


class FairPool:
    """Threads that take work in turn by workspace. They start when there is work, and end with the process.

    threads: how many, at most. share: how many of them one workspace may have at once.
    """

    def __init__(self, threads: int, share: int, name: str = "pool") -> None:
        self._most, self._share, self._name = threads, share, name
        self._condition = threading.Condition()
        self._waiting: OrderedDict[UUID | None, deque[Work]] = OrderedDict()
        self._running: dict[UUID | None, int] = {}
        self._threads = self._idle = 0

    def submit(self, tenant_id: UUID | None, work: Work) -> None:
        """Do this in one of the threads, after what the same workspace submitted before."""
        with self._condition:
            self._waiting.setdefault(tenant_id, deque()).append(work)
            if self._idle:
                self._idle -= 1
                self._condition.notify()
            elif self._threads < self._most:
                self._start()

    def _start(self) -> None:
        try:
            threading.Thread(target=self._serve, name=f"{self._name}-{self._threads + 1}", daemon=True).start()
        except RuntimeError:  # the machine has no thread left: those that are there do the work, or the next one does
            log.exception("A thread of a pool could not be started")
        else:
            self._threads += 1

    def _serve(self) -> None:
        while True:
            tenant_id, work = self._take()
            with bound_contextvars(tenant=str(tenant_id or "")):
                _guarded(work)
            _guarded(close_old_connections)
            self._give_back(tenant_id)

    def _take(self) -> tuple[UUID | None, Work]:
        with self._condition:
            while (tenant_id := self._next()) is NOBODY:
                self._idle += 1
                self._condition.wait()
            work = self._waiting[tenant_id].popleft()
            if self._waiting[tenant_id]:
                self._waiting.move_to_end(tenant_id)
            else:
                del self._waiting[tenant_id]
            self._running[tenant_id] = self._running.get(tenant_id, 0) + 1
            return tenant_id, work

    def _next(self) -> UUID | None:
        """Whose turn it is: whoever has waited longest of those that have a part of their share left."""
        for tenant_id in self._waiting:
            if self._running.get(tenant_id, 0) < self._share:
                return tenant_id
        return NOBODY

    def _give_back(self, tenant_id: UUID | None) -> None:
        with self._condition:
            self._running[tenant_id] -= 1
            if not self._running[tenant_id]:
                del self._running[tenant_id]


def _guarded(work: Work) -> None:
    """Whatever it raises, the thread and its workspace's share have to go on."""
    try:
        work()
    except BaseException:
        log.exception("Work of a pool failed")


NOBODY = UUID(int=0)
"""No workspace has this id."""
