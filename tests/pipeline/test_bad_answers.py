"""Any answer of an LLM provider leads to one reply, or one apology with the true reason; each call is settled once."""

import json
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from agents.employees import hiring
from agents.models import LLMCall, Outcome, Run, Turn
from agents.runs import steps
from channels import phrases
from channels.messages import failures
from channels.models import Thread
from tenants.scope import tenant_scope
from tests import working
from tests.pipeline import shapes
from tests.pipeline.conftest import Desk
from tests.pipeline.shapes import USAGE, openai
from usage.models import Hold, Meter, UsageRecord


@dataclass
class Books:
    """A conversation's outcome, read once, with everything about money checked."""

    posted: list[str]
    events: list[tuple[str, str]]
    calls: list[tuple[str, Decimal, Decimal]] = field(default_factory=list)
    outcomes: list[str] = field(default_factory=list)

    @property
    def is_assumed(self) -> bool:
        return [state for state, _, _ in self.calls] == ["assumed"]


def ask(desk: Desk, body: str | None = None, *, times: int = 1, peer: str = "chat.completions", **raw: Any) -> Books:
    """Ben asks, the provider gives that answer, and the worker runs as often as sweeps would start it."""
    if body is not None or raw:
        desk.stack.control(
            "openai/control/faults", kind="raw", method=peer, times=times, body=body or "", **({"seconds": 1} | raw)
        )
    thread_id = desk.hear("When do you open?")
    for _ in range(failures.MOST_FAILURES + 1):
        working.answer(desk.tenant.id, thread_id)
        if working.send_due(desk.tenant.id, thread_id) or desk.deliveries():
            break
    return books_of(desk)


def books_of(desk: Desk) -> Books:
    """Fails if the lease isn't free, a call wasn't settled exactly once, or ledger, meter and calls disagree."""
    with tenant_scope(desk.tenant.id):
        calls, meter = list(LLMCall.objects.order_by("id")), Meter.objects.first()
        assert all(call.actual_usd is not None and call.actual_usd <= call.estimate_usd for call in calls), calls
        booked = dict(UsageRecord.objects.values_list("call_id", "cost_usd"))
        assert booked == {call.id: call.actual_usd for call in calls if call.actual_usd}
        assert len(booked) == UsageRecord.objects.count()
        assert meter is None or meter.spent_usd == sum(booked.values())
        assert meter is None or meter.reserved_usd == 0
        assert list(Hold.objects.values_list("state", flat=True)) == ["settled"] * len(calls)
        assert Thread.objects.get().leased_until is None
        assert not Run.objects.filter(state="thinking").exists()
        outcomes = list(Run.objects.exclude(outcome="").values_list("outcome", flat=True))
        return Books(
            desk.posted(),
            desk.events(),
            [(call.state, call.actual_usd or Decimal(0), call.estimate_usd) for call in calls],
            outcomes,
        )


def cost(prompt: int, output: int) -> Decimal:
    """The price of gpt-4.1-mini: https://platform.openai.com/docs/pricing"""
    return (prompt * Decimal("0.4") + output * Decimal("1.6")) / 1_000_000


USAGES: dict[str, tuple[Any, Decimal | None]] = {
    "none": (..., None),
    "null": (None, None),
    "a text": ("much", None),
    "a list": ([1, 2], None),
    "zeros": ({"prompt_tokens": 0, "completion_tokens": 0}, None),
    "numbers in quotes": ({"prompt_tokens": "100", "completion_tokens": "20", "total_tokens": "120"}, cost(100, 20)),
    "details that are null": (
        USAGE | {"prompt_tokens_details": None, "completion_tokens_details": None},
        cost(100, 20),
    ),
    "details in part null": (USAGE | {"prompt_tokens_details": {"cached_tokens": None}}, cost(100, 20)),
    "negative": ({"prompt_tokens": -5, "completion_tokens": -1, "total_tokens": -6}, None),
    "absurd": ({"prompt_tokens": 10**15, "completion_tokens": 10**15, "total_tokens": 2 * 10**15}, None),
    "more than any column holds": ({"prompt_tokens": 10**30, "completion_tokens": 20, "total_tokens": 1}, None),
    "more than was allowed": (USAGE | {"completion_tokens": 1_001}, None),
    "no output": (USAGE | {"completion_tokens": None}, cost(100, 1_000)),
    "no input": (USAGE | {"prompt_tokens": None}, None),
    "more from the cache than there was": (USAGE | {"prompt_tokens_details": {"cached_tokens": 5_000}}, None),
    "fractions": ({"prompt_tokens": 1.5, "completion_tokens": 20.0, "total_tokens": 21.5}, None),
    "truths": ({"prompt_tokens": True, "completion_tokens": True, "total_tokens": True}, None),
}


@pytest.mark.parametrize("usage", ["none", "absurd", "no output", "numbers in quotes"])
def test_an_answer_is_billed_as_reported_never_above_its_limit_and_never_free(desk: Desk, usage: str) -> None:
    told, expected = USAGES[usage]
    books = ask(desk, openai(usage=told))
    assert books.posted == ["We open at 7."]
    [(state, actual, estimate)] = books.calls
    assert actual == (estimate if expected is None else expected)
    assert state == ("settled" if expected == cost(100, 20) else "assumed")


def test_no_usage_is_too_strange_to_be_billed(desk: Desk) -> None:
    """All in one conversation: missing usage is filled in, impossible usage costs the estimate."""
    for told, expected in USAGES.values():
        desk.stack.control("openai/control/faults", kind="raw", body=openai(usage=told))
        working.answer(desk.tenant.id, desk.hear("When do you open?"))
        with tenant_scope(desk.tenant.id):
            call = LLMCall.objects.order_by("-id")[0]
            assert call.actual_usd is not None
            assert 0 < call.actual_usd <= call.estimate_usd
            assert expected in (None, call.actual_usd), told
            assert call.state == ("settled" if expected == cost(100, 20) else "assumed"), told


UNUSABLE = ("no choice", "null as content", "a list", "an error inside of a 200")


@pytest.mark.parametrize("shape", UNUSABLE)
def test_an_invalid_answer_ends_at_once_with_one_apology_and_its_reason(desk: Desk, shape: str) -> None:
    body, reason = shapes.UNREADABLE[shape]
    books = ask(desk, body, times=9)
    assert books.posted == [str(phrases.APOLOGY)]
    assert books.events == [("failed", reason)]
    assert len(books.calls) == 1, "another call would cost again"
    assert books.calls[0][1] == (cost(100, 20) if "usage" in body else books.calls[0][2])


@pytest.mark.parametrize("outcome", [Outcome.CUT, Outcome.FILTERED, Outcome.REFUSED])
def test_an_incomplete_answer_says_so_and_so_do_the_books(desk: Desk, outcome: Outcome) -> None:
    body, text = shapes.NOT_WHOLE[outcome]
    books = ask(desk, body)
    assert books.posted == [f"{text}\n\n{steps.MARKS[outcome]}"]
    assert (books.outcomes, [state for state, _ in books.events]) == ([outcome], ["done"])


def test_an_outage_is_retried_and_costs_nothing(desk: Desk) -> None:
    books = ask(desk, **shapes.OUTAGES["a page with 403"])
    assert (len(books.posted), "9" in books.posted[0]) == (1, True)
    assert [(state, actual > 0) for state, actual, _ in books.calls] == [("settled", False), ("settled", True)]


def test_a_call_that_may_have_been_billed_is_booked_and_retried(desk: Desk) -> None:
    books = ask(desk, **shapes.LOST["a body that breaks off"])
    assert (len(books.posted), "9" in books.posted[0]) == (1, True)
    assert [state for state, _, _ in books.calls] == ["assumed", "settled"]
    assert books.calls[0][1] == books.calls[0][2]


def test_an_endless_answer_ends_with_its_call(desk: Desk, settings: Settings) -> None:
    settings.LLM_TOTAL_SECONDS = 1.0
    begun = timezone.now()
    books = ask(desk, openai(), hang_after=40, seconds=20)
    assert (timezone.now() - begun).total_seconds() < 10
    assert [state for state, _, _ in books.calls] == ["assumed", "settled"]


def test_a_refusal_keeps_the_providers_words_for_the_operator(desk: Desk) -> None:
    body = json.dumps({"error": {"message": "Unsupported parameter: \0 sk-abcdefghij"}})
    books = ask(desk, body, status=400, times=9)
    assert books.events == [("failed", "OpenAI rejects the request (HTTP 400).")]
    assert [actual for _, actual, _ in books.calls] == [Decimal(0)]
    with tenant_scope(desk.tenant.id):
        kept = LLMCall.objects.get().error
    assert str(kept) == "OpenAI rejects the request (HTTP 400)."
    assert kept.details["said"] == "HTTP 400 Unsupported parameter: [key]"


def test_a_prompt_too_long_for_the_model_is_shortened_and_retried_once(desk: Desk) -> None:
    error = {"message": "This model's maximum context length is 8192 tokens.", "code": "context_length_exceeded"}
    thread_id = desk.hear("When do you open?")
    with tenant_scope(desk.tenant.id):
        turn = Turn.objects.get()
        for number in range(20):
            earlier = turn.said_at - timedelta(minutes=number + 1)
            Turn.objects.create(
                conversation=turn.conversation, speaker="person", text=f"{number} " + "word " * 200, said_at=earlier
            )
    desk.stack.control("openai/control/faults", kind="raw", times=1, status=400, body=json.dumps({"error": error}))
    working.answer(desk.tenant.id, thread_id)
    working.send_due(desk.tenant.id, thread_id)
    books = books_of(desk)
    assert "9" in books.posted[0]
    assert [(state, actual > 0) for state, actual, _ in books.calls] == [("settled", False), ("settled", True)]
    asked = [each for each in desk.stack.look("openai/control/calls")["requests"] if each.get("messages")]
    sizes = [sum(len(message["content"]) for message in each["messages"][1:]) for each in asked]
    assert sizes[1] < sizes[0] / 3
    assert asked[1]["messages"][-1]["content"].endswith("When do you open?")


def test_a_prompt_that_stays_too_long_ends_with_one_apology(desk: Desk) -> None:
    body = json.dumps({"error": {"message": "x", "code": "context_length_exceeded"}})
    books = ask(desk, body, status=400, times=9)
    assert books.events == [("failed", "OpenAI cannot read a conversation this long: shorten the instructions.")]
    assert [actual for _, actual, _ in books.calls] == [Decimal(0)] * 2


def test_a_reasoning_model_gets_low_effort_and_enough_tokens(desk: Desk) -> None:
    with tenant_scope(desk.tenant.id):
        desk.agent.model, desk.agent.max_output_tokens = "gpt-5-mini", 16
        hiring.change(desk.agent)
    books = ask(desk)
    assert books.outcomes
    with tenant_scope(desk.tenant.id):
        call = LLMCall.objects.get()
        assert 0 < call.reasoning_tokens <= 64
    [request] = [each for each in desk.stack.look("openai/control/calls")["requests"] if "max_tokens" in each]
    assert request["max_tokens"] == 4_016


def test_an_unexpected_error_frees_the_lease_at_once_and_counts_one_failure(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No provider can cause our own bugs, so they are injected here."""

    def broken(*_: Any) -> None:
        raise ZeroDivisionError

    thread_id = desk.hear("When do you open?")
    for place in ("ask", "finish", "prepare"):
        with monkeypatch.context() as patched:
            patched.setattr(steps, place, broken)
            working.answer(desk.tenant.id, thread_id)
        with tenant_scope(desk.tenant.id):
            assert Thread.objects.get().leased_until is None, place
    with tenant_scope(desk.tenant.id):
        assert Thread.objects.get().failures == 3
    working.answer(desk.tenant.id, thread_id)
    working.send_due(desk.tenant.id, thread_id)
    books = books_of(desk)
    assert (len(books.posted), books.events) == (1, [("done", "")])
    assert [state for state, _, _ in books.calls] == ["assumed", "settled", "settled"], "the second reported its usage"


@pytest.mark.parametrize("place", ["ask", "finish", "prepare", "fail"])
def test_a_repeated_failure_ends_with_one_apology_and_its_own_reason(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    def broken(*_: Any) -> None:
        raise ZeroDivisionError

    if place == "fail":
        desk.stack.control("openai/control/faults", kind="500", times=9)
    thread_id = desk.hear("When do you open?")
    with monkeypatch.context() as patched:
        patched.setattr(steps, place, broken)
        for _ in range(failures.MOST_FAILURES + 1):
            working.answer(desk.tenant.id, thread_id)
            working.send_due(desk.tenant.id, thread_id)
    books = books_of(desk)
    assert books.posted == [str(phrases.APOLOGY)]
    reason = "An error on our side (ZeroDivisionError): its details are in the log."
    assert books.events == [("failed", reason)]
