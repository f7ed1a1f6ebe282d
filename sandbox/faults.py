"""Faults on request: the next calls of a method fail as they do when a provider has problems."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import os
import socket
import stat
from collections import Counter, deque
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

HIGHEST_DESCRIPTOR: Final = 4096
DRIP_SECONDS: Final = 0.2
RAW: Final = "raw"
SENT_SECONDS: Final = 0.05


@dataclass(frozen=True)
class RawAnswer:
    """An exact answer: status, headers and a body that may be cut off or stall after a number of bytes."""

    status: int
    headers: dict[str, str]
    body: bytes
    cut_after: int | None = None
    hang_after: int | None = None

    @classmethod
    def parse(cls, body: Mapping[str, Any]) -> RawAnswer:
        """Read it from a control request's JSON; `body_base64` holds a body that isn't text."""
        encoded = body.get("body_base64")
        content = base64.b64decode(encoded) if encoded else str(body.get("body", "")).encode("utf-8", "surrogatepass")
        headers = {"content-type": "application/json", **{str(k).lower(): str(v) for k, v in _dict(body, "headers")}}
        ends = {name: int(body[name]) for name in ("cut_after", "hang_after") if body.get(name) is not None}
        return cls(int(body.get("status", 200)), headers, content, **ends)


def _dict(body: Mapping[str, Any], name: str) -> Iterable[tuple[Any, Any]]:
    value = body.get(name) or {}
    if not isinstance(value, dict):
        raise ValueError(f"{name} is not an object.")  # noqa: TRY004 - the control API turns ValueError into 400
    return value.items()


@dataclass
class Fault:
    """What the next `times` calls of `method` (`*`: any) do.

    `seconds` is for hang, slow and Retry-After; `answer` is an error's code, or a body in place of the provider's own.
    `account`: only calls of this one's, such as a Slack team's id.
    """

    method: str
    kind: str
    times: int
    seconds: float
    answer: Any = None
    raw: RawAnswer | None = None
    account: str = ""

    @classmethod
    def parse(cls, body: Mapping[str, Any], kinds: frozenset[str]) -> Fault:
        """Read a control request's JSON. Raises ValueError that says what is allowed."""
        kind = str(body.get("kind", ""))
        if kind not in kinds:
            raise ValueError(f"kind is {kind!r}: use one of {', '.join(sorted(kinds))}.")
        method, times, seconds = str(body.get("method", "*")), int(body.get("times", 1)), float(body.get("seconds", 30))
        raw = RawAnswer.parse(body) if kind == RAW else None
        return cls(method, kind, times, seconds, body.get("answer"), raw, str(body.get("account", "")))

    def as_json(self) -> dict[str, Any]:
        """The fault as the control API shows it."""
        return {"method": self.method, "kind": self.kind, "times": self.times, "seconds": self.seconds}


class Faults:
    """The faults planned, the calls seen, and the shutdown signal that ends every hang."""

    def __init__(self) -> None:
        self.planned: list[Fault] = []
        self.calls: Counter[str] = Counter()
        self.requests: deque[dict[str, Any]] = deque(maxlen=2000)
        self.stopping = asyncio.Event()

    def take(self, method: str, account: str = "") -> Fault | None:
        """The fault for this call, or None; uses up one of its times."""
        for fault in self.planned:
            if fault.times > 0 and fault.method in ("*", method) and fault.account in ("", account):
                fault.times -= 1
                return fault
        return None

    def record(self, method: str, details: dict[str, Any]) -> None:
        """Count a call and keep its parameters for tests to inspect."""
        self.calls[method] += 1
        self.requests.append({"method": method, **details})

    def reset(self) -> None:
        """Forget planned faults, counters and recorded requests."""
        self.planned.clear()
        self.calls.clear()
        self.requests.clear()

    async def hang(self, seconds: float) -> None:
        """Wait without answering, until the sandbox stops at the latest."""
        try:
            await asyncio.wait_for(self.stopping.wait(), seconds)
        except TimeoutError:
            return

    def answer_raw(self, request: Request, fault: Fault) -> Response:
        """The raw answer that a fault asks for."""
        raw = fault.raw or RawAnswer(200, {}, b"")
        ends = [end for end in (raw.cut_after, raw.hang_after) if end is not None]
        if not ends:
            return Response(raw.body, raw.status, headers=raw.headers)
        headers = {**raw.headers, "content-length": str(len(raw.body))}
        seconds = fault.seconds if raw.cut_after is None else 0
        return StreamingResponse(self._broken(request, raw.body[: min(ends)], seconds), raw.status, headers=headers)

    async def _broken(self, request: Request, part: bytes, seconds: float) -> AsyncIterator[bytes]:
        """Send part of a body, wait, close the connection."""
        yield part
        await self.hang(max(seconds, SENT_SECONDS))
        cut_connection(request)

    async def drip(self, seconds: float) -> AsyncIterator[bytes]:
        """Send a blank byte now and then and never an answer, so that no single read times out."""
        for _ in range(int(seconds / DRIP_SECONDS)):
            if self.stopping.is_set():
                return
            yield b" "
            await self.hang(DRIP_SECONDS)


class Hangup(Response):
    """Close the client's connection without sending a byte."""

    def __init__(self, request: Request) -> None:
        super().__init__(status_code=500)
        self._request = request

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Shut the socket first, so that nothing the server writes arrives."""
        cut_connection(self._request)
        await super().__call__(scope, receive, send)


def cut_connection(request: Request) -> None:
    """Shut down the socket of this request's client.

    ASGI has no message for this, so we find the socket among the process's own by the client's address.
    """
    if request.client is None:
        return
    peer = (request.client.host, int(request.client.port))
    for descriptor in range(3, HIGHEST_DESCRIPTOR):
        _shut_if_connected_to(descriptor, peer)


def _shut_if_connected_to(descriptor: int, peer: tuple[str, int]) -> None:
    try:
        if not stat.S_ISSOCK(os.fstat(descriptor).st_mode):
            return
        connection = socket.socket(fileno=os.dup(descriptor))
    except OSError:
        return
    with connection, contextlib.suppress(OSError):
        if connection.family == socket.AF_INET and connection.getpeername() == peer:
            connection.shutdown(socket.SHUT_RDWR)
