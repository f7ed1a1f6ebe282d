"""Keeps the leases of this process, of all kinds of jobs and all tenants.

One daemon thread looks every LOOK_SECONDS whether each job is still ours, and every settings.HEARTBEAT_SECONDS also
renews the leases. A second thread watches the first, and the first watches the second: whichever dies or hangs is
replaced. A dead process's leases run out by themselves.
"""

import logging
import os
import threading
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from uuid import UUID

from django.conf import settings
from django.db import Error as DatabaseFault
from django.db import connection

from tenants.jobs import renewals
from tenants.jobs.hold import Ending, Hold, OvertakenError, StoppedError
from tenants.jobs.renewals import Answer
from tenants.models import Job

__all__ = [
    "Ending", "Hold", "Keeper", "OvertakenError", "StoppedError", "keep", "kept", "let_go", "stop", "stop_all",
]  # fmt: skip

log = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
"""How often the keeper looks whether a job was overtaken; work knows within two seconds."""


class Keeper:
    """The holds of one process, and the threads that look after them."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._holds: set[Hold] = set()
        self._is_busy = threading.Event()
        self._is_stopping = False
        self._threads: dict[str, threading.Thread] = {}
        self._looked_at = 0.0
        self._beat_at = 0.0
        self._late: set[Hold] = set()

    def add(self, hold: Hold) -> None:
        with self._lock:
            if not self._holds:
                self._looked_at = self._beat_at = time.monotonic()
            self._holds.add(hold)
            self._is_busy.set()
            is_stopping = self._is_stopping
        self._see_that_both_live()
        if is_stopping:
            hold.end(Ending.STOPPED)

    def remove(self, hold: Hold) -> None:
        with self._lock:
            self._holds.discard(hold)
            self._late.discard(hold)
            if not self._holds:
                self._is_busy.clear()

    def stop(self, job_id: UUID | None = None) -> None:
        """Ask the work on this job, or all work of this process, now and from now on, to stop."""
        with self._lock:
            self._is_stopping = self._is_stopping or job_id is None
            wanted = [hold for hold in self._holds if job_id in (None, hold.key[0])]
        for hold in wanted:
            hold.end(Ending.STOPPED)

    def look(self) -> None:
        """Ask Postgres about all holds: renew them if it is time, and tell those that were overtaken."""
        now = time.monotonic()
        with self._lock:
            holds = [hold for hold in self._holds if hold.ending is not Ending.OVERTAKEN]
            is_beat = bool(self._late) or now - self._beat_at >= settings.HEARTBEAT_SECONDS
        found = renewals.answers(holds, renewals.lease_from_now() if is_beat else None)
        for answer in found:
            for hold in answer.asked:
                if hold.key not in answer.ours:
                    hold.end(Ending.OVERTAKEN)
        if is_beat:
            self._beat_at = now
            self._note_late(holds, found)
        for hold in holds:
            hold.look()

    def _note_late(self, holds: Collection[Hold], found: Collection[Answer]) -> None:
        """What was locked, or whose table failed, is tried again with the next look."""
        renewed = {(answer.model, key) for answer in found for key in answer.renewed}
        with self._lock:
            late = {hold for hold in holds if (hold.model, hold.key) not in renewed}
            self._late = {hold for hold in late & self._holds if hold.ending is not Ending.OVERTAKEN}

    def _keep(self) -> None:
        while self._is_current("keeper"):
            if not self._is_busy.is_set():
                connection.close()
            self._is_busy.wait()
            time.sleep(LOOK_SECONDS)
            try:
                self.look()
            except DatabaseFault as error:
                log.warning("Leases could not be renewed: %s", error)
                connection.close()
            except Exception:
                log.exception("Leases could not be renewed")
                connection.close()
            if connection.settings_dict["OPTIONS"].get("pool"):
                connection.close()  # back to the pool
            self._looked_at = time.monotonic()
            self._see_that_both_live()
        connection.close()

    def _watch(self) -> None:
        while self._is_current("watcher"):
            self._is_busy.wait()
            time.sleep(LOOK_SECONDS)
            if time.monotonic() - self._looked_at > settings.LEASE_SECONDS / 2:
                log.error("The thread that renews leases hangs: another one takes its place")
                self._replace("keeper")
            self._see_that_both_live()

    def _is_current(self, name: str) -> bool:
        return self._threads.get(name) is threading.current_thread()

    def _see_that_both_live(self) -> None:
        with self._lock:
            for name in ("keeper", "watcher"):
                thread = self._threads.get(name)
                if thread is None or not thread.is_alive():
                    self._replace(name)

    def _replace(self, name: str) -> None:
        work = {"keeper": self._keep, "watcher": self._watch}[name]
        with self._lock:
            self._looked_at = time.monotonic()
            self._threads[name] = threading.Thread(target=work, name=f"lease-{name}", daemon=True)
            self._threads[name].start()


_keeper = Keeper()
# A child has none of its parent's leases, threads or locks.
os.register_at_fork(after_in_child=_keeper.__init__)  # type: ignore[misc]


@contextmanager
def kept(
    model: type[Job],
    job_id: UUID,
    attempt: int,
    *,
    on_look: Callable[[], None] | None = None,
    on_end: Callable[[Ending], None] | None = None,
) -> Iterator[Hold]:
    """Keep this lease while the body runs; the hold says when the work has to end.

    on_look: called about every LOOK_SECONDS while the job is ours, to show progress. on_end: called once when the work
    was overtaken or is to stop. The keeper's thread calls both, so they must be quick.
    """
    hold = keep(model, job_id, attempt, on_look=on_look, on_end=on_end)
    try:
        yield hold
    finally:
        let_go(hold)


def keep(
    model: type[Job],
    job_id: UUID,
    attempt: int,
    *,
    on_look: Callable[[], None] | None = None,
    on_end: Callable[[Ending], None] | None = None,
) -> Hold:
    """Keep this lease until `let_go`, for work that has no thread of its own; otherwise as `kept`."""
    hold = Hold(model, (job_id, attempt), on_look, on_end)
    _keeper.add(hold)
    return hold


def let_go(hold: Hold) -> None:
    """Keep this lease no longer."""
    _keeper.remove(hold)


def stop(job_id: UUID) -> None:
    """Ask this process's work on a job to stop."""
    _keeper.stop(job_id)


def stop_all() -> None:
    """The process is stopping: ask all its work to stop. What begins later is asked at once."""
    _keeper.stop()
