"""Many rings become few wake-ups, the last ring is never lost, and nobody who rings waits for the broker."""

import os
import threading
from typing import Any

import pytest
from kombu.exceptions import OperationalError

from tenants import tasks
from tenants.jobs.wakeups import EVERY_SECONDS, Bell
from tenants.outbound.breaker import Breaker


class Clock:
    """A clock that tests advance."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Unattended(Bell[str]):
    """A bell without its thread, so that tests decide when it looks."""

    def __init__(self, clock: Clock) -> None:
        self.published: list[str] = []
        super().__init__(self.published.append, clock)

    def _see_that_it_lives(self) -> None:
        """Start nothing."""


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def bell(clock: Clock) -> Unattended:
    return Unattended(clock)


def test_the_first_ring_is_published_at_once(bell: Unattended) -> None:
    bell.ring("dispatch")
    assert bell.seconds_left() == 0
    bell.publish_due()
    assert bell.published == ["dispatch"]
    assert bell.seconds_left() is None


def test_many_rings_are_published_once_and_once_more_after_the_last(bell: Unattended, clock: Clock) -> None:
    bell.ring("dispatch")
    bell.publish_due()
    for _ in range(50):
        bell.ring("dispatch")
        bell.publish_due()
    assert bell.published == ["dispatch"]
    assert bell.seconds_left() == pytest.approx(EVERY_SECONDS)

    clock.now += EVERY_SECONDS * 1.01
    bell.publish_due()
    assert bell.published == ["dispatch"] * 2
    assert bell.seconds_left() is None


def test_rings_without_end_are_published_every_50_ms(bell: Unattended, clock: Clock) -> None:
    for _ in range(1_000):
        bell.ring("dispatch")
        bell.publish_due()
        clock.now += 0.001

    assert 19 <= len(bell.published) <= 21


def test_each_key_rings_by_itself(bell: Unattended) -> None:
    for key in ("soon", "later", "soon"):
        bell.ring(key)
        bell.publish_due()

    assert bell.published == ["soon", "later"]


def test_after_a_pause_it_is_published_at_once_again(bell: Unattended, clock: Clock) -> None:
    bell.ring("dispatch")
    bell.publish_due()
    clock.now += 10
    bell.ring("dispatch")

    assert bell.seconds_left() == 0


def test_a_ring_during_a_publication_leads_to_another_one(clock: Clock) -> None:
    published: list[str] = []

    def publish(key: str) -> None:
        published.append(key)
        if len(published) == 1:
            own.ring(key)  # it may have looked already

    own = Unattended(clock)
    own._publish = publish
    own.ring("dispatch")
    own.publish_due()
    clock.now += EVERY_SECONDS * 1.01
    own.publish_due()

    assert published == ["dispatch"] * 2


def test_whoever_rings_does_not_wait_for_the_publisher() -> None:
    entered, leave, published = threading.Event(), threading.Event(), list[str]()

    def publish(key: str) -> None:
        entered.set()
        assert leave.wait(30)
        published.append(key)

    bell = Bell[str](publish)
    bell.ring("dispatch")
    assert entered.wait(30)
    for _ in range(100):
        bell.ring("dispatch")  # returns, though the publisher hangs
    assert published == []
    assert not bell.flush(within=0), "it is bounded"
    leave.set()
    assert bell.flush(within=30)
    assert published == ["dispatch"] * 2


def test_a_publisher_that_fails_does_not_silence_the_bell() -> None:
    tried = threading.Semaphore(0)

    def publish(key: str) -> None:
        tried.release()
        raise ValueError(key)

    bell = Bell[str](publish)
    for key in ("first", "second"):
        bell.ring(key)
        assert tried.acquire(timeout=30)


def test_many_threads_ring_at_once_and_none_is_lost() -> None:
    """Each adds work before it rings; a publication takes all that is there, as a dispatch does."""
    work, done, lock = list[int](), list[int](), threading.Lock()

    def publish(key: str) -> None:
        with lock:
            done.extend(work)
            work.clear()

    def ring(number: int) -> None:
        for each in range(200):
            with lock:
                work.append(number * 1_000 + each)
            own.ring("dispatch")

    own = Bell[str](publish)
    threads = [threading.Thread(target=ring, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert own.flush(within=30)
    assert work == []
    assert len(set(done)) == len(done) == 1_600


def test_a_forked_child_rings_with_a_thread_of_its_own() -> None:
    reading, writing = os.pipe()
    bell = Bell[str](lambda key: (os.write(writing, key.encode()), None)[1])
    os.register_at_fork(after_in_child=bell.forget)
    bell.ring("parent")
    assert os.read(reading, 100) == b"parent"
    child = os.fork()
    if not child:
        bell.ring("child")
        os._exit(0 if bell.flush(within=30) else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert os.read(reading, 100) == b"child"


def test_a_rung_task_is_published_without_ids_and_a_dead_broker_is_left_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tried: list[Any] = []

    def refuse(**options: Any) -> None:
        tried.append((threading.current_thread().name, options))
        raise OperationalError("nobody listens")

    bell = tasks._bell
    assert bell.flush(within=30)
    monkeypatch.setattr(tasks, "_breaker", Breaker())
    monkeypatch.setattr(tasks.sweep, "apply_async", refuse)
    for delay in (1.5, 0.0):
        tasks.ring(tasks.sweep, delay=delay)
        assert bell.flush(within=30)

    assert tried == [("bell", {"args": (), "countdown": 1.5})], "the breaker lets no second one through"
