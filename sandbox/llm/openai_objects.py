"""OpenAI's JSON objects. https://platform.openai.com/docs/api-reference/chat/object and /chat/streaming"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sandbox.llm import answers, tokens
from sandbox.llm.openai_requests import ChatRequest
from sandbox.llm.tokens import PromptCache

JsonObject = dict[str, Any]


@dataclass(frozen=True)
class Completion:
    """An answer in tokens, with what it cost; all counts are tokens."""

    request: ChatRequest
    id: str
    created: int
    pieces: tuple[str, ...]
    finish_reason: str
    prompt_tokens: int
    cached_tokens: int
    reasoning_tokens: int

    @property
    def usage(self) -> JsonObject:
        """Prompt tokens include cached ones; completion tokens include reasoning."""
        completion = (len(self.pieces) + self.reasoning_tokens) * self.request.n
        return {
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": completion,
            "total_tokens": self.prompt_tokens + completion,
            "prompt_tokens_details": {"cached_tokens": self.cached_tokens, "audio_tokens": 0},
            "completion_tokens_details": {
                "reasoning_tokens": self.reasoning_tokens * self.request.n,
                "audio_tokens": 0,
                "accepted_prediction_tokens": 0,
                "rejected_prediction_tokens": 0,
            },
        }


def complete(request: ChatRequest, owner: str, cache: PromptCache, prompt: list[str]) -> Completion:
    """Answer a request within its token limit; `owner` is the API key whose prompt cache counts."""
    pieces = tokens.split(answers.answer(request.conversation))
    reasoning = min(request.reasoning, request.max_tokens) if request.max_tokens else request.reasoning
    room = request.max_tokens - reasoning if request.max_tokens else len(pieces)
    return Completion(
        request=request,
        id=f"chatcmpl-{secrets.token_urlsafe(21)}",
        created=int(time.time()),
        pieces=tuple(pieces[:room]),
        finish_reason="length" if room < len(pieces) else "stop",
        prompt_tokens=len(prompt),
        cached_tokens=cache.cached(f"{owner}:{request.model}", prompt),
        reasoning_tokens=reasoning,
    )


def chat_completion(completion: Completion) -> JsonObject:
    """The object of an answer that is not streamed."""
    message: JsonObject = {
        "role": "assistant",
        "content": "".join(completion.pieces),
        "refusal": None,
        "annotations": [],
    }
    choice = {"message": message, "logprobs": None, "finish_reason": completion.finish_reason}
    return {
        "id": completion.id,
        "object": "chat.completion",
        "created": completion.created,
        "model": completion.request.model,
        "choices": [{"index": index, **choice} for index in range(completion.request.n)],
        "usage": completion.usage,
        "service_tier": "default",
        "system_fingerprint": "fp_sandbox",
    }


def stream(completion: Completion) -> Iterator[str]:
    """The server-sent events of a streamed answer."""
    for index in range(completion.request.n):
        yield _chunk(completion, index, {"role": "assistant", "content": "", "refusal": None}, None)
        for piece in completion.pieces:
            yield _chunk(completion, index, {"content": piece}, None)
        yield _chunk(completion, index, {}, completion.finish_reason)
    if completion.request.include_usage:
        yield _event(_chunk_object(completion, [], completion.usage))
    yield "data: [DONE]\n\n"


def _chunk(completion: Completion, index: int, delta: JsonObject, finish_reason: str | None) -> str:
    choice = {"index": index, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
    return _event(_chunk_object(completion, [choice], None))


def _chunk_object(completion: Completion, choices: list[JsonObject], usage: JsonObject | None) -> JsonObject:
    chunk = {
        "id": completion.id,
        "object": "chat.completion.chunk",
        "created": completion.created,
        "model": completion.request.model,
        "service_tier": "default",
        "system_fingerprint": "fp_sandbox",
        "choices": choices,
    }
    return chunk | ({"usage": usage} if completion.request.include_usage else {})


def _event(chunk: JsonObject) -> str:
    return f"data: {json.dumps(chunk, ensure_ascii=False)}\n\n"


def model_object(model: str) -> JsonObject:
    """https://platform.openai.com/docs/api-reference/models/object"""
    return {"id": model, "object": "model", "created": 1715367049, "owned_by": "system"}
