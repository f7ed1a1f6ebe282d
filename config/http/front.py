"""The ASGI application in front of Django: it reads the whole request before a thread takes it.

Under WSGI, a client that sends its body slowly holds a thread. Here the event loop waits for it, with a deadline
and a minimum rate. Django itself runs in threads, where it is fastest. Streams are sent from the event loop, and hold a
thread for one piece at most.
"""

import asyncio
import io
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
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

Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

GRACE_SECONDS = 10.0
"""How long any body may take, since a phone's network pauses."""
BYTES_PER_SECOND = 2_000
"""A body that takes longer has to arrive at least this fast."""
LONGEST_SECONDS = 60.0
"""The longest that any body may take."""
MOST_HELD = 64 * 1024 * 1024
"""The most bytes of bodies that one process holds, from the first byte until a thread has answered."""
TOO_SLOW = _("The request's body arrived too slowly. Send it again over a faster connection.")
TOO_MANY = _("The server is receiving too many long requests. Send yours again in a minute.")
PROTOCOLS = {"1.0": "HTTP/1.0", "1.1": "HTTP/1.1", "2": "HTTP/2.0"}
NOT_HTTP = {b"content-type": "CONTENT_TYPE", b"content-length": "CONTENT_LENGTH"}


class TooSlowError(Exception):
    """The body did not arrive in time."""


class TooManyError(Exception):
    """This process holds as many bytes of bodies as it may."""


class GoneError(Exception):
    """The client closed the connection before its body was complete."""


@dataclass(frozen=True)
class Body:
    """A request's body; without its content if it is too long."""

    content: bytes
    length: int
    """Bytes of the whole body."""


class Front:
    """Django behind an event loop.

    threads: how many requests Django works on at once. most_bytes: the longest body that is read. If a body is longer,
    or announces it, Django gets its length only, and refuses it.
    """

    def __init__(self, handler: BaseHandler, *, threads: int, most_bytes: int) -> None:
        self.handler = handler
        self.most_bytes = most_bytes
        self.threads = ThreadPoolExecutor(threads, thread_name_prefix="web")
        self.held = 0

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one HTTP request. Other ASGI events, such as lifespan, are ignored."""
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
        context, environ, length = copy_context(), environ_of(scope, body), len(body.content)
        del body
        try:
            response = await self._in_thread(context, self._respond, environ)
        finally:
            environ["wsgi.input"].close()  # a stream may go on for minutes, and needs no body any more
            self.held -= length
        try:
            if response.streaming and response.is_async:
                await _while_there(receive, self._send(send, context, response))
            else:
                await self._send(send, context, response)
        finally:
            if response.streaming:
                await self._in_thread(context, response.close)

    async def _in_thread(self, context: Context, work: Callable[..., Any], *args: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self.threads, partial(context.run, work, *args))

    async def _body(self, scope: Message, receive: Receive) -> Body:
        """Read the whole body, and count it in `held`. Raises TooSlowError, TooManyError and GoneError."""
        announced = _announced(scope)
        if announced is not None and announced > self.most_bytes:
            return Body(b"", announced)
        pieces: list[bytes] = []
        size, began, is_whole = 0, asyncio.get_running_loop().time(), False
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
            is_whole = True
        except TimeoutError as error:
            raise TooSlowError from error
        finally:
            self.held -= 0 if is_whole else size
        return Body(b"".join(pieces), size)

    def _respond(self, environ: dict[str, Any]) -> HttpResponseBase:
        """Do what Django's WSGIHandler does, except sending the response.

        Closing a response returns this thread's database connections, so it has to happen in this thread.
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
        """Read an asynchronous stream on the event loop, and any other stream piece by piece in a thread."""
        if response.is_async:
            async for piece in response.streaming_content:
                yield piece
            return
        pieces: Iterator[bytes] = iter(response.streaming_content)
        while (piece := await self._in_thread(context, _next, pieces)) is not None:
            yield piece


async def _while_there(receive: Receive, sending: Coroutine[Any, Any, None]) -> None:
    """Send for as long as the client is there: what goes on for minutes has to end when nobody reads it any more."""
    task, gone = asyncio.ensure_future(sending), asyncio.ensure_future(_gone(receive))
    try:
        await asyncio.wait({task, gone}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        gone.cancel()
        task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _next(pieces: Iterator[bytes]) -> bytes | None:
    """The next piece of a stream. The thread keeps no database connection."""
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
    """The length that the client announces; Django refuses one that is not a number."""
    given = next((value for name, value in scope["headers"] if name == b"content-length"), b"")
    return int(given) if given.isdigit() else None


def environ_of(scope: Message, body: Body) -> dict[str, Any]:
    """A request as WSGI has it (PEP 3333).

    Headers with an underscore in their names are dropped, because they would replace those with a hyphen, which a proxy
    has checked.
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
