"""Chat Completions, models and Messages, with the official clients and their types."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import openai
import pytest
from anthropic import Anthropic, AuthenticationError
from anthropic.types import Message
from openai import AsyncOpenAI, OpenAI
from openai.types.chat import ChatCompletion

from tests.sandbox.conftest import KEY, Sandbox

MAYA = (
    "You are Maya, customer support specialist at Northwind. Answer briefly and kindly. "
    "Orders ship within two working days. Returns are free within 30 days of delivery. "
    "Our shop in Leeds is open Monday to Friday from 9 to 17."
)


@pytest.fixture
def client(sandbox: Sandbox) -> OpenAI:
    """The official client, without its own retries."""
    return OpenAI(api_key=KEY, base_url=f"{sandbox.url}/openai/v1", max_retries=0, timeout=5)


def ask(
    client: OpenAI, *said: str, instructions: str = MAYA, model: str = "gpt-4.1-mini", **more: Any
) -> ChatCompletion:
    """Ask with instructions; `said` alternates between user and assistant and ends with the user."""
    turns = [("user" if (len(said) - index) % 2 else "assistant", text) for index, text in enumerate(said)]
    messages: list[Any] = [{"role": role, "content": text} for role, text in turns]
    completion = client.chat.completions.create(
        model=model, messages=[{"role": "system", "content": instructions}, *messages], **more
    )
    assert isinstance(completion, ChatCompletion)
    return completion


def text(completion: ChatCompletion) -> str:
    """The answer."""
    return completion.choices[0].message.content or ""


def test_an_answer_has_openais_shape(client: OpenAI) -> None:
    raw = client.chat.completions.with_raw_response.create(
        model="gpt-4.1-mini", messages=[{"role": "user", "content": "Hi"}]
    )
    completion = raw.parse()
    ChatCompletion.model_validate_json(raw.text, strict=True)
    assert (completion.object, completion.model) == ("chat.completion", "gpt-4.1-mini")
    assert completion.id.startswith("chatcmpl-")
    assert completion.choices[0].finish_reason == "stop"
    assert completion.choices[0].message.role == "assistant"
    usage = completion.usage
    assert usage
    assert usage.prompt_tokens_details
    assert usage.completion_tokens_details
    assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens
    assert (usage.prompt_tokens_details.cached_tokens, usage.completion_tokens_details.reasoning_tokens) == (0, 0)
    assert raw.headers["x-request-id"].startswith("req_")
    assert int(raw.headers["openai-processing-ms"]) >= 0
    assert raw.headers["x-ratelimit-remaining-tokens"].isdecimal()


def test_it_greets_as_the_employee(client: OpenAI) -> None:
    assert text(ask(client, "Hello!")) == (
        "Hello! I'm Maya, customer support specialist at Northwind. How can I help you today?"
    )


@pytest.mark.parametrize(
    ("question", "fact"),
    [
        ("How long do returns take, are they free?", "Returns are free within 30 days of delivery."),
        ("When will my order ship?", "Orders ship within two working days."),
        ("hi, when is the Leeds shop open", "Our shop in Leeds is open Monday to Friday from 9 to 17."),
    ],
)
def test_it_answers_from_its_instructions(client: OpenAI, question: str, fact: str) -> None:
    assert fact in text(ask(client, question))


def test_the_same_question_gets_the_same_answer(client: OpenAI) -> None:
    assert len({text(ask(client, "Are returns free?")) for _ in range(3)}) == 1


def test_it_remembers_what_it_was_told(client: OpenAI) -> None:
    said = ("My name is Priya", "Nice to meet you, Priya.", "My favourite colour is teal.", "Noted.")
    assert "Priya" in text(ask(client, *said, "What is my name?"))
    assert "teal" in text(ask(client, *said, "Which colour is my favourite?"))
    assert "Priya" not in text(ask(client, "What is my name?"))


def test_several_messages_at_once_are_all_answered(client: OpenAI) -> None:
    messages: list[Any] = [{"role": "developer", "content": MAYA}]
    messages += [{"role": "user", "content": said} for said in ("Hello", "Are returns free?", "When do orders ship?")]
    answer = text(client.chat.completions.create(model="gpt-4.1-mini", messages=messages))
    assert all(part in answer for part in ("I'm Maya", "Returns are free", "two working days"))


def test_it_says_what_it_can_help_with_when_nothing_matches(client: OpenAI) -> None:
    answer = text(ask(client, "What is the capital of Peru?"))
    assert "don't have that information" in answer
    assert "customer support specialist" in answer


def test_a_stream_says_the_same_and_ends_with_usage(client: OpenAI) -> None:
    whole = ask(client, "Are returns free?")
    chunks = list(
        client.chat.completions.create(
            model="gpt-4.1-mini",
            messages=[{"role": "system", "content": MAYA}, {"role": "user", "content": "Are returns free?"}],
            stream=True,
            stream_options={"include_usage": True},
        )
    )
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices) == text(whole)
    assert [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices][-1] == "stop"
    assert (chunks[-1].choices, chunks[-1].usage) == ([], whole.usage)
    assert len(chunks) > 4


def test_the_async_client_works_too(sandbox: Sandbox) -> None:
    async def run() -> str:
        async with AsyncOpenAI(api_key="sk-sandbox-mine", base_url=f"{sandbox.url}/openai/v1", max_retries=0) as client:
            answer = await client.chat.completions.create(
                model="gpt-5-mini", messages=[{"role": "user", "content": "Hi"}]
            )
            return answer.choices[0].message.content or ""

    assert "How can I help" in asyncio.run(run())


def test_a_token_limit_cuts_the_answer(client: OpenAI) -> None:
    completion = ask(client, "Are returns free?", max_tokens=3)
    assert completion.choices[0].finish_reason == "length"
    assert completion.usage
    assert completion.usage.completion_tokens == 3


def test_reasoning_counts_as_completion_and_accepts_only_the_newer_limit(client: OpenAI) -> None:
    completion = ask(client, "Are returns free?", model="gpt-5", max_completion_tokens=500, reasoning_effort="low")
    assert completion.usage
    assert completion.usage.completion_tokens_details
    assert completion.usage.completion_tokens_details.reasoning_tokens == 64
    assert completion.usage.completion_tokens > 64
    with pytest.raises(openai.BadRequestError) as refused:
        ask(client, "Are returns free?", model="gpt-5", max_tokens=500)
    assert refused.value.code == "unsupported_parameter"


def test_a_long_prompt_is_cached_the_second_time(client: OpenAI) -> None:
    instructions = MAYA + " Shelf number seven holds blue jars." * 200
    counts = []
    for question in ("Are returns free?", "When do orders ship?"):
        usage = ask(client, question, instructions=instructions).usage
        assert usage
        assert usage.prompt_tokens_details
        counts.append(usage.prompt_tokens_details.cached_tokens or 0)
    assert counts[0] == 0
    assert counts[1] >= 1024
    assert counts[1] % 128 == 0


def test_models_are_listed_and_described(client: OpenAI) -> None:
    names = [model.id for model in client.models.list()]
    assert "gpt-4.1-mini" in names
    assert client.models.retrieve("gpt-4.1-mini").owned_by == "system"
    with pytest.raises(openai.NotFoundError) as refused:
        client.models.retrieve("gpt-99")
    assert refused.value.code == "model_not_found"


def test_a_wrong_key_is_refused_and_not_repeated(sandbox: Sandbox) -> None:
    client = OpenAI(api_key="sk-wrong-key-0123456789", base_url=f"{sandbox.url}/openai/v1", max_retries=0)
    with pytest.raises(openai.AuthenticationError) as refused:
        client.models.list()
    assert (refused.value.code, refused.value.type) == ("invalid_api_key", "invalid_request_error")
    assert "0123456789" not in str(refused.value)


@pytest.mark.parametrize(
    ("body", "param", "code"),
    [
        ({"messages": [{"role": "user", "content": "x"}]}, None, None),
        ({"model": "gpt-4.1"}, "messages", "missing_required_parameter"),
        ({"model": "gpt-4.1", "messages": []}, "messages", "empty_array"),
        ({"model": "gpt-4.1", "messages": [{"role": "boss", "content": "x"}]}, "messages[0].role", "invalid_value"),
        ({"model": "gpt-4.1", "messages": [{"role": "user", "content": 5}]}, "messages[0].content", "invalid_type"),
        (
            {"model": "gpt-4.1", "messages": [{"role": "user", "content": "x"}], "temperature": 3},
            "temperature",
            "decimal_above_max_value",
        ),
        (
            {"model": "gpt-4.1", "messages": [{"role": "user", "content": "x"}], "max_tokens": 0},
            "max_tokens",
            "integer_below_min_value",
        ),
    ],
)
def test_a_wrong_request_is_refused_in_openais_shape(
    sandbox: Sandbox, body: dict[str, Any], param: str | None, code: str | None
) -> None:
    response = sandbox.http.post("/openai/v1/chat/completions", json=body, headers={"Authorization": f"Bearer {KEY}"})
    assert response.status_code == 400
    error = response.json()["error"]
    assert (error["type"], error["param"], error["code"]) == ("invalid_request_error", param, code)
    assert error["message"]


def test_an_unknown_model_and_an_unknown_path_are_404(client: OpenAI, sandbox: Sandbox) -> None:
    with pytest.raises(openai.NotFoundError) as refused:
        ask(client, "Hi", model="gpt-99")
    assert refused.value.code == "model_not_found"
    response = sandbox.http.post("/openai/v1/embeddings", json={})
    assert (response.status_code, response.json()["error"]["message"]) == (404, "Invalid URL (POST /v1/embeddings)")


@pytest.mark.parametrize(
    ("phrase", "error"),
    [
        ("[sandbox:429]", openai.RateLimitError),
        ("[sandbox:401]", openai.AuthenticationError),
        ("[sandbox:500]", openai.InternalServerError),
        ("[sandbox:503]", openai.InternalServerError),
        ("[sandbox:cut]", openai.APIConnectionError),
        ("[sandbox:garbage]", openai.APIResponseValidationError),
    ],
)
def test_a_phrase_in_the_last_message_asks_for_a_fault(client: OpenAI, phrase: str, error: type[Exception]) -> None:
    with pytest.raises((error, ValueError)):
        ask(client, f"{phrase} Are returns free?")
    assert text(ask(client, f"{phrase} Are returns free?", "Sorry.", "Are returns free?")).startswith(
        "Returns are free"
    )


def test_a_planned_fault_says_how_long_to_wait_and_is_used_up(client: OpenAI, sandbox: Sandbox) -> None:
    sandbox.control("/openai/control/faults", kind="429", times=2, seconds=7)
    for _ in range(2):
        with pytest.raises(openai.RateLimitError) as limited:
            ask(client, "Hi")
        assert limited.value.response.headers["retry-after"] == "7"
        assert (limited.value.code, limited.value.type) == ("rate_limit_exceeded", "requests")
    assert text(ask(client, "Hi"))
    calls = sandbox.http.get("/openai/control/calls").json()
    assert calls["calls"] == {"chat.completions": 3}
    assert calls["requests"][-1]["messages"][-1] == {"role": "user", "content": "Hi"}


def test_a_hanging_call_does_not_answer(sandbox: Sandbox) -> None:
    client = OpenAI(api_key=KEY, base_url=f"{sandbox.url}/openai/v1", max_retries=0, timeout=0.3)
    with pytest.raises(openai.APITimeoutError):
        ask(client, "[sandbox:hang=3] Hi")


def test_latency_can_be_set(client: OpenAI, sandbox: Sandbox) -> None:
    completion = client.chat.completions.with_raw_response.create(
        model="gpt-4.1", messages=[{"role": "user", "content": "[sandbox:slow=0.2] Hi"}]
    )
    assert int(completion.headers["openai-processing-ms"]) >= 200


def test_anthropics_messages_have_its_shape(sandbox: Sandbox) -> None:
    client = Anthropic(api_key=KEY, base_url=f"{sandbox.url}/anthropic", max_retries=0, timeout=5)
    said = client.messages.create(
        model="claude-sonnet-5-5", max_tokens=100, system=MAYA, messages=[{"role": "user", "content": "Hi"}]
    )
    Message.model_validate(said.model_dump(), strict=True)
    assert (said.stop_reason, said.role) == ("end_turn", "assistant")
    assert said.usage.input_tokens > 0
    with pytest.raises(AuthenticationError):
        Anthropic(api_key="sk-wrong", base_url=f"{sandbox.url}/anthropic", max_retries=0).messages.create(
            model="claude-sonnet-5-5", max_tokens=9, messages=[{"role": "user", "content": "Hi"}]
        )


def test_an_exact_answer_can_be_requested(sandbox: Sandbox) -> None:
    url = f"{sandbox.url}/openai"
    raw = {"kind": "raw", "status": 418, "headers": {"x-tea": "pot"}, "body": "caf\u00e9"}
    assert httpx.post(f"{url}/control/faults", json=raw).status_code == 200
    ask_for = {"model": "gpt-4.1-mini", "messages": [{"role": "user", "content": "Hi"}]}
    headers = {"authorization": f"Bearer {KEY}"}
    answer = httpx.post(f"{url}/v1/chat/completions", json=ask_for, headers=headers)
    assert (answer.status_code, answer.headers["x-tea"], answer.content) == (418, "pot", "caf\u00e9".encode())
    httpx.post(f"{url}/control/faults", json={"kind": "raw", "body": "x" * 1000, "cut_after": 10})
    with pytest.raises(httpx.RemoteProtocolError):
        httpx.post(f"{url}/v1/chat/completions", json=ask_for, headers=headers)
    wrong = httpx.post(f"{url}/control/faults", json={"kind": "raw", "headers": 3})
    assert wrong.status_code == 400
