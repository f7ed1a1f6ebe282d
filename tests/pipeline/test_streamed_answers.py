"""A streamed answer is the one that would have come at once: its words, its end, its price, and its failures."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from agents.llm import mending, streaming
from agents.llm.calls import Credential, LLMError, start
from agents.llm.request import Message, Prompt
from agents.models import Outcome
from tests.stack import Stack

USAGE = {"prompt_tokens": 10, "completion_tokens": 3, "total_tokens": 13}


def chunk(content: Any = None, finish: str | None = None, **fields: Any) -> dict[str, Any]:
    delta = {} if content is None else {"content": content}
    choices = [{"index": 0, "delta": delta, "finish_reason": finish}]
    return {"id": "c1", "model": "gpt-6-luna", "choices": choices, **fields}


START = {
    "type": "message_start",
    "message": {"id": "m1", "model": "claude", "usage": {"input_tokens": 10, "output_tokens": 1}},
}
END = {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 3}}
STOP = {"type": "message_stop"}


def said(text: str, kind: str = "text_delta") -> dict[str, Any]:
    return {"type": "content_block_delta", "index": 0, "delta": {"type": kind, "text": text}}


def stream(*events: Any, end: str = "\n\n") -> bytes:
    datas = [each if isinstance(each, str) else json.dumps(each) for each in events]
    return "".join(f"event: x\ndata: {data}{end}" for data in datas).encode()


def read(provider: str, body: bytes, *, at_once: int = 7) -> tuple[dict[str, Any], list[str]]:
    """The answer, and the words as they were told. It arrives in pieces of so many bytes."""

    async def pieces() -> AsyncIterator[bytes]:
        for at in range(0, len(body), at_once):
            yield body[at : at + at_once]

    told: list[str] = []
    return json.loads(asyncio.run(streaming.put_together(provider, pieces(), told.append))), told


WHOLE = {
    "openai": stream(
        chunk(""), chunk("Hé"), chunk("llo"), chunk(None, "stop"), {"choices": [], "usage": USAGE}, "[DONE]"
    ),
    "anthropic": stream(START, {"type": "ping"}, said("Hé"), said("llo"), said("x", "thinking_delta"), END, STOP),
}


@pytest.mark.parametrize("provider", WHOLE)
@pytest.mark.parametrize("at_once", [1, 7, 10_000])
def test_words_are_told_as_they_come_and_make_the_same_answer(provider: str, at_once: int) -> None:
    answer, told = read(provider, WHOLE[provider], at_once=at_once)
    assert told == ["Hé", "llo"]
    assert mending.reported(provider, answer).output == 3
    assert mending.reported(provider, answer).input == 10
    assert "Héllo" in json.dumps(
        getattr(mending, {"openai": "chat_completion"}.get(provider, "message"))(answer), ensure_ascii=False
    )


def test_carriage_returns_end_lines_too() -> None:
    assert read("openai", WHOLE["openai"].replace(b"\n", b"\r\n"))[1] == ["Hé", "llo"]


def test_without_usage_nothing_counts_as_told() -> None:
    answer, _told = read("openai", stream(chunk("Hi", "stop"), "[DONE]"))
    assert mending.reported("openai", answer).output == 0


OVERLOADED = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}


@pytest.mark.parametrize(
    ("provider", "body", "kind"),
    [
        ("openai", stream(chunk("Hi")), "LLMLostError"),
        ("openai", stream(chunk("Hi"), "{oops"), "LLMLostError"),
        ("openai", stream(chunk("Hi"), {"error": {"message": "Busy", "code": 503}}), "LLMLostError"),
        ("openai", stream(chunk("Hi"), {"error": {"message": "No", "code": "invalid_prompt"}}), "LLMSpoiledError"),
        ("openai", b"data: " + b"x" * 1_100_000, "LLMSpoiledError"),
        ("anthropic", stream(START, said("Hi")), "LLMLostError"),
        ("anthropic", stream(START, said("Hi"), OVERLOADED), "LLMLostError"),
    ],
)
def test_what_breaks_off_fails_as_any_answer_does_and_may_be_billed(provider: str, body: bytes, kind: str) -> None:
    with pytest.raises(LLMError) as raised:
        read(provider, body, at_once=100_000)
    assert type(raised.value).__name__ == kind
    assert raised.value.is_maybe_billed
    assert not (raised.value.tokens and raised.value.tokens.output)


@pytest.mark.parametrize(("provider", "model"), [("openai", "gpt-4.1-mini"), ("anthropic", "claude-haiku-4-5")])
def test_the_same_question_costs_the_same_streamed_or_not(stack: Stack, provider: str, model: str) -> None:
    base = f"{stack.sandbox_url}/{'openai/v1' if provider == 'openai' else 'anthropic'}"
    prompt = Prompt(provider, model, "You are Maya.", [Message(is_from_employee=False, said=("Who are you?",))], 200)
    credential, told = Credential("sk-sandbox-1234", base), list[str]()
    whole, streamed = start(prompt, credential).result(30), start(prompt, credential, told.append).result(30)
    assert (streamed.text, streamed.outcome, streamed.tokens) == (whole.text, Outcome.WHOLE, whole.tokens)
    assert "".join(told).strip() == whole.text
    assert len(told) > 3
