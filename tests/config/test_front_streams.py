"""A stream that goes on for minutes ends when its reader is gone."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from django.core.handlers.base import BaseHandler
from django.http import StreamingHttpResponse

from config.http.front import Front
from config.http.handler import Request


class Endless(BaseHandler):
    """Answers with a stream without an end."""

    request_class = Request

    def __init__(self) -> None:
        super().__init__()
        self.ended = asyncio.Event()
        self.body_is_closed = False

    def get_response(self, request: Any) -> Any:
        self.body = request.environ["wsgi.input"]
        return StreamingHttpResponse(self.stream())

    async def stream(self) -> AsyncIterator[bytes]:
        try:
            self.body_is_closed = self.body.closed
            yield b"first"
            await asyncio.sleep(60)
        finally:
            self.ended.set()


def test_a_stream_keeps_no_body_and_ends_when_its_reader_is_gone() -> None:
    async def visit() -> list[bytes]:
        handler, sent, gone = Endless(), list[bytes](), asyncio.Event()
        front = Front(handler, threads=1, most_bytes=100)
        asked = iter([{"type": "http.request", "body": b"", "more_body": False}])

        async def receive() -> dict[str, Any]:
            if message := next(asked, None):
                return message
            await gone.wait()
            return {"type": "http.disconnect"}

        async def send(message: dict[str, Any]) -> None:
            sent.append(message.get("body", b""))
            if message.get("body"):
                gone.set()

        scope = {"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": [], "scheme": "http"}
        await front({**scope, "http_version": "1.1"}, receive, send)
        await asyncio.wait_for(handler.ended.wait(), 5)
        assert handler.body_is_closed
        return sent

    assert asyncio.run(visit()) == [b"", b"first"]
