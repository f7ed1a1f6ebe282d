"""What a provider sends, before its SDK reads it: limited in size, not compressed, and JSON, or an error says why not.

An SDK reads whatever it gets: a page of any size, an answer of another shape, a redirect that takes the prompt away.
"""

import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx2

from agents.llm import cleaning, failures, streaming, wordings
from agents.llm.calls import PROVIDERS, LLMBusyError, LLMError, LLMLostError, LLMSpoiledError

MOST_BYTES = 2_000_000
"""Thirty times the longest answer that can be asked for."""

LIMITS = httpx2.Limits(max_connections=1000, max_keepalive_connections=100)

Json = dict[str, Any]
Mend = Callable[[Json], Json]
"""Brings an answer into the shape that its SDK expects. Raises calls.LLMError if nothing can be made of it."""


class PlainClient(httpx2.AsyncClient):
    """An HTTP client that follows no redirect and gives an SDK only answers that it can read.

    Raises agents.llm.calls.LLMError, which the SDK passes on as the cause of its own error.
    """

    def __init__(self, provider: str, mend: Mend) -> None:
        super().__init__(follow_redirects=False, headers={"accept-encoding": "identity"}, limits=LIMITS)
        self._provider = provider
        self._mend = mend

    async def send(self, request: httpx2.Request, **options: Any) -> httpx2.Response:
        """Send, and read all of the answer. What asks for its words as they come gets them meanwhile."""
        sink = streaming.current_sink()
        asked = streaming.asking(self._provider, request) if sink else request
        response, body = await self._read(asked, options)
        if sink and streaming.is_unsupported(response, body):
            response, body = await self._read(request, options)
        if not response.is_success:
            return _again(request, response, _checked(self._provider, response, body))
        return _again(request, response, self._mended(response, body))

    async def _read(self, request: httpx2.Request, options: Json) -> tuple[httpx2.Response, bytes]:
        """The response, closed, and its body: put together, if it came as a stream."""
        response = await super().send(request, **(options | {"stream": True, "follow_redirects": False}))
        sink = streaming.current_sink()
        try:
            if sink is not None and streaming.is_streamed(response):
                return response, await streaming.put_together(self._provider, _pieces(self._provider, response), sink)
            return response, await _read(self._provider, response)
        finally:
            await response.aclose()

    def _mended(self, response: httpx2.Response, body: bytes) -> bytes:
        """What the SDK is given. Any other error is the answer's fault, and asking again would cost again."""
        try:
            return json.dumps(self._mend(_answer(self._provider, response, body))).encode()
        except LLMError:
            raise
        except Exception as error:
            reason = wordings.UNREADABLE(provider=PROVIDERS[self._provider], error=type(error).__name__)
            raise LLMSpoiledError(reason) from error


def _again(request: httpx2.Request, response: httpx2.Response, body: bytes) -> httpx2.Response:
    left_out = {"content-length", "content-encoding", "transfer-encoding", "content-type"}
    headers = {name: value for name, value in response.headers.items() if name not in left_out}
    headers["content-type"] = "application/json"
    return httpx2.Response(response.status_code, headers=headers, content=body, request=request)


async def _pieces(provider: str, response: httpx2.Response) -> AsyncIterator[bytes]:
    """Nothing is unpacked, since a small body may become a huge one."""
    if response.headers.get("content-encoding", "identity").lower() != "identity":
        raise LLMLostError(wordings.COMPRESSED(provider=PROVIDERS[provider]))
    async for piece in response.aiter_raw():
        yield piece


async def _read(provider: str, response: httpx2.Response) -> bytes:
    """At most MOST_BYTES."""
    body, name = bytearray(), PROVIDERS[provider]
    async for piece in _pieces(provider, response):
        body += piece
        if len(body) > MOST_BYTES:
            raise LLMSpoiledError(wordings.TOO_LARGE(provider=name, bytes=f"{MOST_BYTES:,}"))
    return bytes(body)


def _checked(provider: str, response: httpx2.Response, body: bytes) -> bytes:
    """The body of an error, unless it is not the provider's: a proxy's page, or a redirect."""
    name = PROVIDERS[provider]
    if not response.is_error:
        raise LLMBusyError(wordings.REDIRECTED(provider=name, status=response.status_code))
    if _is_page(response, body):
        raise _page(name, response, body)
    return body


def _answer(provider: str, response: httpx2.Response, body: bytes) -> Json:
    name = PROVIDERS[provider]
    if _is_page(response, body):
        raise _page(name, response, body)
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise LLMLostError(wordings.NO_ANSWER(provider=name), details=_quote(body)) from error
    if isinstance(answer, dict) and _error_in(answer):
        raise failures.inside(provider, answer)
    if not isinstance(answer, dict):
        raise LLMSpoiledError(wordings.NO_ANSWER(provider=name), details=_quote(body))
    return answer


def _error_in(answer: Json) -> bool:
    return bool(answer.get("error")) or answer.get("type") == "error"


def _is_page(response: httpx2.Response, body: bytes) -> bool:
    return "html" in response.headers.get("content-type", "").lower() or body.lstrip()[:1] == b"<"


def _page(name: str, response: httpx2.Response, body: bytes) -> LLMBusyError:
    wait = response.headers.get("retry-after", "")
    return LLMBusyError(
        wordings.WEB_PAGE(provider=name, status=response.status_code),
        float(wait) if wait.isascii() and wait.isdigit() else None,
        details=_quote(body),
    )


def _quote(body: bytes) -> str:
    return cleaning.details(body[:1000].decode(errors="replace"))
