"""A few threads for many workspaces: nobody waits for somebody else's slow work, and no thread is ever lost."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from uuid import UUID

import pytest
from django.db import connection

from tenants.jobs.pool import FairPool

WITHIN = 20
ACME, GLOBEX, THIRD = (UUID(int=number) for number in (1, 2, 3))


class Hanging:
    """Work that waits until it is let go, and counts how much of it runs."""

    def __init__(self) -> None:
        self._changed, self._gate = threading.Condition(), threading.Event()
        self.running = self.most = self.done = 0

    def __call__(self) -> None:
        with self._changed:
            self.running += 1
            self.most = max(self.most, self.running)
            self._changed.notify_all()
        assert self._gate.wait(WITHIN)
        with self._changed:
            self.running -= 1
            self.done += 1
            self._changed.notify_all()

    def wait_for(self, what: Callable[["Hanging"], bool]) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: what(self), WITHIN)

    def let_go(self) -> None:
        self._gate.set()


@contextmanager
def hanging() -> Iterator[Hanging]:
    """Let go at the end, or a failed test would leave threads behind."""
    made = Hanging()
    try:
        yield made
    finally:
        made.let_go()


def does(pool: FairPool, tenant: UUID, work: Callable[[], object] = lambda: None) -> None:
    """Fails unless this work is done soon."""
    is_done = threading.Event()

    def do() -> None:
        try:
            work()
        finally:
            is_done.set()

    pool.submit(tenant, do)
    assert is_done.wait(WITHIN)


def test_a_workspace_never_has_more_than_its_share() -> None:
    pool = FairPool(threads=4, share=2)
    with hanging() as slow:
        for _ in range(6):
            pool.submit(ACME, slow)
        slow.wait_for(lambda its: its.running == 2)
        does(pool, GLOBEX)
        assert slow.running == 2, "although a thread is free"
        slow.let_go()
        slow.wait_for(lambda its: its.done == 6)
        assert slow.most == 2


def test_hanging_work_of_one_workspace_delays_no_other() -> None:
    pool = FairPool(threads=5, share=2)
    with hanging() as slow:
        for tenant in (ACME, GLOBEX):
            for _ in range(50):
                pool.submit(tenant, slow)
        slow.wait_for(lambda its: its.running == 4)
        for _ in range(20):
            does(pool, THIRD)
        assert (slow.running, slow.done) == (4, 0)


def test_work_is_handed_out_in_turn_by_workspace_and_in_order_within_one() -> None:
    pool, order, is_over = FairPool(threads=1, share=1), list[str](), threading.Event()
    with hanging() as first:
        pool.submit(THIRD, first)
        first.wait_for(lambda its: its.running == 1)
        for name in ("acme 0", "acme 1", "acme 2"):
            pool.submit(ACME, partial(order.append, name))
        pool.submit(GLOBEX, lambda: order.append("globex 0"))
        pool.submit(GLOBEX, lambda: order.append("globex 1"))
        pool.submit(THIRD, is_over.set)
        first.let_go()
        assert is_over.wait(WITHIN)
        does(pool, THIRD)
    assert order == ["acme 0", "globex 0", "acme 1", "globex 1", "acme 2"]


@pytest.mark.parametrize("is_warm", [False, True])
def test_as_many_threads_wake_as_there_is_work_at_once(is_warm: bool) -> None:
    pool = FairPool(threads=6, share=6)
    for _ in range(1 + is_warm):  # the second time they are all there, and idle
        with hanging() as work:
            for _ in range(6):
                pool.submit(ACME, work)
            work.wait_for(lambda its: its.running == 6)
            work.let_go()
            work.wait_for(lambda its: its.done == 6)


def test_no_more_threads_than_allowed() -> None:
    pool = FairPool(threads=3, share=3)
    with hanging() as work:
        for tenant in (ACME, GLOBEX, THIRD):
            for _ in range(4):
                pool.submit(tenant, work)
        work.wait_for(lambda its: its.running == 3)
        work.let_go()
        work.wait_for(lambda its: its.done == 12)
        assert work.most == 3


def test_a_part_of_the_share_that_becomes_free_is_used_at_once() -> None:
    pool = FairPool(threads=4, share=1)
    with hanging() as first, hanging() as second, hanging() as other:
        pool.submit(ACME, first)
        first.wait_for(lambda its: its.running == 1)
        pool.submit(ACME, second)
        pool.submit(GLOBEX, other)
        other.wait_for(lambda its: its.running == 1)
        first.let_go()
        second.wait_for(lambda its: its.running == 1)


def fail() -> None:
    raise ValueError("expected in the log")


def test_an_error_costs_no_thread_and_no_part_of_the_share() -> None:
    pool = FairPool(threads=1, share=1)
    for _ in range(3):
        pool.submit(ACME, fail)
    does(pool, ACME)
    does(pool, GLOBEX)


def leave() -> None:
    raise SystemExit


def test_neither_does_an_end_that_is_no_error() -> None:
    pool = FairPool(threads=1, share=1)
    pool.submit(ACME, leave)
    does(pool, ACME)


def test_a_connection_that_cannot_be_given_back_costs_no_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    pool = FairPool(threads=1, share=1)
    monkeypatch.setattr("tenants.jobs.pool.close_old_connections", fail)
    for _ in range(2):
        does(pool, ACME)


def test_work_is_kept_where_no_thread_can_be_started(monkeypatch: pytest.MonkeyPatch) -> None:
    pool, done = FairPool(threads=2, share=2), list[int]()

    def refuse(self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        pool.submit(ACME, lambda: done.append(1))
    does(pool, ACME, lambda: done.append(2))
    does(pool, ACME)
    assert done == [1, 2]


def test_a_connection_is_given_back_after_each_work(committed: None) -> None:
    pool, had = FairPool(threads=1, share=1), list[bool]()

    def ask() -> None:
        had.append(connection.connection is not None)
        connection.ensure_connection()

    def ask_and_fail() -> None:
        ask()
        fail()

    for work in (ask, ask, ask_and_fail, ask):
        does(pool, ACME, work)
    assert had == [False] * 4
