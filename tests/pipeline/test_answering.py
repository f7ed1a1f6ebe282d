"""Claims, fencing and failures, one step at a time."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from django.db import connections
from django.utils import timezone
from pytest_django import Settings

from agents.employees import hiring
from agents.llm.calls import Completion
from agents.models import LLMCall, Run, Turn
from agents.runs import steps
from billing import quota
from channels import phrases
from channels.messages import due, failures, lookups, sweep, waiting
from channels.models import Delivery, InboxEvent, Thread
from tenants.jobs import renewals
from tenants.scope import tenant_scope
from tests import factories, working
from tests.pipeline.conftest import Desk
from usage.models import DailyMessages, DailyUsage, Hold, Meter, UsageRecord
from usage.tokens import Tokens


def answer(desk: Desk, thread_id: UUID) -> None:
    """Run the task's work."""
    working.answer(desk.tenant.id, thread_id)
    working.send_due(desk.tenant.id, thread_id)


def test_a_message_is_answered_metered_and_counted(desk: Desk) -> None:
    answer(desk, desk.hear("When do you open?"))
    assert desk.events() == [("done", "")]
    assert len(desk.posted()) == 1
    with tenant_scope(desk.tenant.id):
        record, meter = UsageRecord.objects.get(), Meter.objects.get()
        assert record.cost_usd == LLMCall.objects.get().actual_usd == meter.spent_usd > 0
        assert meter.reserved_usd == 0
        assert record.price == {"input_mtok": "0.4", "cache_read_mtok": "0.1", "output_mtok": "1.6"}
        assert DailyUsage.objects.get().cost_usd == record.cost_usd
        counted = DailyMessages.objects.get()
        assert (counted.received, counted.sent) == (1, 1)


def test_every_step_twice_changes_nothing(desk: Desk) -> None:
    thread = desk.hear("When do you open?")
    for _ in range(2):
        answer(desk, thread)
        lookups.look_up(desk.tenant.id, thread)
    with tenant_scope(desk.tenant.id):
        assert (Run.objects.count(), LLMCall.objects.count(), UsageRecord.objects.count()) == (1, 1, 1)
    assert len(desk.posted()) == 1


def test_of_very_many_messages_some_are_answered_at_a_time(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "MOST_AT_ONCE", 2)
    thread = desk.hear("When do you open?")
    for text in ("And on Sundays?", "May I bring my dog?"):
        desk.hear(text, desk.first_ts())
    answer(desk, thread)
    assert [state for state, _ in desk.events()] == ["done", "done", "received"]
    answer(desk, thread)
    assert [state for state, _ in desk.events()] == ["done", "done", "done"]
    assert len(desk.posted()) == 2


def test_ten_workers_at_once_give_one_answer(desk: Desk) -> None:
    thread = desk.hear("When do you open?")

    def work(_: int) -> None:
        try:
            answer(desk, thread)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(10) as pool:
        list(pool.map(work, range(10)))
    assert len(desk.posted()) == 1
    with tenant_scope(desk.tenant.id):
        assert LLMCall.objects.count() == 1


def test_a_worker_that_lost_its_lease_sends_nothing_and_is_billed(desk: Desk) -> None:
    thread_id = desk.hear("When do you open?")
    slow = working.claim(desk.tenant.id, thread_id)
    assert slow
    completion = steps.ask(slow.run).result()
    with tenant_scope(desk.tenant.id):
        Thread.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
    answer(desk, thread_id)
    assert working.land_answer(slow, completion, may_start_over=True) is False
    assert renewals.renew(Thread, [(thread_id, slow.attempt)]) == set()
    working.send_due(desk.tenant.id, thread_id)
    assert len(desk.posted()) == 1
    with tenant_scope(desk.tenant.id):
        assert set(Run.objects.values_list("attempt", "state")) == {(1, "superseded"), (2, "answered")}
        assert set(LLMCall.objects.values_list("state", flat=True)) == {"assumed", "settled"}
        assert Meter.objects.get().spent_usd == sum(UsageRecord.objects.values_list("cost_usd", flat=True))
        assert not Hold.objects.filter(state="open").exists()


def test_nobody_waits_for_an_answer_once_the_conversation_is_taken_over(desk: Desk) -> None:
    thread_id = desk.hear("When do you open? [sandbox:slow=60]")
    slow = working.claim(desk.tenant.id, thread_id)
    assert slow
    with ThreadPoolExecutor(1) as pool, closing_connections(pool):
        waiting = pool.submit(working.attempt, slow, may_start_over=True)
        with tenant_scope(desk.tenant.id):
            thread = Thread.objects.select_related("conversation").get()
            steps.abandon(thread.conversation)
            thread.overtake()
            spent = Meter.objects.get().spent_usd
        assert waiting.result(30) is False, "long before the LLM answers"
    with tenant_scope(desk.tenant.id):
        assert Run.objects.get().state == "superseded"
        assert LLMCall.objects.get().state == "assumed"
        assert Meter.objects.get().spent_usd == UsageRecord.objects.get().cost_usd == spent > 0, "as it was settled"
        assert not Hold.objects.filter(state="open").exists()


def test_a_call_that_whoever_took_over_could_not_settle_is_settled_at_its_estimate(desk: Desk) -> None:
    thread_id = desk.hear("When do you open? [sandbox:slow=60]")
    slow = working.claim(desk.tenant.id, thread_id)
    assert slow
    with ThreadPoolExecutor(1) as pool, closing_connections(pool):
        waiting = pool.submit(working.attempt, slow, may_start_over=True)
        with tenant_scope(desk.tenant.id):
            Thread.objects.get().overtake()
        assert waiting.result(30) is False
    with tenant_scope(desk.tenant.id):
        call = LLMCall.objects.get()
        assert (call.state, call.actual_usd) == ("assumed", call.estimate_usd)
        assert Meter.objects.get().reserved_usd == 0
        assert (Run.objects.get().state, Run.objects.get().cause) == ("superseded", "worker_died")


@contextmanager
def closing_connections(pool: ThreadPoolExecutor) -> Iterator[None]:
    """Leave no connection of the pool's one thread open."""
    yield
    pool.submit(connections.close_all).result(30)


def test_a_leased_conversation_is_not_claimed(desk: Desk) -> None:
    thread_id = desk.hear("When do you open?")
    assert working.claim(desk.tenant.id, thread_id)
    assert working.claim(desk.tenant.id, thread_id) is None


def test_a_message_that_keeps_killing_its_worker_ends_with_one_apology(desk: Desk) -> None:
    thread_id = desk.hear("When do you open?")
    for _ in range(failures.MOST_FAILURES):
        assert working.claim(desk.tenant.id, thread_id)
        with tenant_scope(desk.tenant.id):
            Thread.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
    assert working.claim(desk.tenant.id, thread_id) is None
    working.send_due(desk.tenant.id, thread_id)
    assert desk.events() == [("failed", "Every try at an answer ended with its worker.")]
    assert desk.posted() == [str(phrases.APOLOGY)]
    with tenant_scope(desk.tenant.id):
        assert Meter.objects.get().reserved_usd == 0
        assert not Run.objects.filter(state="thinking").exists()


def test_a_permanent_fault_ends_with_one_apology(desk: Desk) -> None:
    thread_id = desk.hear("Hello [sandbox:500]")
    for _ in range(failures.MOST_FAILURES + 2):
        answer(desk, thread_id)
    assert [state for state, _ in desk.events()] == ["failed"]
    assert "OpenAI" in desk.events()[0][1]
    assert len(desk.posted()) == 1
    with tenant_scope(desk.tenant.id):
        assert LLMCall.objects.count() == failures.MOST_FAILURES
        assert Meter.objects.get().spent_usd == 0


def test_a_retry_waits_as_long_as_the_provider_asks(desk: Desk) -> None:
    desk.stack.control("openai/control/faults", kind="429", times=1, seconds=40)
    thread_id = desk.hear("When do you open?")
    answer(desk, thread_id)
    answer(desk, thread_id)
    with tenant_scope(desk.tenant.id):
        assert LLMCall.objects.count() == 1
        retry_at = Thread.objects.get().retry_at
        assert retry_at is not None
        assert 38 < (retry_at - timezone.now()).total_seconds() <= 48, "with some jitter"


def test_a_spent_budget_answers_with_the_unavailable_text_and_makes_no_call(desk: Desk) -> None:
    with tenant_scope(desk.tenant.id):
        Meter.objects.create(key="trial", name="Trial credit", cap_usd=Decimal("0.0000001"))
    answer(desk, desk.hear("When do you open?"))
    assert desk.posted() == [desk.agent.unavailable_text]
    assert desk.events() == [("done", "")]
    with tenant_scope(desk.tenant.id):
        assert not LLMCall.objects.exists()
        assert str(Run.objects.get().error).startswith("Trial credit has")


def test_an_employee_without_a_seat_answers_with_the_unavailable_text(desk: Desk) -> None:
    thread_id = desk.hear("When do you open?")
    with tenant_scope(desk.tenant.id):
        quota.leave_seat(desk.agent.id)
    answer(desk, thread_id)
    assert desk.posted() == [desk.agent.unavailable_text]


def test_a_model_without_a_price_is_refused_not_free(desk: Desk) -> None:
    with tenant_scope(desk.tenant.id):
        desk.agent.model = "no-such-model"
        hiring.change(desk.agent)
    answer(desk, desk.hear("When do you open?"))
    with tenant_scope(desk.tenant.id):
        assert str(Run.objects.get().error) == (
            "There is no price for no-such-model from openai: choose a model that has one."
        )
        assert not LLMCall.objects.exists()


def test_the_quiet_period_collects_messages_and_is_limited(desk: Desk, settings: Settings) -> None:
    settings.QUIET_SECONDS, settings.QUIET_MAX_SECONDS = 60, 300
    thread_id = desk.hear("When do you open?")
    answer(desk, thread_id)
    assert desk.events() == [("pending", "")]
    with tenant_scope(desk.tenant.id):
        InboxEvent.objects.update(received_at=timezone.now() - timedelta(seconds=301))
    desk.hear("And when do you close?", desk.first_ts())
    answer(desk, thread_id)
    assert desk.events() == [("done", ""), ("done", "")]
    assert len(desk.posted()) == 1


def test_the_sweeper_finds_conversations_without_a_task(desk: Desk, settings: Settings) -> None:
    settings.QUIET_MAX_SECONDS = 60
    thread_id = desk.hear("When do you open?")
    place = working.place_of(desk.tenant.id, thread_id)
    with tenant_scope(desk.tenant.id):
        InboxEvent.objects.update(due_at=timezone.now() + timedelta(seconds=30))
    assert due.places(9, 9, [], {}) == []
    with tenant_scope(desk.tenant.id):
        InboxEvent.objects.update(due_at=timezone.now() - timedelta(seconds=30))
    assert due.places(9, 9, [], {}) == [place]
    working.answer(desk.tenant.id, thread_id)
    assert due.places(9, 9, [], {}) == []
    with tenant_scope(desk.tenant.id):
        Delivery.objects.update(state="pending", next_attempt_at=timezone.now() - timedelta(seconds=30))
    assert sweep.overdue().deliveries == [(desk.tenant.id, thread_id)]
    with tenant_scope(desk.tenant.id):
        Delivery.objects.update(state="sending", sending_since=timezone.now() - timedelta(seconds=30))
    assert sweep.overdue().look_ups == [(desk.tenant.id, thread_id)]


def test_a_long_answer_is_sent_in_parts_in_order(desk: Desk) -> None:
    thread_id = desk.hear("When do you open?")
    claim = working.claim(desk.tenant.id, thread_id)
    assert claim
    completion = steps.ask(claim.run).result()
    text = "\n\n".join(f"Paragraph {number}. " + "word " * 150 for number in range(40))
    working.land_answer(claim, type(completion)(text, completion.tokens, ""), may_start_over=False)
    working.send_due(desk.tenant.id, thread_id)
    parts = desk.posted()
    assert len(parts) > 1
    assert all(len(part) <= 12_000 for part in parts)
    assert "".join("".join(parts).split()) == "".join(text.split())
    assert desk.events() == [("done", "")]


def test_people_and_employee_take_turns(desk: Desk) -> None:
    answer(desk, desk.hear("When do you open?"))
    with tenant_scope(desk.tenant.id):
        assert list(Turn.objects.order_by("id").values_list("speaker", flat=True)) == ["person", "employee"]


def test_accepting_and_landing_at_once_do_not_deadlock(desk: Desk) -> None:
    thread_id = desk.hear("When do you open?")
    claim = working.claim(desk.tenant.id, thread_id)
    assert claim
    completion = steps.ask(claim.run).result()

    def hear(number: int) -> None:
        try:
            desk.hear(f"And on day {number}?", desk.first_ts())
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        heard = [pool.submit(hear, number) for number in range(16)]
        working.land_answer(claim, completion, may_start_over=False)
        for each in heard:
            each.result()
    with tenant_scope(desk.tenant.id):
        assert InboxEvent.objects.filter(state="pending").count() >= 1
        assert Run.objects.get().state == "answered"


def test_pending_messages_come_last_in_the_prompt_even_if_the_answer_was_saved_later(desk: Desk) -> None:
    thread_id = desk.hear("When do you open?")
    claim = working.claim(desk.tenant.id, thread_id)
    assert claim
    completion = steps.ask(claim.run).result()
    desk.hear("And when do you close?", desk.first_ts())
    working.land_answer(claim, completion, may_start_over=False)
    working.send_due(desk.tenant.id, thread_id)
    following = working.claim(desk.tenant.id, thread_id)
    assert following
    assert [message.is_from_employee for message in following.run.prompt.messages] == [False, True, False]
    assert following.run.prompt.messages[-1].text.endswith(": And when do you close?")


def test_starting_over_is_not_a_failure(desk: Desk) -> None:
    thread_id = desk.hear("When do you open?")
    with tenant_scope(desk.tenant.id):
        Thread.objects.update(failures=failures.MOST_FAILURES - 1)
    claim = working.claim(desk.tenant.id, thread_id)
    assert claim
    desk.hear("And when do you close?", desk.first_ts())
    assert working.attempt(claim, may_start_over=True) is True
    answer(desk, thread_id)
    assert desk.events() == [("done", ""), ("done", "")]


def test_after_an_employee_is_let_go_its_successor_answers_in_the_old_thread(desk: Desk) -> None:
    answer(desk, desk.hear("When do you open?"))
    with tenant_scope(desk.tenant.id):
        hiring.let_go(desk.agent)
        factories.make_agent("Max")
    answer(desk, desk.hear("And when do you close?", desk.first_ts()))
    with tenant_scope(desk.tenant.id):
        assert Run.objects.order_by("-id")[0].revision.name == "Max"
    assert desk.posted()[-1] != desk.agent.unavailable_text


def test_an_answer_without_usage_is_billed_at_its_estimate(desk: Desk) -> None:
    claim = working.claim(desk.tenant.id, desk.hear("When do you open?"))
    assert claim
    working.land_answer(claim, Completion("Hello", Tokens(), ""), may_start_over=False)
    with tenant_scope(desk.tenant.id):
        record = UsageRecord.objects.get()
        assert record.is_assumed
        assert record.cost_usd == LLMCall.objects.get().estimate_usd > 0


def test_a_wake_up_for_nothing_due_queues_nothing(desk: Desk) -> None:
    """A worker that finds nothing to send must not publish a task, or it would loop."""
    thread_id = desk.hear("When do you open?")
    assert working.claim(desk.tenant.id, thread_id)
    assert working.send_due(desk.tenant.id, thread_id) is False
