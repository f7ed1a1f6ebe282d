"""Visitors with a web chat open: each hears of news on a stream, looks when told so, and some write."""

import asyncio
import json
import secrets
import time
from dataclasses import dataclass, field
from uuid import uuid4

SELDOM_SECONDS = 10.0
OPENED = b"HTTP/1.1 200"


@dataclass
class Visitor:
    """A browser with the page open. answered: seconds from a message until the page shows its answer."""

    port: int
    path: str
    token: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    answered: list[float] = field(default_factory=list)
    drafts: int = 0
    is_open: bool = False
    _wrote_at: float = 0.0
    _stream: asyncio.StreamWriter | None = None

    async def open(self) -> None:
        """Open the stream and follow it until it is closed."""
        reader, self._stream = await asyncio.open_connection("127.0.0.1", self.port)
        self._stream.write(self._request("GET", "events/", "Accept: text/event-stream\r\n"))
        head = await reader.readuntil(b"\r\n\r\n")
        self.is_open = head.startswith(OPENED)
        while line := await reader.readline():
            if line.startswith(b"data:"):
                await self._hear(json.loads(line.removeprefix(b"data:")))

    async def write(self, text: str) -> None:
        """Send a message, as the page's form does, and look now and then whether news were lost."""
        self._wrote_at = time.perf_counter()
        body = f"id={uuid4()}&text={text}".encode()
        more = (
            f"Origin: http://127.0.0.1:{self.port}\r\nX-Live-Chat: 1\r\n"
            f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\nConnection: close\r\n"
        )
        status, _ = await self._ask(self._request("POST", "", more) + body)
        assert status == 204, status
        while self._wrote_at:
            await asyncio.sleep(SELDOM_SECONDS)
            if self._wrote_at:
                await self._hear({"look": True})

    async def _hear(self, news: dict[str, object]) -> None:
        if "draft" in news:
            self.drafts += 1
            return
        status, page = await self._ask(self._request("GET", "talk/", "Connection: close\r\n"))
        if status == 200 and self._wrote_at and b"data-waiting" not in page and b"<time" in page:
            self.answered.append(time.perf_counter() - self._wrote_at)
            self._wrote_at = 0.0

    async def _ask(self, request: bytes) -> tuple[int, bytes]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(request)
        answer = await reader.read()
        writer.close()
        return int(answer[9:12]), answer

    def _request(self, method: str, where: str, more: str) -> bytes:
        head = (
            f"{method} {self.path}{where} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nCookie: visitor={self.token}\r\n"
        )
        return f"{head}{more}\r\n".encode()
