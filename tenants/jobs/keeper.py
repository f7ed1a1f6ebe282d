"""Keeps the leases of this process, of all kinds of jobs and all tenants, in one round trip to Postgres.

One daemon thread looks every LOOK_SECONDS whether each job is still ours, and every settings.HEARTBEAT_SECONDS also
renews the leases. A second thread watches the first, and the first watches the second: whichever dies or hangs is
replaced. A dead process's leases run out by themselves.

The thread works as the role `sweeper`, which may change one column of job tables, leased_until, and only prolong it.
"""

import logging
import os
import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from enum import Enum
from uuid import UUID

from django.conf import settings
from django.db import Error as DatabaseFault
from django.db import connection
from django.utils import timezone

from tenants.models import Job
from tenants.scope import ask_as_sweeper

log = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
"""How often the keeper looks whether a job was overtaken; work knows within two seconds."""
TIMEOUT_SECONDS = 3
"""Of the keeper's own statements: one that hangs must not let other leases run out."""

Key = tuple[UUID, int]
"""A job's id, and the attempt that holds it."""

OURS = """
    SELECT job.id FROM "{table}" job JOIN unnest(%s::uuid[], %s::integer[]) AS held (id, attempt) USING (id, attempt)
     WHERE job.leased_until IS NOT NULL
"""
# A row that somebody has locked is renewed at the next look: one slow transaction must not hold up all others.
RENEW = f"""
    WITH free AS ({OURS} FOR NO KEY UPDATE OF job SKIP LOCKED), renewed AS (
        UPDATE "{{table}}" job SET leased_until = %s FROM free WHERE job.id = free.id RETURNING job.id
    )
    SELECT ours.id, renewed.id IS NOT NULL FROM ({OURS}) ours LEFT JOIN renewed USING (id)
"""  # noqa: S608 - the names of our own tables


class Ending(Enum):
    """Why work has to end early."""

    OVERTAKEN = "overtaken"
    STOPPED = "stopped"


class OvertakenError(Exception):
    """Somebody else has the job by now, or it is gone: drop what was made."""


class StoppedError(Exception):
    """The process is stopping, or somebody stopped this job: give it back, so that another worker can take it."""


class Hold:
    """A lease that this process keeps. Work calls `check` now and then, or passes `on_end`."""

    def __init__(
        self,
        model: type[Job],
        key: Key,
        on_look: Callable[[], None] | None = None,
        on_end: Callable[[Ending], None] | None = None,
    ) -> None:
        self.model, self.key = model, key
        self._on_look, self._on_end = on_look, on_end
        self._ended = threading.Event()
        self._lock = threading.Lock()
        self._ending: Ending | None = None

    @property
    def ending(self) -> Ending | None:
        """Why the work has to end; None while it may go on."""
        return self._ending

    def check(self) -> None:
        """Raises OvertakenError or StoppedError if the work has to end."""
        if self._ending is Ending.OVERTAKEN:
            raise OvertakenError
        if self._ending is Ending.STOPPED:
            raise StoppedError

    def wait(self, seconds: float) -> Ending | None:
        """Wait at most so long for the end; why it ended, if it did."""
        self._ended.wait(seconds)
        return self._ending

    def end(self, ending: Ending) -> None:
        """Tell the work. Being overtaken outweighs being stopped: there is nothing left to give back."""
        with self._lock:
            if self._ending in (Ending.OVERTAKEN, ending):
                return
            self._ending = ending
        self._ended.set()
        if self._on_end:
            _guarded(lambda: self._on_end(ending) if self._on_end else None)

    def look(self) -> None:
        if self._on_look:
            _guarded(self._on_look)


def _guarded(call: Callable[[], None]) -> None:
    """What a job's own callback raises must not cost other jobs their leases."""
    try:
        call()
    except Exception:
        log.exception("A job's callback failed")


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
        for answer in _answers(holds, _lease_from_now() if is_beat else None):
            for hold in answer.asked:
                if hold.key[0] not in answer.ours:
                    hold.end(Ending.OVERTAKEN)
            if is_beat:
                self._note_late(answer)
        if is_beat:
            self._beat_at = now
        for hold in holds:
            hold.look()

    def _note_late(self, answer: "_Answer") -> None:
        """What was locked is tried again with the next look."""
        with self._lock:
            for hold in answer.asked:
                late = hold.key[0] in answer.ours and hold.key[0] not in answer.renewed and hold in self._holds
                (self._late.add if late else self._late.discard)(hold)

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


class _Answer:
    """What Postgres says of one kind of jobs: which are still ours, and which of them were renewed now."""

    def __init__(self, asked: Collection[Hold], rows: Iterable[tuple[UUID, bool]]) -> None:
        self.asked = asked
        found = list(rows)
        self.ours = {job_id for job_id, _ in found}
        self.renewed = {job_id for job_id, is_renewed in found if is_renewed}


def _answers(holds: Collection[Hold], until: datetime | None) -> list[_Answer]:
    """One statement for each kind, all in one round trip. until: the new end of the leases; None only looks."""
    kinds = {hold.model: [each for each in holds if each.model is hold.model] for hold in holds}
    try:
        return _ask(kinds, until)
    except DatabaseFault:
        if len(kinds) < 2:
            raise
        log.warning("Leases could not be renewed together, so each kind is tried alone")
        connection.close()
    return [answer for kind, its in kinds.items() for answer in _ask_alone(kind, its, until)]


def _ask_alone(kind: type[Job], holds: Collection[Hold], until: datetime | None) -> list[_Answer]:
    """A table that fails must not cost the jobs of the others their leases."""
    try:
        return _ask({kind: holds}, until)
    except DatabaseFault as error:
        log.warning("Leases of %s could not be renewed: %s", kind._meta.label, error)
        connection.close()
        return []


def _ask(kinds: Mapping[type[Job], Collection[Hold]], until: datetime | None) -> list[_Answer]:
    if not kinds:
        return []
    asked = [_statement(kind, [hold.key for hold in holds], until) for kind, holds in kinds.items()]
    _, *found = ask_as_sweeper([(f"SET LOCAL statement_timeout = '{TIMEOUT_SECONDS}s'", ()), *asked])
    return [
        _Answer(holds, ((row[0], until is not None and row[1]) for row in rows))
        for holds, rows in zip(kinds.values(), found, strict=True)
    ]


def _statement(kind: type[Job], keys: Collection[Key], until: datetime | None) -> tuple[str, tuple[object, ...]]:
    table = kind._meta.db_table
    ours = ([job_id for job_id, _ in keys], [attempt for _, attempt in keys])
    if until is None:
        return OURS.format(table=table), ours
    return RENEW.format(table=table), (*ours, until, *ours)


def _lease_from_now() -> datetime:
    return timezone.now() + timedelta(seconds=settings.LEASE_SECONDS)


def renew(model: type[Job], held: Collection[Key]) -> set[UUID]:
    """Renew these leases now. Open no transaction around this. Returns the ids of those that are still ours."""
    holds = [Hold(model, key) for key in held]
    return {job_id for answer in _answers(holds, _lease_from_now()) for job_id in answer.ours}


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
    hold = Hold(model, (job_id, attempt), on_look, on_end)
    _keeper.add(hold)
    try:
        yield hold
    finally:
        _keeper.remove(hold)


def stop(job_id: UUID) -> None:
    """Ask this process's work on a job to stop."""
    _keeper.stop(job_id)


def stop_all() -> None:
    """The process is stopping: ask all its work to stop. What begins later is asked at once."""
    _keeper.stop()
