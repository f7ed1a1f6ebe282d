"""How a worker ends: what it is answering is answered, or left to the next worker, which does not wait for leases.

tests/flow/test_faults.py kills one.
"""

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psutil
import psycopg
import pytest
from celery import Celery

from tenants.tasks import SWEEPS
from tests.cluster import Cluster
from tests.conftest import stack_with
from tests.flow.office import Office, open_office
from tests.stack import UNLOOPED, Stack
from tests.waiting import eventually

LEASE_SECONDS = 3
CELERYS = 5 + 1.5
"""Seconds after the drain in which Celery closes its connection to the broker, and what a busy machine adds."""


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory, cluster: Cluster) -> Iterator[Stack]:
    told = {"LEASE_SECONDS": str(LEASE_SECONDS), "HEARTBEAT_SECONDS": "0.7", "QUIET_SECONDS": "0", **UNLOOPED}
    with stack_with(tmp_path_factory.mktemp("stopping"), cluster, **told) as stack:
        yield stack


@dataclass(frozen=True)
class Shift:
    """A worker with calls under way, one for each of these messages."""

    office: Office
    worker: psutil.Process
    asked: list[str]

    @property
    def log(self) -> str:
        return self.office.stack.log.read_text()

    def drains(self) -> None:
        line = f"Stopping: {len(self.asked)} conversations are under way"
        eventually(lambda: line in self.log, within=10, what=f"the drain; see {self.office.stack.log}")

    def ends(self, *, within: float) -> float:
        """When it ended."""
        self.worker.wait(within)
        return time.time()

    def are_answered_once(self, ts: list[str] | None = None) -> None:
        for each in ts or self.asked:
            self.office.reply_to(each, within=60)
        self.office.settled()
        assert [len(self.office.replies_to(each)) for each in ts or self.asked] == [1] * len(ts or self.asked)

    def calls(self) -> list[str]:
        return [row["state"] for row in self.office.rows("agents_llmcall")]

    def was_given_up(self) -> None:
        """Each call was settled at its estimate by the worker that ended, and its conversation is free."""
        number = len(self.asked)
        assert self.calls()[:number] == ["assumed"] * number
        dropped = self.office.rows("agents_run")[:number]
        assert [row["error"]["code"] for row in dropped] == ["agents.stopped"] * number, "no lease ran out"
        assert {row["failures"] for row in self.office.rows("channels_thread")} == {0}


def begin(stack: Stack, seconds: float, number: int) -> Shift:
    """Messages whose first calls take so long."""
    for peer in ("slack", "openai"):
        stack.control(f"{peer}/control/reset")
    office = open_office(stack)
    stack.control("openai/control/faults", kind="slow", times=number, seconds=seconds)
    worker = eventually(lambda: [each for each in stack.processes("celery") if "worker" in each.cmdline()])[0]
    asked = [str(office.mentions(f"When do you open? ({each})")["ts"]) for each in range(number)]
    eventually(lambda: len(office.rows("agents_llmcall")) == number, what="the calls")
    return Shift(office, worker, asked)


def test_on_sigterm_everything_under_way_is_answered_and_nothing_else(stack: Stack) -> None:
    shift = begin(stack, LEASE_SECONDS + 2, 4)
    shift.worker.send_signal(signal.SIGTERM)
    shift.drains()
    late = str(shift.office.mentions("When do you close?")["ts"])
    ended = shift.ends(within=LEASE_SECONDS + 2 + CELERYS)
    assert [len(shift.office.replies_to(each)) for each in shift.asked] == [1] * 4, "before it ended"
    eventually(lambda: "worker ended with status 0" in shift.log, within=5, what=f"the status; see {stack.log}")
    shift.are_answered_once([*shift.asked, late])
    assert float(shift.office.replies_to(late)[0]["ts"]) > ended
    assert shift.calls() == ["settled"] * 5
    assert {row["attempt"] for row in shift.office.rows("agents_run")} == {1}, "its leases were kept all the time"


@contextmanager
def stuck_task(stack: Stack) -> Iterator[None]:
    """One of Celery's own tasks that does not end."""
    admin = stack.generated["DATABASE_ADMIN_URL"].rsplit("/", 1)[0] + "/roster"
    waiting = "SELECT 1 FROM pg_locks WHERE NOT granted AND relation = 'tenants_export'::regclass"
    with psycopg.connect(admin) as holder:
        holder.execute("LOCK TABLE tenants_export IN ACCESS EXCLUSIVE MODE")
        broker = Celery(broker=stack.generated["REDIS_URL"], set_as_current=False)
        broker.send_task("tenants.tasks.sweep", args=["tenants.tasks.overdue_exports"], queue=SWEEPS)
        eventually(lambda: stack.query(waiting), what="a task that waits")
        yield


def test_on_sigquit_calls_are_given_up_in_time_and_the_next_worker_answers(stack: Stack) -> None:
    shift = begin(stack, 60, 3)
    with stuck_task(stack):
        began = time.monotonic()
        shift.worker.send_signal(signal.SIGQUIT)
        eventually(lambda: "Hitting Ctrl+C again" in shift.log, within=5)
    shift.ends(within=9.5)  # `make run` kills it after ten
    assert time.monotonic() - began > 3, "quick calls still have some seconds"
    shift.was_given_up()
    shift.are_answered_once()
    assert sorted(shift.calls()) == ["assumed"] * 3 + ["settled"] * 3
    assert shift.office.rows("usage_meter")[0]["reserved_usd"] == 0
    assert len(shift.office.rows("usage_usagerecord")) == 6


def test_a_second_signal_gives_up_what_sigterm_waits_for(stack: Stack) -> None:
    shift = begin(stack, 60, 3)
    shift.worker.send_signal(signal.SIGTERM)
    shift.drains()
    shift.worker.send_signal(signal.SIGQUIT)
    shift.ends(within=3 + CELERYS)
    shift.was_given_up()
    states = {row["state"] for row in shift.office.rows("channels_inboxevent") if row["thread_id"]}
    assert not states & {"running", "failed"}, "the next worker need not wait for a lease"
