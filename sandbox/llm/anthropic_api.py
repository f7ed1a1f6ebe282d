"""Anthropic's Messages, `/anthropic/v1/messages`. https://docs.anthropic.com/en/api/messages

Plain answers only: no streams, no tools, no images.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from collections.abc import AsyncIterator
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from sandbox.faults import RAW, Fault, Hangup
from sandbox.llm import answers, tokens
from sandbox.llm.answers import Conversation
from sandbox.llm.peer import Llm

METHOD: Final = "messages"
ERRORS: Final = {
    400: "invalid_request_error", 401: "authentication_error", 404: "not_found_error", 429: "rate_limit_error",
    500: "api_error", 529: "overloaded_error",
}  # fmt: skip
"""https://docs.anthropic.com/en/api/errors"""
TOKEN_SECONDS: Final = 0.01
"""Between two tokens of a streamed answer."""
JsonObject = dict[str, Any]


class RefusedError(Exception):
    """A request that is answered with an error."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


async def messages(request: Request) -> Response:
    """POST /v1/messages."""
    llm: Llm = request.app.state.llm
    try:
        _check_key(request, llm)
        body = _body(await request.body())
    except RefusedError as refused:
        return _error(refused.status, str(refused))
    fault = llm.faults.take(METHOD)
    llm.faults.record(METHOD, _record(body, fault))
    if fault and fault.kind != "slow":
        return await _faulty(request, llm, fault)
    await asyncio.sleep(fault.seconds if fault else llm.latency)
    headers = {"request-id": f"req_{secrets.token_hex(12)}"}
    if body.get("stream") is True:
        return StreamingResponse(_streamed(_message(body)), media_type="text/event-stream", headers=headers)
    return JSONResponse(_message(body), headers=headers)


def _check_key(request: Request, llm: Llm) -> None:
    """The key is in `x-api-key`, or a bearer token, as newer SDKs send it."""
    bearer = request.headers.get("authorization", "").removeprefix("Bearer ")
    if not llm.accepts(request.headers.get("x-api-key") or bearer):
        raise RefusedError(401, "invalid x-api-key")
    if not request.headers.get("anthropic-version"):
        raise RefusedError(400, "anthropic-version: header is required")


def _body(raw: bytes) -> JsonObject:
    try:
        body = json.loads(raw)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise RefusedError(400, "The request body is not valid JSON.")
    for name, kind in (("model", str), ("max_tokens", int), ("messages", list)):
        if not isinstance(body.get(name), kind):
            raise RefusedError(400, f"{name}: Field required")
    if not body["model"].startswith("claude-"):
        raise RefusedError(404, f"model: {body['model']}")
    return body


def _record(body: JsonObject, fault: Fault | None) -> JsonObject:
    return {
        "at": time.time(),
        "model": body["model"],
        "max_tokens": body["max_tokens"],
        "thinking": body.get("thinking"),
        "messages": [{"role": role, "content": text} for role, text in _turns(body)],
        "fault": fault.kind if fault else None,
    }


def _turns(body: JsonObject) -> list[tuple[str, str]]:
    return [(str(each.get("role")), _text(each.get("content"))) for each in body["messages"]]


def _text(content: object) -> str:
    if isinstance(content, list):
        return "\n".join(str(part.get("text", "")) for part in content if isinstance(part, dict))
    return content if isinstance(content, str) else ""


def _message(body: JsonObject) -> JsonObject:
    conversation = Conversation.of(_text(body.get("system")), _turns(body))
    pieces = tokens.split(answers.answer(conversation))
    said = pieces[: body["max_tokens"]]
    prompt = tokens.of_messages([("system", _text(body.get("system"))), *_turns(body)])
    return {
        "id": f"msg_{secrets.token_hex(12)}",
        "type": "message",
        "role": "assistant",
        "model": body["model"],
        "content": [{"type": "text", "text": "".join(said)}],
        "stop_reason": "end_turn" if said == pieces else "max_tokens",
        "stop_sequence": None,
        "usage": {
            "input_tokens": len(prompt),
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": 0,
            "output_tokens": len(said),
            "service_tier": "standard",
        },
    }


async def _streamed(message: JsonObject) -> AsyncIterator[str]:
    """The events of a streamed answer: https://docs.anthropic.com/en/docs/build-with-claude/streaming"""
    said, usage = message["content"][0]["text"], message["usage"]
    begun = {**message, "content": [], "stop_reason": None, "usage": {**usage, "output_tokens": 1}}
    yield _event("message_start", message=begun)
    yield _event("content_block_start", index=0, content_block={"type": "text", "text": ""})
    yield _event("ping")
    for piece in tokens.split(said):
        yield _event("content_block_delta", index=0, delta={"type": "text_delta", "text": piece})
        await asyncio.sleep(TOKEN_SECONDS)
    yield _event("content_block_stop", index=0)
    delta = {"stop_reason": message["stop_reason"], "stop_sequence": None}
    yield _event("message_delta", delta=delta, usage={"output_tokens": usage["output_tokens"]})
    yield _event("message_stop")


def _event(kind: str, **fields: Any) -> str:
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **fields}, ensure_ascii=False)}\n\n"


async def _faulty(request: Request, llm: Llm, fault: Fault) -> Response:
    if fault.kind == RAW:
        return llm.faults.answer_raw(request, fault)
    if fault.kind in ("hang", "cut"):
        await llm.faults.hang(fault.seconds if fault.kind == "hang" else 0)
        return Hangup(request)
    if fault.kind == "garbage":
        return Response('{"id": "msg_garbage", "content": [{"type": "te', media_type="application/json")
    status = {"quota": 400, "503": 529}.get(fault.kind) or int(fault.kind)
    message = "Your credit balance is too low to access the Anthropic API." if fault.kind == "quota" else "Error"
    return _error(status, message, {"retry-after": f"{fault.seconds:.0f}"} if status == 429 else None)


def _error(status: int, message: str, headers: dict[str, str] | None = None) -> Response:
    body = {"type": "error", "error": {"type": ERRORS[status], "message": message}, "request_id": None}
    return JSONResponse(body, status, headers=headers)


ROUTES: Final = [Route("/v1/messages", messages, methods=["POST"])]
