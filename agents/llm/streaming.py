"""An answer that comes word by word: its words are told as they come, and at its end it is read like any other.

Only the way over the wire differs: what arrives is put together into the answer that the provider would have sent at
once, with its usage, so that its shape, its meaning and its price are judged in one place.

https://platform.openai.com/docs/api-reference/chat-streaming and
https://docs.anthropic.com/en/docs/build-with-claude/streaming
"""

import json
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import httpx2

from agents.llm import failures, wordings
from agents.llm.calls import PROVIDERS, LLMLostError, LLMSpoiledError, Sink

Json = dict[str, Any]
MOST_BYTES = 30_000_000
"""Each piece of an answer comes in a frame that is much larger than the piece."""
MOST_LINE = 1_000_000
UNSUPPORTED = {400, 404, 405, 415, 422, 501}
ASKS: dict[str, Json] = {
    "openai": {"stream": True, "stream_options": {"include_usage": True}},
    "anthropic": {"stream": True},
}
"""What a request says so that its answer is streamed, with what it used."""

_sink: ContextVar[Sink | None] = ContextVar("sink", default=None)


@contextmanager
def told_to(sink: Sink | None) -> Iterator[None]:
    """Within this, an answer's words go to `sink` as they come. It must be quick."""
    token = _sink.set(sink)
    try:
        yield
    finally:
        _sink.reset(token)


def current_sink() -> Sink | None:
    """To whom the words of an answer go; None if they are not streamed."""
    return _sink.get()


def asking(provider: str, request: httpx2.Request) -> httpx2.Request:
    """The same request for a streamed answer."""
    body = json.loads(request.content) | ASKS[provider]
    headers = {name: value for name, value in request.headers.items() if name != "content-length"}
    made = json.dumps(body).encode()
    return httpx2.Request(request.method, request.url, headers=headers, content=made, extensions=request.extensions)


def is_streamed(response: httpx2.Response) -> bool:
    """Is this a stream? Some servers answer at once whatever they are asked for."""
    return response.is_success and response.headers.get("content-type", "").lower().startswith("text/event-stream")


def is_unsupported(response: httpx2.Response, body: bytes) -> bool:
    """Does the server not know how to stream? Nothing was billed then, and it may be asked for the whole answer."""
    return response.status_code in UNSUPPORTED and b"stream" in body[:10_000].lower()


async def put_together(provider: str, pieces: AsyncIterator[bytes], sink: Sink) -> bytes:
    """The whole answer, as the provider sends one that is not streamed. Raises agents.llm.calls.LLMError."""
    parts = PARTS[provider](provider)
    async for data in _data(PROVIDERS[provider], pieces):
        words = parts.take(data)
        if words:
            sink(words)
    if not parts.is_over:
        raise LLMLostError(wordings.CUT_OFF(provider=PROVIDERS[provider]))
    return json.dumps(parts.answer()).encode()


async def _data(name: str, pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """What stands in each event's line of data: https://html.spec.whatwg.org/multipage/server-sent-events.html"""
    rest, size = b"", 0
    async for piece in pieces:
        size += len(piece)
        *lines, rest = (rest + piece).split(b"\n")
        if size > MOST_BYTES or len(rest) > MOST_LINE:
            raise LLMSpoiledError(wordings.TOO_LARGE(provider=name, bytes=f"{MOST_BYTES:,}"))
        for line in lines:
            if line.startswith(b"data:"):
                yield line.removeprefix(b"data:").strip()


class _Parts(ABC):
    """What came of an answer so far. is_over: its end has come, so it is whole."""

    def __init__(self, provider: str) -> None:
        self.provider = provider
        self.is_over = False
        self.about: Json = {}
        self.usage: Json = {}
        self.texts: list[str] = []
        self.ending: object = None

    def take(self, data: bytes) -> str:
        """Read one event; the words in it."""
        if data == b"[DONE]":
            self.is_over = True
            return ""
        try:
            event = json.loads(data)
        except (ValueError, RecursionError) as error:
            raise LLMLostError(wordings.NO_ANSWER(provider=PROVIDERS[self.provider])) from error
        if not isinstance(event, dict):
            return ""
        if event.get("error") or event.get("type") == "error":
            raise failures.inside(self.provider, {"error": event.get("error") or event})
        words = self._read(event)
        if words:
            self.texts.append(words)
        return words

    def note(self, usage: object) -> None:
        """What the provider says was used: later counts replace earlier ones."""
        if isinstance(usage, dict):
            self.usage |= {name: count for name, count in usage.items() if count is not None}

    @abstractmethod
    def _read(self, event: Json) -> str: ...

    @abstractmethod
    def answer(self) -> Json:
        """All of it, as one answer."""


class _ChatCompletion(_Parts):
    """OpenAI's chunks. Its usage comes last, in a chunk without a choice."""

    def __init__(self, provider: str) -> None:
        super().__init__(provider)
        self.refusals: list[str] = []
        self.has_choice = False

    def _read(self, event: Json) -> str:
        self.about |= {name: event[name] for name in ("id", "model") if event.get(name)}
        self.note(event.get("usage"))
        choice = next((each for each in _objects(event.get("choices")) if not each.get("index")), None)
        if choice is None:
            return ""
        self.has_choice = True
        if choice.get("finish_reason"):
            self.ending, self.is_over = choice["finish_reason"], True
        delta = choice.get("delta")
        if not isinstance(delta, dict):
            return ""
        self.refusals.append(_text(delta.get("refusal")))
        return _text(delta.get("content"))

    def answer(self) -> Json:
        message = {"content": "".join(self.texts), "refusal": "".join(self.refusals) or None}
        choices = [{"message": message, "finish_reason": self.ending}] if self.has_choice else []
        return {**self.about, "choices": choices, "usage": self.usage or None}


class _Message(_Parts):
    """Anthropic's events. What the input was comes first, what the output was with the end."""

    def _read(self, event: Json) -> str:
        match event.get("type"):
            case "message_start" if isinstance(event.get("message"), dict):
                begun = event["message"]
                self.about = {name: begun.get(name) for name in ("id", "model")}
                self.note(begun.get("usage"))
            case "message_delta":
                self.note(event.get("usage"))
                delta = event.get("delta")
                self.ending = delta.get("stop_reason") if isinstance(delta, dict) else None
            case "message_stop":
                self.is_over = True
            case "content_block_start":
                return _said(event.get("content_block"), "text")
            case "content_block_delta":
                return _said(event.get("delta"), "text_delta")
        return ""

    def answer(self) -> Json:
        content = [{"type": "text", "text": "".join(self.texts)}]
        return {**self.about, "content": content, "stop_reason": self.ending, "usage": self.usage or None}


PARTS: dict[str, Callable[[str], _Parts]] = {"openai": _ChatCompletion, "anthropic": _Message}


def _said(part: object, kind: str) -> str:
    """Thoughts and calls are of other kinds."""
    return _text(part.get("text")) if isinstance(part, dict) and part.get("type") == kind else ""


def _objects(values: object) -> Iterator[Json]:
    yield from (each for each in values if isinstance(each, dict)) if isinstance(values, list) else ()


def _text(content: object) -> str:
    """A text, or the texts among its parts."""
    if isinstance(content, str):
        return content
    texts = (part.get("text") for part in _objects(content) if part.get("type") == "text")
    return "".join(text for text in texts if isinstance(text, str))
