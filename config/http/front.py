"""The front of the web: an ASGI application that reads a request whole before Django's threads see it.

Under WSGI whoever sends a body slowly holds a thread; here the server's event loop waits instead, with a deadline and a
minimum rate, and Django (which is quickest in threads) gets what is complete. Streams go out on the event loop, too: a
thread is held for one piece at most.
"""

import asyncio
import io
import logging
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import Context, copy_context
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.core import signals
from django.core.handlers.base import BaseHandler
from django.db import close_old_connections
from django.http import HttpResponseBase
from django.urls import set_script_prefix
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrPromise

log = logging.getLogger(__name__)

Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

GRACE_SECONDS = 10.0
"""A body may take so long whatever its size: a phone's network pauses."""
BYTES_PER_SECOND = 2_000
"""Beyond these seconds it has to come at least this fast."""
LONGEST_SECONDS = 60.0
"""No body takes longer."""
MOST_HELD = 64 * 1024 * 1024
"""Bytes of bodies on their way in that one process holds."""
TOO_SLOW = _("The body came too slowly: send it again over a better connection.")
TOO_MANY = _("Too many long bodies are on their way in: send it again in a minute.")
PROTOCOLS = {"1.0": "HTTP/1.0", "1.1": "HTTP/1.1", "2": "HTTP/2.0"}
NOT_HTTP = {b"content-type": "CONTENT_TYPE", b"content-length": "CONTENT_LENGTH"}


class TooSlowError(Exception):
    """The body did not come in time."""


class TooManyError(Exception):
    """The bodies on their way in take all the room that there is for them."""


class GoneError(Exception):
    """Whoever asked has left before the body was complete."""


@dataclass(frozen=True)
class Body:
    """A request's body, as far as it is wanted."""

    content: bytes
    length: int
    """Of the whole, which is more than there is here if it is too long to be read."""


class Front:
    """Django behind an event loop. threads: how many requests it works on at once; most_bytes: of a body that is read.

    A body that is longer, or announced to be, is not read: Django is told its length, and refuses it.
    """

    def __init__(self, handler: BaseHandler, *, threads: int, most_bytes: int) -> None:
        self.handler = handler
        self.most_bytes = most_bytes
        self.threads = ThreadPoolExecutor(threads, thread_name_prefix="web")
        self.held = 0

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request. Whatever else a server speaks of, such as its own life, is left alone."""
        if scope["type"] != "http":
            return
        try:
            body = await self._body(scope, receive)
        except TooSlowError:
            await _say(send, 408, TOO_SLOW)
            return
        except TooManyError:
            await _say(send, 503, TOO_MANY)
            return
        except GoneError:
            return
        context = copy_context()
        response = await self._in_thread(context, self._respond, environ_of(scope, body))
        try:
            await self._send(send, context, response)
        finally:
            if response.streaming:
                await self._in_thread(context, response.close)

    async def _in_thread(self, context: Context, work: Callable[..., Any], *args: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self.threads, partial(context.run, work, *args))

    async def _body(self, scope: Message, receive: Receive) -> Body:
        """The whole body. Raises TooSlowError, TooManyError and GoneError."""
        announced = _announced(scope)
        if announced is not None and announced > self.most_bytes:
            return Body(b"", announced)
        pieces: list[bytes] = []
        size, began = 0, asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout_at(began + GRACE_SECONDS) as limit:
                async for piece in _pieces(receive):
                    pieces.append(piece)
                    size += len(piece)
                    self.held += len(piece)
                    if size > self.most_bytes:
                        return Body(b"", size)
                    if self.held > MOST_HELD:
                        raise TooManyError
                    limit.reschedule(began + min(GRACE_SECONDS + size / BYTES_PER_SECOND, LONGEST_SECONDS))
        except TimeoutError as error:
            raise TooSlowError from error
        finally:
            self.held -= size
        return Body(b"".join(pieces), size)

    def _respond(self, environ: dict[str, Any]) -> HttpResponseBase:
        """What Django's own WSGIHandler does, but for the sending.

        Connections to the database belong to threads, and closing a response gives back those of its thread: so that
        is done here, where they were used.
        """
        set_script_prefix("/")
        signals.request_started.send(sender=type(self.handler), environ=environ)
        request = self.handler.request_class(environ)  # type: ignore[attr-defined]
        response = self.handler.get_response(request)
        if response.streaming:
            close_old_connections()
        else:
            response.close()
        return response

    async def _send(self, send: Send, context: Context, response: HttpResponseBase) -> None:
        await send({"type": "http.response.start", "status": response.status_code, "headers": headers_of(response)})
        if not response.streaming:
            await send({"type": "http.response.body", "body": response.content})  # type: ignore[attr-defined]
            return
        async for piece in self._streamed(context, response):
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    async def _streamed(self, context: Context, response: Any) -> AsyncIterator[bytes]:
        """An asynchronous stream on the event loop; of another one each piece in a thread."""
        if response.is_async:
            async for piece in response.streaming_content:
                yield piece
            return
        pieces: Iterator[bytes] = iter(response.streaming_content)
        while (piece := await self._in_thread(context, _next, pieces)) is not None:
            yield piece


def _next(pieces: Iterator[bytes]) -> bytes | None:
    """The next piece of a stream; this thread keeps no connection for it."""
    try:
        return next(pieces, None)
    finally:
        close_old_connections()


async def _pieces(receive: Receive) -> AsyncIterator[bytes]:
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise GoneError
        yield message.get("body", b"")
        if not message.get("more_body"):
            return


def _announced(scope: Message) -> int | None:
    """The body's length as its sender says; what is no number is Django's to refuse."""
    given = next((value for name, value in scope["headers"] if name == b"content-length"), b"")
    return int(given) if given.isdigit() else None


def environ_of(scope: Message, body: Body) -> dict[str, Any]:
    """A request as WSGI has it (PEP 3333).

    Headers with an underscore in their names are dropped: they would take the place of those with a hyphen, which a
    proxy has checked.
    """
    host, port = scope.get("server") or ("localhost", 0)
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": scope["path"].encode().decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_NAME": host,
        "SERVER_PORT": str(port),
        "SERVER_PROTOCOL": PROTOCOLS.get(scope["http_version"], "HTTP/1.1"),
        "REMOTE_ADDR": (scope.get("client") or ("",))[0],
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope["scheme"],
        "wsgi.input": io.BytesIO(body.content),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    _add_headers(environ, scope["headers"])
    if body.length:
        environ["CONTENT_LENGTH"] = str(body.length)
    return environ


def _add_headers(environ: dict[str, Any], headers: Iterable[tuple[bytes, bytes]]) -> None:
    for raw_name, raw_value in headers:
        if b"_" in raw_name:
            continue
        name = NOT_HTTP.get(raw_name) or "HTTP_" + raw_name.decode("latin-1").upper().replace("-", "_")
        value, before = raw_value.decode("latin-1"), environ.get(name)
        environ[name] = value if before is None else f"{before}{'; ' if raw_name == b'cookie' else ','}{value}"


def headers_of(response: HttpResponseBase) -> list[tuple[bytes, bytes]]:
    """An answer's headers and cookies as ASGI has them."""
    plain = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in response.items()]
    return plain + [(b"set-cookie", each.output(header="").strip().encode()) for each in response.cookies.values()]


async def _say(send: Send, status: int, text: StrPromise) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"connection", b"close"), (b"retry-after", b"60")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": f"{text}\n".encode()})
