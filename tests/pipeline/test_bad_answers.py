"""Whatever an LLM provider answers: one reply or one apology with the true reason, and every call settled once."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from agents import hiring, runs
from agents.models import LLMCall, Run, Turn
from channels import answering, outbox
from channels.models import Thread
from tenants.scope import tenant_scope
from tests.pipeline.conftest import Desk
from usage.models import Hold, Meter, UsageRecord

Json = dict[str, Any]
USAGE = {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120}
TOLD = {"input_tokens": 100, "output_tokens": 20}
HUGE = 10**6
PAGE = "<!DOCTYPE html><html><body><h1>Attention required</h1></body></html>"


def openai(message: Any = None, **changes: Any) -> str:
    """OpenAI's answer, with changes; a change to `...` leaves the field out."""
    message = {"role": "assistant", "content": "We open at 7."} if message is None else message
    whole: Json = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1_764_000_000,
        "model": "gpt-4.1-mini",
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": USAGE,
    } | changes
    return json.dumps({name: value for name, value in whole.items() if value is not ...})


def claude(**changes: Any) -> str:
    whole: Json = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-sonnet-5-5",
        "content": [{"type": "text", "text": "We open at 7."}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": TOLD,
    } | changes
    return json.dumps({name: value for name, value in whole.items() if value is not ...})


def said(text: Any, finish_reason: str = "stop", **more: Any) -> str:
    message = {"role": "assistant", "content": text, **more}
    return openai(choices=[{"index": 0, "message": message, "finish_reason": finish_reason}])


@dataclass
class Books:
    """What became of a conversation: read once, with everything about money checked."""

    posted: list[str]
    events: list[tuple[str, str]]
    calls: list[tuple[str, Decimal, Decimal]] = field(default_factory=list)
    outcomes: list[str] = field(default_factory=list)

    @property
    def is_assumed(self) -> bool:
        return [state for state, _, _ in self.calls] == ["assumed"]


def ask(desk: Desk, body: str | None = None, *, times: int = 1, peer: str = "chat.completions", **raw: Any) -> Books:
    """Ben asks, the provider answers like that, and the worker comes by as often as the sweeper would send it."""
    if body is not None or raw:
        desk.stack.control(
            "openai/control/faults", kind="raw", method=peer, times=times, body=body or "", **({"seconds": 1} | raw)
        )
    thread_id = desk.hear("When do you open?")
    for _ in range(answering.MOST_FAILURES + 1):
        answering.answer(desk.tenant.id, thread_id)
        outbox.deliver(desk.tenant.id, thread_id)
    return books_of(desk)


def books_of(desk: Desk) -> Books:
    """Fails if the lease is not free, a call was not settled once, or ledger, meter and calls do not agree."""
    with tenant_scope(desk.tenant.id):
        calls, meter = list(LLMCall.objects.order_by("id")), Meter.objects.get()
        assert all(call.actual_usd is not None and call.actual_usd <= call.estimate_usd for call in calls), calls
        booked = dict(UsageRecord.objects.values_list("call_id", "cost_usd"))
        assert booked == {call.id: call.actual_usd for call in calls if call.actual_usd}
        assert len(booked) == UsageRecord.objects.count()
        assert meter.spent_usd == sum(booked.values())
        assert meter.reserved_usd == 0
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
    """gpt-4.1-mini's: https://platform.openai.com/docs/pricing"""
    return (prompt * Decimal("0.4") + output * Decimal("1.6")) / 1_000_000


READABLE = {
    "an id of 200 characters": openai(id="x" * 200),
    "an id of a million characters": openai(id="x" * HUGE),
    "an id with NULs and lone surrogates": '{"id": "a\\u0000b\\ud800c", ' + openai(id=...)[1:],
    "an id that is a number": openai(id=7),
    "no id": openai(id=...),
    "a model that is a list": openai(model=["gpt"]),
    "created as text": openai(created="yesterday"),
    "no created": openai(created=...),
    "NULs in the text": said("We open\0 at 7."),
    "a lone surrogate in the text": said("We open at 7.\ud83d"),
    "a custom tool call beside the text": said(
        "We open at 7.", tool_calls=[{"id": "c", "type": "custom", "custom": {"name": "run", "input": "x"}}]
    ),
    "tool calls that are text": said("We open at 7.", tool_calls="none"),
    "an unknown content part": said([{"type": "hologram", "data": 1}, {"type": "text", "text": "We open at 7."}]),
    "parts that are no objects": said([None, 3, {"type": "text", "text": "We open at 7."}]),
    "a choice that is none before the one that is": openai(
        choices=[None, {"index": 0, "message": {"role": "assistant", "content": "We open at 7."}}]
    ),
    "no finish reason": openai(choices=[{"message": {"content": "We open at 7."}}]),
    "a finish reason that is a number": openai(choices=[{"message": {"content": "We open at 7."}, "finish_reason": 1}]),
    "reasoning that is a list": said("We open at 7.", reasoning=[{"text": "Hm."}]),
    "thoughts in tags": said("<think>Ben asks. Shop\nopens at 7.</think>\n\nWe open at 7."),
    "thoughts in capitals": said("<THINKING>secret</THINKING>We open at 7."),
    "thoughts whose beginning is in the template": said("Ben asks for hours.\n</think>\nWe open at 7."),
    "thoughts in a thought": said("<think>a<think>b</think>c</think>We open at 7."),
    "thoughts that do not end": said("We open at 7.<think>Or is it 8? Let me"),
    "Mistral's thoughts": said("[THINK]Hm.[/THINK]We open at 7."),
    "harmony's channels": said(
        "<|channel|>analysis<|message|>Hours.<|end|><|start|>assistant<|channel|>final<|message|>We open at 7.<|return|>"
    ),
    "annotations and logprobs of any kind": openai(
        choices=[{"message": {"content": "We open at 7.", "annotations": 3, "audio": "x"}, "logprobs": "y"}]
    ),
    "a service tier that nobody knows": openai(service_tier={"a": 1}),
    "a byte order mark": "\ufeff" + openai(),
}


@pytest.mark.parametrize("shape", READABLE)
def test_what_can_be_read_is_one_clean_reply(desk: Desk, shape: str) -> None:
    books = ask(desk, READABLE[shape])
    assert books.posted == ["We open at 7."]
    assert (books.events, books.outcomes) == ([("done", "")], ["whole"])
    assert [state for state, _, _ in books.calls] == ["settled"]
    assert books.calls[0][1] == cost(100, 20)
    with tenant_scope(desk.tenant.id):
        assert len(LLMCall.objects.get().provider_request_id) <= 120


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


@pytest.mark.parametrize("usage", USAGES)
def test_an_answer_is_billed_as_told_never_above_its_bound_and_never_free(desk: Desk, usage: str) -> None:
    told, expected = USAGES[usage]
    books = ask(desk, openai(usage=told))
    assert books.posted == ["We open at 7."]
    [(state, actual, estimate)] = books.calls
    assert 0 < actual <= estimate
    if expected is not None:
        assert actual == expected
    assert state == ("settled" if expected == cost(100, 20) else "assumed")


UNREADABLE = {
    "no choice": (openai(choices=[]), "OpenAI answered without an answer in it.", cost(100, 20)),
    "no choices": (openai(choices=...), "OpenAI answered without an answer in it.", cost(100, 20)),
    "choices that are an object": (openai(choices={"0": 1}), "OpenAI answered without an answer in it.", None),
    "a choice without a message": (openai(choices=[{"index": 0}]), "OpenAI answered without an answer in it.", None),
    "null as content": (said(None), "OpenAI answered with nothing.", cost(100, 20)),
    "a number as content": (said(7), "OpenAI answered with nothing.", cost(100, 20)),
    "blanks": (said(" \n\t "), "OpenAI answered with nothing.", cost(100, 20)),
    "marks without width": (said("\u200b\u2060\ufeff"), "OpenAI answered with nothing.", cost(100, 20)),
    "only thoughts": (said("<think>Ben asks for hours."), "OpenAI answered with nothing.", cost(100, 20)),
    "only a tool call": (
        said(None, tool_calls=[{"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}]),
        "OpenAI answered with nothing.", cost(100, 20),
    ),
    "its limit used up by thoughts": (
        said("", "length"),
        "OpenAI came to the limit of 1000 tokens before its first word: give the employee a higher limit.",
        cost(100, 20),
    ),
    "all filtered": (said(None, "content_filter"), "OpenAI's content filter held the answer back.", cost(100, 20)),
    "a list": ("[1, 2, 3]", "OpenAI answered with something that is not an answer.", None),
    "a number": ("42", "OpenAI answered with something that is not an answer.", None),
    "null": ("null", "OpenAI answered with something that is not an answer.", None),
    "three million bytes": (
        said("x" * 3_000_000), "OpenAI sent more than any answer can be (2,000,000 bytes).", None,
    ),
    "an error inside of a 200": (
        json.dumps({"error": {"message": "This content is not allowed.", "code": 403}, "usage": USAGE}),
        "OpenAI accepts the API key, but it may not use this: check the key's permissions.", cost(100, 20),
    ),
    "an error as a text": ('{"error": "Something"}', "OpenAI reports an error.", None),
}  # fmt: skip


@pytest.mark.parametrize("shape", UNREADABLE)
def test_what_is_no_answer_ends_at_once_with_one_apology_and_its_name(desk: Desk, shape: str) -> None:
    body, reason, actual = UNREADABLE[shape]
    books = ask(desk, body, times=9)
    assert books.posted == [answering.APOLOGY]
    assert books.events == [("failed", reason)]
    assert len(books.calls) == 1, "asked again it would cost again"
    assert books.calls[0][1] == (books.calls[0][2] if actual is None else actual) > 0


def test_a_million_characters_are_cut_and_marked(desk: Desk) -> None:
    books = ask(desk, said("word " * 200_000))
    assert sum(map(len, books.posted)) < 17_000
    assert books.posted[-1].endswith(runs.MARKS["cut"])
    assert books.outcomes == ["cut"]


NOT_WHOLE = {
    "cut": (said("We open at", "length"), "We open at"),
    "filtered": (said("We open at", "content_filter"), "We open at"),
    "refused": (said(None, refusal="I can't help with that."), "I can't help with that."),
}


@pytest.mark.parametrize("outcome", NOT_WHOLE)
def test_an_answer_that_is_not_whole_says_so_and_so_do_the_books(desk: Desk, outcome: str) -> None:
    body, text = NOT_WHOLE[outcome]
    books = ask(desk, body)
    assert books.posted == [f"{text}\n\n{runs.MARKS[outcome]}"]
    assert (books.outcomes, [state for state, _ in books.events]) == ([outcome], ["done"])


@pytest.mark.parametrize("reason", ["error", "insufficient_system_resource", "model_length", "something_new"])
def test_a_finish_reason_that_nobody_knows_is_not_taken_for_whole(desk: Desk, reason: str) -> None:
    assert ask(desk, said("We open at", reason)).outcomes == ["cut"]


OUTAGES = {
    "a page with 200": {"body": PAGE, "headers": {"content-type": "text/html"}},
    "a page that calls itself JSON": {"body": PAGE},
    "a page with 403": {"body": PAGE, "status": 403, "headers": {"content-type": "text/html"}},
    "a page with 404": {"body": PAGE, "status": 404},
    "a page with 502": {"body": PAGE, "status": 502},
    "a redirect": {"status": 307, "headers": {"location": "https://elsewhere.test/"}},
    **{f"HTTP {status}": {"body": '{"error": {"message": "x"}}', "status": status}
       for status in (408, 409, 425, 429, 498, 500, 503, 504, 529)},
}  # fmt: skip


@pytest.mark.parametrize("outage", OUTAGES)
def test_an_outage_is_tried_again_and_costs_nothing(desk: Desk, outage: str) -> None:
    books = ask(desk, **OUTAGES[outage])
    assert len(books.posted) == 1
    assert "7" in books.posted[0]
    assert [(state, actual > 0) for state, actual, _ in books.calls] == [("settled", False), ("settled", True)]


LOST = {
    "half of a JSON": {"body": openai()[:80]},
    "nothing": {"body": "", "status": 200},
    "a stream that nobody asked for": {
        "body": 'data: {"error": {"message": "x"}}\n\n', "headers": {"content-type": "text/event-stream"},
    },
    "a body that breaks off": {"body": openai(), "cut_after": 60},
    "an answer that is packed": {"body": openai(), "headers": {"content-encoding": "gzip"}},
    "an overload in a 200": {"body": json.dumps({"error": {"code": 502, "message": "Provider returned error"}})},
}  # fmt: skip


@pytest.mark.parametrize("loss", LOST)
def test_what_may_have_been_billed_is_booked_and_tried_again(desk: Desk, loss: str) -> None:
    books = ask(desk, **LOST[loss])
    assert len(books.posted) == 1
    assert "7" in books.posted[0]
    assert [state for state, _, _ in books.calls] == ["assumed", "settled"]
    assert books.calls[0][1] == books.calls[0][2]


def test_an_answer_that_never_ends_does_within_its_call(desk: Desk, settings: Settings) -> None:
    settings.LLM_TOTAL_SECONDS = 1.0
    begun = timezone.now()
    books = ask(desk, openai(), hang_after=40, seconds=20)
    assert (timezone.now() - begun).total_seconds() < 10
    assert [state for state, _, _ in books.calls] == ["assumed", "settled"]


REFUSALS = {
    "key": (401, {"message": "Incorrect API key provided: sk-abcdefghij", "code": "invalid_api_key"}, "OpenAI does not accept the API key"),
    "xAI's key": (400, {"message": "Incorrect API key provided"}, "OpenAI does not accept the API key"),
    "quota": (429, {"message": "x", "code": "insufficient_quota"}, "The OpenAI account is out of credit"),
    "billing": (429, {"message": "x", "code": "billing_not_active"}, "The OpenAI account is out of credit"),
    "OpenRouter's limit": (403, {"message": "Key limit exceeded"}, "The OpenAI account is out of credit"),
    "payment": (402, {"message": "x"}, "The OpenAI account is out of credit"),
    "country": (403, {"message": "x", "code": "unsupported_country_region_territory"}, "OpenAI cannot be used from"),
    "scope": (403, {"message": "x", "code": "missing_scope"}, "OpenAI accepts the API key, but it may not"),
    "model": (404, {"message": "x", "code": "model_not_found"}, "OpenAI does not know this model"),
    "Mistral's model": (400, {"message": "Invalid model: x", "type": "invalid_model"}, "OpenAI does not know this model"),
    "disabled": (401, {"message": "x", "code": "account_deactivated"}, "This organisation was disabled by OpenAI"),
    "rejected": (400, {"message": "Unsupported parameter"}, "OpenAI rejects the request (HTTP 400)."),
}  # fmt: skip


@pytest.mark.parametrize("refusal", REFUSALS)
def test_a_refusal_says_why_and_keeps_the_providers_words_for_the_operator(desk: Desk, refusal: str) -> None:
    status, error, reason = REFUSALS[refusal]
    books = ask(desk, json.dumps({"error": error}), status=status, times=9)
    assert (len(books.calls), books.calls[0][1]) == (1, 0)
    assert books.events[0][1].startswith(reason)
    with tenant_scope(desk.tenant.id):
        kept = LLMCall.objects.get().error
    assert kept.startswith(f"{books.events[0][1]} | HTTP {status}")
    assert "sk-abcdefghij" not in kept


def test_google_puts_its_error_into_a_list(desk: Desk) -> None:
    body = json.dumps([{"error": {"code": 400, "message": "API key not valid.", "status": "INVALID_ARGUMENT"}}])
    assert ask(desk, body, status=400, times=9).events[0][1].startswith("OpenAI does not accept the API key")


TOO_LONG = {
    "OpenAI": (400, {"message": "This model's maximum context length is 8192 tokens.", "code": "context_length_exceeded"}),
    "llama.cpp": (400, {"message": "the request exceeds the available context size", "type": "exceed_context_size_error"}),
    "a proxy": (413, {"message": "Request Entity Too Large"}),
}  # fmt: skip


@pytest.mark.parametrize("provider", TOO_LONG)
def test_a_prompt_too_long_for_the_model_is_shortened_and_asked_once_more(desk: Desk, provider: str) -> None:
    status, error = TOO_LONG[provider]
    with tenant_scope(desk.tenant.id):
        thread_id = desk.hear("When do you open?")
        turn = Turn.objects.get()
        for number in range(20):
            earlier = turn.said_at - timezone.timedelta(minutes=number + 1)
            Turn.objects.create(
                conversation=turn.conversation, speaker="person", text=f"{number} " + "word " * 200, said_at=earlier
            )
    desk.stack.control("openai/control/faults", kind="raw", times=1, status=status, body=json.dumps({"error": error}))
    answering.answer(desk.tenant.id, thread_id)
    outbox.deliver(desk.tenant.id, thread_id)
    books = books_of(desk)
    assert "7" in books.posted[0]
    assert [(state, actual > 0) for state, actual, _ in books.calls] == [("settled", False), ("settled", True)]
    asked = [each for each in desk.stack.look("openai/control/calls")["requests"] if each.get("messages")]
    sizes = [sum(len(message["content"]) for message in each["messages"][1:]) for each in asked]
    assert sizes[1] < sizes[0] / 3
    assert asked[1]["messages"][-1]["content"].endswith("When do you open?")


def test_a_prompt_that_stays_too_long_ends_with_one_apology(desk: Desk) -> None:
    body = json.dumps({"error": {"message": "x", "code": "context_length_exceeded"}})
    books = ask(desk, body, status=400, times=9)
    assert books.events == [("failed", "OpenAI cannot read a conversation this long: shorten the instructions.")]
    assert [actual for _, actual, _ in books.calls] == [0, 0]


@pytest.fixture
def claude_desk(desk: Desk) -> Iterator[Desk]:
    with tenant_scope(desk.tenant.id):
        desk.agent.provider, desk.agent.model = "anthropic", "claude-sonnet-5-5"
        hiring.change(desk.agent)
    yield desk


ANTHROPIC: dict[str, tuple[Json, list[str], list[str]]] = {
    "as it should be": ({"body": claude()}, ["We open at 7."], ["settled"]),
    "no usage": ({"body": claude(usage=...)}, ["We open at 7."], ["assumed"]),
    "usage with nulls": ({"body": claude(usage={"input_tokens": None})}, ["We open at 7."], ["assumed"]),
    "thoughts": (
        {"body": claude(content=[{"type": "thinking", "thinking": "Hm.", "signature": "x"},
                                 {"type": "text", "text": "We open at 7."}])},
        ["We open at 7."], ["settled"],
    ),
    "blocks that nobody knows": (
        {"body": claude(content=[{"type": "hologram"}, 7, {"type": "text", "text": "We open at 7."}])},
        ["We open at 7."], ["settled"],
    ),
    "no content": ({"body": claude(content=...)}, [answering.APOLOGY], ["settled"]),
    "empty content": ({"body": claude(content=[])}, [answering.APOLOGY], ["settled"]),
    "cut": (
        {"body": claude(stop_reason="max_tokens")},
        [f"We open at 7.\n\n{runs.MARKS['cut']}"], ["settled"],
    ),
    "a refusal": (
        {"body": claude(stop_reason="refusal")},
        [f"We open at 7.\n\n{runs.MARKS['refused']}"], ["settled"],
    ),
    "an error in a 200": (
        {"body": '{"type": "error", "error": {"type": "invalid_request_error", "message": "x"}}'},
        [answering.APOLOGY], ["assumed"],
    ),
    "no credit": (
        {"status": 400, "body": '{"type": "error", "error": {"type": "invalid_request_error", '
                                '"message": "Your credit balance is too low to access the Anthropic API."}}'},
        [answering.APOLOGY], ["settled"],
    ),
    "a month's cap": (
        {"status": 429, "body": '{"type": "error", "error": {"type": "rate_limit_error", "message": "x"}}'},
        [answering.APOLOGY], ["settled"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("shape", ANTHROPIC)
def test_anthropics_answers_are_read_as_carefully(claude_desk: Desk, shape: str) -> None:
    raw, posted, states = ANTHROPIC[shape]
    books = ask(claude_desk, peer="messages", times=9, **raw)
    assert books.posted == posted
    assert [state for state, _, _ in books.calls] == states


def test_a_model_that_thinks_is_asked_for_little_and_has_room_for_it(desk: Desk) -> None:
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


def test_what_nobody_expected_frees_the_lease_at_once_and_counts_one_failure(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Our own bugs cannot be ordered from a provider: here they are put in by hand."""

    def broken(*_: Any) -> None:
        raise ZeroDivisionError

    thread_id = desk.hear("When do you open?")
    for place in ("ask", "finish", "prepare"):
        with monkeypatch.context() as patched:
            patched.setattr(runs, place, broken)
            answering.answer(desk.tenant.id, thread_id)
        with tenant_scope(desk.tenant.id):
            assert Thread.objects.get().leased_until is None, place
    with tenant_scope(desk.tenant.id):
        assert Thread.objects.get().failures == 3
    answering.answer(desk.tenant.id, thread_id)
    outbox.deliver(desk.tenant.id, thread_id)
    books = books_of(desk)
    assert (len(books.posted), books.events) == (1, [("done", "")])
    assert [state for state, _, _ in books.calls] == ["assumed", "settled", "settled"], "the second told its usage"


@pytest.mark.parametrize("place", ["ask", "finish", "prepare", "fail"])
def test_what_keeps_failing_ends_with_one_apology_and_its_own_name(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    def broken(*_: Any) -> None:
        raise ZeroDivisionError

    if place == "fail":
        desk.stack.control("openai/control/faults", kind="500", times=9)
    thread_id = desk.hear("When do you open?")
    with monkeypatch.context() as patched:
        patched.setattr(runs, place, broken)
        for _ in range(answering.MOST_FAILURES + 1):
            answering.answer(desk.tenant.id, thread_id)
            outbox.deliver(desk.tenant.id, thread_id)
    books = books_of(desk)
    assert books.posted == [answering.APOLOGY]
    reason = "An error on our side (ZeroDivisionError): its details are in the log."
    assert books.events == [("failed", reason)]
