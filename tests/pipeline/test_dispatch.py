"""A worker's engine: what it takes up, what it holds meanwhile, and that nothing stays taken or gets lost."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, connections
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from agents.models import LLMCall, Run
from agents.phrases import said
from agents.runs import steps
from channels import phrases
from channels.messages import claim as claims
from channels.messages import deliver, failures, land, lookups
from channels.messages.dispatch import Dispatcher
from channels.messages.incoming import hear
from channels.models import Connection, Delivery, InboxEvent, Thread
from channels.providers.registry import provider_named
from channels.scene import introductions
from tenants.jobs import keeper
from tenants.jobs.pool import FairPool
from tenants.scope import tenant_scope
from tests.channels.slack import arrive, payload
from tests.pipeline.conftest import Desk
from tests.pipeline.shapes import Json
from tests.waiting import eventually
from usage.models import Meter, UsageRecord

WITHIN = 40
THREADS = 4
TOO_LONG: Json = {"status": 400, "body": '{"error": {"message": "x", "code": "context_length_exceeded"}}'}


class Worker(Dispatcher):
    """A worker with few threads. `work` is what a wake-up does, until nothing is under way."""

    def __init__(self, slots: int = 20, share: int = 20) -> None:
        self.pool = FairPool(THREADS, THREADS, "test")
        super().__init__(slots, share, self.pool)

    def work(self) -> None:
        self.look()
        self.ends()

    def ends(self) -> None:
        assert self.drain(WITHIN)
        assert self.under_way == 0

    def is_idle(self) -> bool:
        """Are all threads of the pool free?"""
        gate = threading.Barrier(THREADS + 1)
        for _ in range(THREADS):
            self.pool.submit(None, lambda: gate.wait(WITHIN))
        try:
            gate.wait(2)
        except threading.BrokenBarrierError:
            return False
        return True


Hire = Callable[..., Worker]


@pytest.fixture
def hire(desk: Desk) -> Iterator[Hire]:
    """Makes workers, whose calls are given up at the end."""
    hired: list[Worker] = []

    def make(**limits: int) -> Worker:
        hired.append(Worker(**limits))
        return hired[-1]

    yield make
    for worker in hired:
        worker.cancel()
        assert worker.drain(WITHIN)


@pytest.fixture
def worker(hire: Hire) -> Worker:
    return hire()


def calls_of(desk: Desk) -> int:
    """How many calls the LLM has seen."""
    return int(sum(desk.stack.look("openai/control/calls")["calls"].values()))


def asked(desk: Desk, times: int) -> None:
    eventually(lambda: calls_of(desk) >= times, within=WITHIN, what=f"{times} calls")


def thinks(desk: Desk, seconds: float, times: int = 1) -> None:
    """The LLM needs so long for its next answers."""
    desk.stack.control("openai/control/faults", kind="slow", times=times, seconds=seconds)


def runs(desk: Desk) -> list[str]:
    with tenant_scope(desk.tenant.id):
        return list(Run.objects.order_by("id").values_list("state", flat=True))


def llm_calls(desk: Desk) -> list[str]:
    with tenant_scope(desk.tenant.id):
        return list(LLMCall.objects.order_by("id").values_list("state", flat=True))


def assert_each_call_is_paid_once(desk: Desk) -> None:
    with tenant_scope(desk.tenant.id):
        paid = list(UsageRecord.objects.values_list("call_id", flat=True))
        assert len(paid) == len(set(paid))
        assert Meter.objects.get().reserved_usd == 0
        assert Meter.objects.get().spent_usd == sum(UsageRecord.objects.values_list("cost_usd", flat=True))


def test_a_look_takes_a_message_all_the_way(desk: Desk, worker: Worker) -> None:
    desk.say("When do you open?")
    assert desk.events() == [("received", "")]
    worker.work()
    assert desk.events() == [("done", "")]
    assert len(desk.posted()) == 1
    assert (llm_calls(desk), desk.deliveries()) == (["settled"], ["sent"])
    worker.work()
    assert calls_of(desk) == 1


def test_looks_at_any_time_in_any_thread_are_harmless(desk: Desk, worker: Worker) -> None:
    for number in range(4):
        desk.say(f"When do you open? ({number})")

    def look(_: int) -> None:
        try:
            worker.look()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(look, range(40)))
    worker.ends()
    assert (len(desk.posted()), llm_calls(desk)) == (4, ["settled"] * 4)


def test_no_more_is_under_way_than_there_are_slots_and_the_rest_follows_without_another_look(
    desk: Desk, hire: Hire
) -> None:
    worker = hire(slots=2)
    thinks(desk, 1, times=2)
    for number in range(5):
        desk.say(f"When do you open? ({number})")
    worker.look()
    asked(desk, 2)
    assert (worker.under_way, calls_of(desk)) == (2, 2)
    eventually(lambda: len(desk.posted()) == 5, within=WITHIN)
    worker.ends()


def test_a_workspace_has_no_more_under_way_than_its_share(desk: Desk, hire: Hire) -> None:
    worker = hire(slots=10, share=2)
    thinks(desk, 1, times=2)
    for number in range(4):
        desk.say(f"When do you open? ({number})")
    worker.look()
    worker.look()
    asked(desk, 2)
    assert (worker.under_way, calls_of(desk)) == (2, 2)
    eventually(lambda: len(desk.posted()) == 4, within=WITHIN)
    worker.ends()


@pytest.fixture
def pooled(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Connections from psycopg's pool, as in production, and fewer of them than conversations."""
    connections.close_all()
    monkeypatch.setattr(keeper, "_keeper", keeper.Keeper())  # whose connection is from the pool, too
    database: Any = connection
    options = connection.settings_dict["OPTIONS"]
    options["pool"] = {"min_size": 1, "max_size": 3, "timeout": 10}
    try:
        yield database.pool
    finally:
        connection.close()
        database.close_pool()
        options["pool"] = False


def test_while_the_llm_works_neither_a_thread_nor_a_connection_is_held(desk: Desk, pooled: Any, worker: Worker) -> None:
    thinks(desk, 60, times=THREADS * 2)
    for number in range(THREADS * 2):
        desk.say(f"When do you open? ({number})")
    worker.look()
    asked(desk, THREADS * 2)
    connection.close()  # this thread's
    assert worker.is_idle()

    def all_are_back() -> bool:  # the keeper has one for a moment now and then
        known = pooled.get_stats()
        return known["pool_available"] == known["pool_size"] > 0 and not known.get("requests_waiting")

    eventually(all_are_back, within=5)
    assert worker.under_way == THREADS * 2


def test_neither_is_one_held_while_the_provider_is_asked_for_names(
    desk: Desk, pooled: Any, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    held: list[bool] = []
    provider = type(provider_named("slack"))
    name_of = provider.name_of

    def look(*args: Any) -> str:
        held.append(connection.connection is not None)
        return str(name_of(*args))

    monkeypatch.setattr(provider, "name_of", look)
    desk.say("When do you open?")
    worker.work()
    assert held
    assert not any(held)


def test_newer_input_starts_an_answer_over_once(desk: Desk, worker: Worker) -> None:
    thinks(desk, 1.5, times=2)
    ts = desk.say("When do you open?")
    worker.look()
    asked(desk, 1)
    desk.say("And when do you close?", ts)
    asked(desk, 2)
    desk.say("And where can I park?", ts)
    worker.ends()
    assert runs(desk) == ["superseded", "answered", "answered"]
    assert len(desk.posted()) == 2, "what came while the second one was made is answered after it, without a look"
    assert {state for state, _ in desk.events()} == {"done"}
    assert_each_call_is_paid_once(desk)


def test_what_is_too_long_is_asked_again_with_less_and_once(desk: Desk, worker: Worker) -> None:
    desk.stack.control("openai/control/faults", kind="raw", times=1, **TOO_LONG)
    ts = desk.say("When do you open?")
    worker.work()
    assert (calls_of(desk), len(desk.posted()), runs(desk)) == (2, 1, ["answered"])
    desk.stack.control("openai/control/faults", kind="raw", times=2, **TOO_LONG)
    desk.say("And when do you close?", ts)
    worker.work()
    assert (calls_of(desk), runs(desk)) == (4, ["answered", "failed"])
    assert desk.posted()[1:] == [said(phrases.APOLOGY, "en")]
    assert_each_call_is_paid_once(desk)


def test_a_call_ends_within_two_seconds_once_somebody_else_has_the_conversation(desk: Desk, worker: Worker) -> None:
    thinks(desk, 60)
    desk.say("When do you open?")
    worker.look()
    asked(desk, 1)
    with tenant_scope(desk.tenant.id):
        thread = Thread.objects.select_related("conversation").get()
        steps.abandon(thread.conversation)
        thread.overtake()
    began = time.monotonic()
    worker.ends()
    assert time.monotonic() - began < 4, "two, and what a busy machine adds"
    assert (desk.posted(), runs(desk), llm_calls(desk)) == ([], ["superseded"], ["assumed"])
    with tenant_scope(desk.tenant.id):
        assert UsageRecord.objects.count() == 1
    worker.work()
    assert len(desk.posted()) == 1
    assert_each_call_is_paid_once(desk)


def test_a_call_ends_within_two_seconds_once_a_person_stops_it(desk: Desk, worker: Worker) -> None:
    with tenant_scope(desk.tenant.id):
        Connection.objects.update(scopes="chat:write,assistant:write")
    thinks(desk, 60)
    ts = desk.say("When do you open?")
    worker.look()
    asked(desk, 1)
    eventually(lambda: session_of(desk, ts) == "processing", what="a session at work")
    stop = {"type": "agent_session_stopped", "channel": desk.channel, "thread_ts": ts, "event_ts": ts, "user": desk.ben}
    began = time.monotonic()
    body = payload("app_mention", **stop) | {"team_id": desk.team, "event_id": "EvStop"}
    assert arrive(Client(), body).status_code == 200
    worker.ends()
    assert time.monotonic() - began < 4, "two, and what a busy machine adds"
    assert (desk.posted(), runs(desk), llm_calls(desk)) == ([], ["superseded"], ["assumed"])
    assert ("ignored", "Stopped by the person.") in desk.events()
    eventually(lambda: session_of(desk, ts) == "active", what="a session that is at rest")
    worker.work()
    assert desk.posted() == []
    desk.say("And on Sundays?", ts)
    worker.work()
    assert len(desk.posted()) == 1
    eventually(lambda: session_of(desk, ts) == "active", what="a session that is at rest")
    assert_each_call_is_paid_once(desk)


def session_of(desk: Desk, ts: str) -> str:
    """The status of a thread's session in Slack."""
    found = desk.stack.look("slack/control/sessions")["sessions"]
    return next((str(each["status"]) for each in found if each["thread_ts"] == ts), "")


class Broken:
    """Fails the first time, and then does what it is in place of."""

    def __init__(self, real: Callable[..., Any], *, after: bool = False) -> None:
        self._real, self._is_after, self.times = real, after, 0

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        self.times += 1
        if self.times > 1:
            return self._real(*args, **kwargs)
        if self._is_after:
            self._real(*args, **kwargs)
        raise RuntimeError("expected in the log")


def later(desk: Desk) -> None:
    """Leases have run out, and whoever was sending is dead by now."""
    long_ago = timezone.now() - timedelta(minutes=5)
    with tenant_scope(desk.tenant.id):
        Thread.objects.filter(leased_until__isnull=False).update(leased_until=long_ago)
        Delivery.objects.filter(state="sending").update(sending_since=long_ago)
        threads = list(Thread.objects.values_list("id", flat=True))
    for thread_id in threads:
        lookups.look_up(desk.tenant.id, thread_id)
        deliver.send_due(desk.tenant.id, thread_id)


STAGES = {
    "taking up": (claims, "take_up", False),
    "claiming": (claims, "_take_up", False),
    "asking": (steps, "ask", False),
    "landing": (land, "answered", False),
    "saving": (deliver, "say", False),
    "after landing": (land, "answered", True),
    "sending": (deliver, "send", False),
    "after sending": (deliver, "_post", True),
    "noting what was sent": (deliver, "land_sent", False),
    "introducing": (introductions, "introduce", False),
}


@pytest.mark.parametrize("stage", STAGES)
def test_an_unexpected_error_leaves_no_slot_taken_and_loses_nothing(
    desk: Desk, worker: Worker, monkeypatch: pytest.MonkeyPatch, stage: str
) -> None:
    module, name, is_after = STAGES[stage]
    broken = Broken(getattr(module, name), after=is_after)
    monkeypatch.setattr(module, name, broken)
    desk.say("When do you open?")
    worker.work()
    assert broken.times
    later(desk)
    worker.work()
    assert len(desk.posted()) == 1
    assert desk.events() == [("done", "")]
    assert_each_call_is_paid_once(desk)


def test_strangers_are_introduced_once(desk: Desk, worker: Worker) -> None:
    for _ in range(2):
        desk.say("When do you open?")
        worker.work()
    assert len(desk.posted()) == 2
    assert desk.stack.look("slack/control/calls")["calls"]["users.info"] == 1


def test_what_can_never_be_heard_is_tried_later_each_time_and_fails_visibly(
    desk: Desk, worker: Worker, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("expected in the log")

    monkeypatch.setattr(hear, "hear", fail)
    settings.RETRY_SECONDS, settings.QUIET_MAX_SECONDS, pauses = 2, 60, []
    desk.say("When do you open?")
    for number in range(1, failures.MOST_FAILURES + 1):
        worker.work()
        worker.work()
        with tenant_scope(desk.tenant.id):
            event = InboxEvent.objects.get()
            if number < failures.MOST_FAILURES:
                assert (event.state, event.attempt) == ("received", number), "and once only until its time has come"
                assert event.due_at
                pauses.append((event.due_at - event.received_at).total_seconds())
            InboxEvent.objects.update(due_at=timezone.now())
    assert [2 * 2**n <= pause <= 2 * 2**n * 1.2 for n, pause in enumerate(pauses)] == [True] * 4, pauses
    assert (event.state, event.cause) == ("failed", "own_error")
    assert "RuntimeError" in str(event.reason)
    assert calls_of(desk) == 0


class Gate:
    """Does something at a certain point of a step, once."""

    def __init__(self, real: Callable[..., Any], then: Callable[[], object], *, before: bool) -> None:
        self._real, self._then, self._is_before = real, then, before
        self._is_open = False

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        is_first, self._is_open = not self._is_open, True
        if is_first and self._is_before:
            self._then()
        found = self._real(*args, **kwargs)
        if is_first and not self._is_before:
            self._then()
        return found


POINTS = {
    "before it is landed": (land, "answered", True),
    "before it is sent": (deliver, "send", True),
    "once it is posted": (deliver, "_post", False),
    "once it was looked whether something waits": (deliver, "send", False),
}


@pytest.mark.parametrize("point", POINTS)
def test_what_arrives_while_an_answer_is_on_its_way_out_is_answered_next(
    desk: Desk, worker: Worker, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    module, name, is_before = POINTS[point]
    ts: list[str] = []

    def more() -> None:
        desk.say("And when do you close?", ts[0])
        worker.look()  # its wake-up, which finds the place busy

    monkeypatch.setattr(module, name, Gate(getattr(module, name), more, before=is_before))
    ts.append(desk.say("When do you open?"))
    worker.look()
    eventually(lambda: [state for state, _ in desk.events()] == ["done"] * 2, within=5, what="the next answer")
    worker.ends()
    assert len(desk.posted()) == (1 if point == "before it is landed" else 2)


def test_what_an_edit_made_moot_twice_is_answered_without_the_sweep(desk: Desk, worker: Worker) -> None:
    thinks(desk, 1, times=2)
    desk.say("When do you open?")
    worker.look()
    for times in (1, 2):
        asked(desk, times)
        with tenant_scope(desk.tenant.id):  # as channels.messages.incoming.corrections does
            InboxEvent.objects.filter(state="running").update(state="pending")
        worker.look()
    eventually(lambda: [state for state, _ in desk.events()] == ["done"], within=WITHIN)
    worker.ends()
    assert (runs(desk), len(desk.posted())) == (["superseded", "superseded", "answered"], 1)


def test_two_workers_over_one_database_never_answer_twice(desk: Desk, hire: Hire) -> None:
    both = [hire(), hire()]
    ts = [desk.say(f"When do you open? ({number})") for number in range(4)]

    def look(worker: Worker) -> None:
        try:
            worker.look()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(look, both * 4))
        for each in ts:
            desk.say("And when do you close?", each)
            list(pool.map(look, both))
        eventually(lambda: list(pool.map(look, both)) and {s for s, _ in desk.events()} == {"done"}, within=WITHIN)
    for worker in both:
        worker.ends()
    assert runs(desk).count("answered") == len(desk.posted()) <= 8
    assert set(desk.deliveries()) == {"sent"}
    with tenant_scope(desk.tenant.id):
        assert not Run.objects.filter(cause="worker_died").exists()
    assert_each_call_is_paid_once(desk)


def test_nothing_is_taken_up_by_a_worker_that_is_closed_and_what_is_under_way_is_answered(
    desk: Desk, hire: Hire
) -> None:
    first, second = hire(), hire()
    thinks(desk, 1)
    desk.say("When do you open?")
    first.look()
    asked(desk, 1)
    first.close()
    desk.say("When do you close?")
    first.work()
    assert [state for state, _ in desk.events()] == ["done", "received"]
    second.work()
    assert len(desk.posted()) == 2


def test_calls_that_are_given_up_are_settled_and_answered_by_others_at_once(desk: Desk, hire: Hire) -> None:
    first, second = hire(), hire()
    thinks(desk, 60, times=3)
    for number in range(3):
        desk.say(f"When do you open? ({number})")
    first.look()
    asked(desk, 3)
    first.cancel()
    first.ends()
    assert llm_calls(desk) == ["assumed"] * 3
    assert {state for state, _ in desk.events()} == {"pending"}
    second.work()
    assert (len(desk.posted()), llm_calls(desk)) == (3, ["assumed"] * 3 + ["settled"] * 3)
    with tenant_scope(desk.tenant.id):
        assert set(Thread.objects.values_list("failures", "leased_until")) == {(0, None)}
    assert_each_call_is_paid_once(desk)
