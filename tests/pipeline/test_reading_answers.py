"""Parsing an LLM provider's response: an answer, or a failure of the right kind with its true reason."""

import json
from typing import Any

import pytest

from agents.llm import calls
from agents.llm.calls import (
    Completion,
    Credential,
    LLMBusyError,
    LLMError,
    LLMLostError,
    LLMRefusedError,
    LLMSpoiledError,
)
from agents.llm.request import Message, Prompt
from agents.models import Outcome
from tests.pipeline import shapes
from tests.pipeline.shapes import Json, claude, openai, said
from tests.stack import Stack
from usage.tokens import Tokens

TOLD = Tokens(input=100, output=20)


def complete(peers: Stack, provider: str = "openai", **raw: Any) -> Completion:
    """Make one call that gets this response."""
    method = "messages" if provider == "anthropic" else "chat.completions"
    order: Json = {"kind": "raw", "method": method, "seconds": 1, "body": ""} | raw
    peers.control("openai/control/faults", **order)
    model = "claude-sonnet-5-5" if provider == "anthropic" else "gpt-4.1-mini"
    prompt = Prompt(provider, model, "Be brief.", [Message(is_from_employee=False, said=("Hi",))], 1_000)
    return calls.start(prompt, calls.platform_credential(provider)).result()


def failure(peers: Stack, provider: str = "openai", **raw: Any) -> LLMError:
    with pytest.raises(LLMError) as caught:
        complete(peers, provider, **raw)
    return caught.value


@pytest.mark.parametrize("shape", shapes.READABLE)
def test_a_readable_answer_is_one_clean_text(peers: Stack, shape: str) -> None:
    completion = complete(peers, body=shapes.READABLE[shape])
    assert (completion.text, completion.outcome, completion.tokens) == ("We open at 7.", "whole", TOLD)
    assert len(completion.request_id) <= 120
    assert completion.request_id.isprintable()


@pytest.mark.parametrize("shape", shapes.UNREADABLE)
def test_an_invalid_answer_is_not_retried_and_has_a_reason(peers: Stack, shape: str) -> None:
    body, reason = shapes.UNREADABLE[shape]
    error = failure(peers, body=body)
    assert (type(error).__mro__.index(LLMSpoiledError) >= 0, str(error)) == (True, reason)
    if '"usage"' in body and len(body) < 10_000:
        assert error.tokens == TOLD


@pytest.mark.parametrize("outcome", shapes.NOT_WHOLE)
def test_how_an_answer_ended_is_known(peers: Stack, outcome: str) -> None:
    body, text = shapes.NOT_WHOLE[outcome]
    completion = complete(peers, body=body)
    assert (completion.text, completion.outcome) == (text, outcome)


@pytest.mark.parametrize("reason", ["error", "insufficient_system_resource", "model_length", "something_new"])
def test_an_unknown_finish_reason_does_not_count_as_complete(peers: Stack, reason: str) -> None:
    assert complete(peers, body=said("We open at", reason)).outcome == "cut"


def test_a_million_characters_are_cut(peers: Stack) -> None:
    completion = complete(peers, body=said("word " * 200_000))
    assert (len(completion.text), completion.outcome) == (16_000, "cut")


@pytest.mark.parametrize("outage", shapes.OUTAGES)
def test_an_outage_costs_nothing_and_is_temporary(peers: Stack, outage: str) -> None:
    assert isinstance(failure(peers, **shapes.OUTAGES[outage]), LLMBusyError)


@pytest.mark.parametrize("loss", shapes.LOST)
def test_a_call_that_may_have_been_billed_is_lost_and_not_busy(peers: Stack, loss: str) -> None:
    assert isinstance(failure(peers, **shapes.LOST[loss]), LLMLostError)


@pytest.mark.parametrize("refusal", shapes.REFUSALS)
def test_a_refusal_says_why_and_keeps_the_providers_words_without_keys(peers: Stack, refusal: str) -> None:
    status, body, reason = shapes.REFUSALS[refusal]
    error = failure(peers, body=json.dumps({"error": body}), status=status)
    assert isinstance(error, LLMRefusedError)
    assert str(error).startswith(reason)
    assert error.details.startswith(f"HTTP {status} ")
    assert "abcdefghij" not in error.details


def test_google_wraps_its_error_in_a_list(peers: Stack) -> None:
    body = json.dumps([{"error": {"code": 400, "message": "API key not valid.", "status": "INVALID_ARGUMENT"}}])
    assert str(failure(peers, body=body, status=400)).startswith("OpenAI does not accept the API key")


@pytest.mark.parametrize(("header", "seconds"), [("7", 7.0), ("Fri, 31 Dec 2099 23:59:59 GMT", 60.0), ("soon", None)])
def test_a_wait_of_years_becomes_a_minute_and_is_logged(peers: Stack, header: str, seconds: float | None) -> None:
    error = failure(peers, body='{"error": {"message": "x"}}', status=429, headers={"retry-after": header})
    assert error.retry_after == seconds
    assert ("It asks for a pause of" in str(error)) == (seconds == 60.0)


def test_a_redirect_is_not_followed_with_the_prompt(peers: Stack) -> None:
    before = peers.look("openai/control/calls")["calls"].get("chat.completions", 0)
    failure(peers, status=307, headers={"location": f"{peers.sandbox_url}/openai/v1/chat/completions"})
    assert peers.look("openai/control/calls")["calls"]["chat.completions"] == before + 1


def test_an_unreachable_provider_counts_as_busy() -> None:
    prompt = Prompt("openai", "gpt-4.1-mini", "", [Message(is_from_employee=False, said=("Hi",))], 100)
    with pytest.raises(LLMBusyError):
        calls.start(prompt, Credential("sk-sandbox-x", "http://127.0.0.1:1/v1")).result()


WHOLE = "We open at 7."
ANTHROPIC: dict[str, tuple[Json, Completion | type[LLMError]]] = {
    "as it should be": ({"body": claude()}, Completion(WHOLE, TOLD, "msg_1")),
    "no usage": ({"body": claude(usage=...)}, Completion(WHOLE, Tokens(), "msg_1")),
    "usage with nulls": ({"body": claude(usage={"input_tokens": None})}, Completion(WHOLE, Tokens(), "msg_1")),
    "thoughts": (
        {"body": claude(content=[{"type": "thinking", "thinking": "Hm."}, {"type": "text", "text": WHOLE}])},
        Completion(WHOLE, TOLD, "msg_1"),
    ),
    "blocks that nobody knows": (
        {"body": claude(content=[{"type": "hologram"}, 7, {"type": "text", "text": WHOLE}])},
        Completion(WHOLE, TOLD, "msg_1"),
    ),
    "no content": ({"body": claude(content=...)}, LLMSpoiledError),
    "empty content": ({"body": claude(content=[])}, calls.LLMSilentError),
    "cut": ({"body": claude(stop_reason="max_tokens")}, Completion(WHOLE, TOLD, "msg_1", Outcome.CUT)),
    "a refusal": ({"body": claude(stop_reason="refusal")}, Completion(WHOLE, TOLD, "msg_1", Outcome.REFUSED)),
    "an error in a 200": (
        {"body": '{"type": "error", "error": {"type": "invalid_request_error", "message": "x"}}'}, LLMSpoiledError,
    ),
    "an overload in a 200": (
        {"body": '{"type": "error", "error": {"type": "overloaded_error", "message": "x"}}'}, LLMLostError,
    ),
    "no credit": (
        {"status": 400, "body": '{"error": {"message": "Your credit balance is too low to use it."}}'},
        LLMRefusedError,
    ),
    "a prompt too long": (
        {"status": 400, "body": '{"error": {"message": "prompt is too long: 210000 tokens > 200000 maximum"}}'},
        calls.LLMTooLongError,
    ),
    "a month's cap": ({"status": 429, "body": '{"error": {"type": "rate_limit_error"}}'}, LLMRefusedError),
    "a rate limit": (
        {"status": 429, "body": '{"error": {"type": "rate_limit_error"}}', "headers": {"retry-after": "3"}},
        LLMBusyError,
    ),
    "overloaded": ({"status": 529, "body": '{"error": {"type": "overloaded_error"}}'}, LLMBusyError),
    "a page": ({"body": shapes.PAGE}, LLMBusyError),
    "half of it": ({"body": claude()[:60]}, LLMLostError),
}  # fmt: skip


@pytest.mark.parametrize("shape", ANTHROPIC)
def test_anthropics_answers_are_read_as_carefully(peers: Stack, shape: str) -> None:
    raw, expected = ANTHROPIC[shape]
    if isinstance(expected, Completion):
        assert complete(peers, "anthropic", **raw) == expected
    else:
        assert type(failure(peers, "anthropic", **raw)) is expected


GOLDEN: list[tuple[str, Json, Tokens]] = [
    ("openai", {"prompt_tokens": 1000, "completion_tokens": 200}, Tokens(1000, output=200)),
    (
        "openai",
        {"prompt_tokens": 5000, "completion_tokens": 300, "prompt_tokens_details": {"cached_tokens": 4096},
         "completion_tokens_details": {"reasoning_tokens": 120}},
        Tokens(904, 4096, output=300, reasoning=120),
    ),
    (
        "openai",
        {"prompt_tokens": 6000, "completion_tokens": 100, "prompt_tokens_details": {"cache_write_tokens": 5800}},
        Tokens(200, cache_write=5800, output=100),
    ),
    (
        "openai",
        {"prompt_tokens": 500, "completion_tokens": 150, "prompt_tokens_details": {"audio_tokens": 300},
         "completion_tokens_details": {"audio_tokens": 100}},
        Tokens(500, output=150, input_audio=300, output_audio=100),
    ),
    (
        "anthropic",
        {"input_tokens": 100, "cache_read_input_tokens": 2000, "cache_creation_input_tokens": 4000,
         "output_tokens": 100,
         "cache_creation": {"ephemeral_5m_input_tokens": 1000, "ephemeral_1h_input_tokens": 3000}},
        Tokens(100, 2000, 4000, 100, cache_write_1h=3000),
    ),
]  # fmt: skip


@pytest.mark.parametrize(("provider", "usage", "expected"), GOLDEN)
def test_usage_is_split_into_classes_that_do_not_overlap(
    peers: Stack, provider: str, usage: Json, expected: Tokens
) -> None:
    body = claude(usage=usage) if provider == "anthropic" else openai(usage=usage)
    assert complete(peers, provider, body=body).tokens == expected
