"""OpenAI's endpoints, `/openai/v1/…`. https://platform.openai.com/docs/api-reference"""

from __future__ import annotations

import asyncio
import re
import secrets
import time
from collections.abc import AsyncIterator
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from sandbox.faults import RAW, Fault, Hangup
from sandbox.llm import openai_objects, tokens
from sandbox.llm.openai_requests import CONTEXT_WINDOW, MODELS, BadRequestError, ChatRequest, known_model, parse
from sandbox.llm.peer import Llm

FAULT_KINDS: Final = frozenset({"401", "429", "quota", "500", "503", "hang", "garbage", "cut", "slow", RAW})
PHRASE: Final = re.compile(r"\[sandbox:(?P<kind>[a-z0-9]+)(?:=(?P<seconds>\d+(?:\.\d+)?))?\]")
HANG_SECONDS: Final = 120.0
RETRY_SECONDS: Final = 20.0
TOKEN_SECONDS: Final = 0.01
"""Between two tokens of a streamed answer."""
TOKENS_PER_MINUTE: Final = 2_000_000


async def chat_completions(request: Request) -> Response:
    """POST /v1/chat/completions."""
    llm, started = _llm(request), time.monotonic()
    try:
        key = _key(request)
        chat = parse(await request.body())
        prompt = tokens.of_messages(chat.messages)
        _check_window(len(prompt))
    except BadRequestError as refused:
        return _refuse(llm, "chat.completions", refused)
    fault = llm.faults.take("chat.completions") or _asked_fault(chat)
    llm.faults.record("chat.completions", _record(request, chat, fault))
    if fault and fault.kind != "slow":
        return await _faulty(request, llm, fault)
    await asyncio.sleep(fault.seconds if fault else llm.latency)
    completion = openai_objects.complete(chat, key, llm.cache, prompt)
    headers = _headers(started, len(prompt))
    if chat.stream:
        return StreamingResponse(_streamed(completion), media_type="text/event-stream", headers=headers)
    return JSONResponse(openai_objects.chat_completion(completion), headers=headers)


async def models(request: Request) -> Response:
    """GET /v1/models."""
    return await _answer(
        request, "models", {"object": "list", "data": [openai_objects.model_object(name) for name in MODELS]}
    )


async def model(request: Request) -> Response:
    """GET /v1/models/{model}."""
    name = request.path_params["model"]
    return await _answer(request, "models.retrieve", openai_objects.model_object(name), name)


async def unknown_url(request: Request) -> Response:
    """Any other path below /v1."""
    path = request.url.path.removeprefix("/openai")
    text = f"Invalid URL ({request.method} {path})"
    return _refuse(_llm(request), "unknown", BadRequestError(text, None, "unknown_url", 404))


async def _answer(request: Request, method: str, body: dict[str, Any], name: str = "") -> Response:
    llm, started = _llm(request), time.monotonic()
    try:
        _key(request)
        if name:
            known_model(name)
    except BadRequestError as refused:
        return _refuse(llm, method, refused)
    fault = llm.faults.take(method)
    llm.faults.record(method, {"at": time.time(), "status": 200, "fault": fault.kind if fault else None})
    return await _faulty(request, llm, fault) if fault else JSONResponse(body, headers=_headers(started, 0))


def _llm(request: Request) -> Llm:
    llm: Llm = request.app.state.llm
    return llm


def _key(request: Request) -> str:
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not key.strip():
        text = (
            "You didn't provide an API key. You need to provide your API key in an Authorization header "
            "using Bearer auth (i.e. Authorization: Bearer YOUR_KEY). You can obtain an API key "
            "from https://platform.openai.com/account/api-keys."
        )
        raise BadRequestError(text, None, None, 401)
    if not _llm(request).accepts(key.strip()):
        raise _wrong_key(key.strip())
    return key.strip()


def _wrong_key(key: str) -> BadRequestError:
    hidden = f"{key[:7]}{'*' * 8}{key[-4:]}" if len(key) > 12 else "*" * len(key)
    text = f"Incorrect API key provided: {hidden}. You can find your API key at https://platform.openai.com/account/api-keys."
    return BadRequestError(text, None, "invalid_api_key", 401)


def _check_window(count: int) -> None:
    if count > CONTEXT_WINDOW:
        text = (
            f"This model's maximum context length is {CONTEXT_WINDOW} tokens. However, your messages "
            f"resulted in {count} tokens. Please reduce the length of the messages."
        )
        raise BadRequestError(text, "messages", "context_length_exceeded")


def _asked_fault(chat: ChatRequest) -> Fault | None:
    """The fault that a magic phrase in the last user message asks for."""
    last = next((text for role, text in reversed(chat.messages) if role == "user"), "")
    match = PHRASE.search(last)
    if match is None or match["kind"] not in FAULT_KINDS - {RAW}:
        return None
    default = HANG_SECONDS if match["kind"] == "hang" else RETRY_SECONDS
    return Fault("chat.completions", match["kind"], 1, float(match["seconds"] or default))


def _record(request: Request, chat: ChatRequest, fault: Fault | None) -> dict[str, Any]:
    return {
        "at": time.time(),
        "model": chat.model,
        "stream": chat.stream,
        "messages": [{"role": role, "content": text} for role, text in chat.messages],
        "max_tokens": chat.max_tokens or None,
        "fault": fault.kind if fault else None,
        "client_request_id": request.headers.get("x-client-request-id"),
    }


def _headers(started: float, used: int) -> dict[str, str]:
    return {
        "x-request-id": f"req_{secrets.token_hex(16)}",
        "openai-version": "2020-10-01",
        "openai-organization": "sandbox",
        "openai-processing-ms": str(int((time.monotonic() - started) * 1000)),
        "x-ratelimit-limit-requests": "10000",
        "x-ratelimit-limit-tokens": str(TOKENS_PER_MINUTE),
        "x-ratelimit-remaining-requests": "9999",
        "x-ratelimit-remaining-tokens": str(max(TOKENS_PER_MINUTE - used, 0)),
        "x-ratelimit-reset-requests": "6ms",
        "x-ratelimit-reset-tokens": f"{used * 60_000 // TOKENS_PER_MINUTE}ms",
    }


def _refuse(llm: Llm, method: str, refused: BadRequestError) -> Response:
    llm.faults.record(method, {"at": time.time(), "status": refused.status, "error": refused.body["error"]["code"]})
    return _error(refused)


def _error(refused: BadRequestError, **headers: str) -> Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return JSONResponse(refused.body, refused.status, headers=_headers(time.monotonic(), 0) | named)


async def _faulty(request: Request, llm: Llm, fault: Fault) -> Response:
    if fault.kind in ("hang", "cut"):
        await llm.faults.hang(fault.seconds if fault.kind == "hang" else 0)
        return Hangup(request)
    if fault.kind == RAW:
        return llm.faults.answer_raw(request, fault)
    if fault.kind == "garbage":
        return Response(
            '{"id": "chatcmpl-garbage", "choices": [{"message": {"content": "Hel', media_type="application/json"
        )
    retry = {"retry_after": f"{fault.seconds:.0f}"} if fault.kind == "429" else {}
    return _error(_fault_error(fault), **retry)


def _fault_error(fault: Fault) -> BadRequestError:
    if fault.kind == "429":
        text = f"Rate limit reached for requests. Please try again in {fault.seconds:.0f}s."
        return BadRequestError(text, None, "rate_limit_exceeded", 429, "requests")
    if fault.kind == "quota":
        text = "You exceeded your current quota, please check your plan and billing details."
        return BadRequestError(text, None, "insufficient_quota", 429, "insufficient_quota")
    if fault.kind == "401":
        return _wrong_key("sk-sandbox-revoked-key")
    if fault.kind == "503":
        text = "The engine is currently overloaded, please try again later."
        return BadRequestError(text, None, None, 503, "server_error")
    text = "The server had an error while processing your request. Sorry about that!"
    return BadRequestError(text, None, None, 500, "server_error")


async def _streamed(completion: openai_objects.Completion) -> AsyncIterator[str]:
    for event in openai_objects.stream(completion):
        yield event
        await asyncio.sleep(TOKEN_SECONDS)


ROUTES: Final = [
    Route("/v1/chat/completions", chat_completions, methods=["POST"]),
    Route("/v1/models", models),
    Route("/v1/models/{model}", model),
    Route("/v1/{path:path}", unknown_url, methods=["GET", "POST", "PUT", "DELETE", "PATCH"]),
]
