"""The front of the web: what comes slowly, without end, or under two names, and what goes out piece by piece."""

import asyncio
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import pytest
from django.core.signals import request_finished
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.urls import path
from pytest_django import DjangoDbBlocker

from config.http import front
from config.http.front import Front
from config.http.handler import Handler
from config.local.embedded.postgres import Postgres
from tests.isolation.serving import THREADS, web

SENDERS = 400


@pytest.fixture(scope="module")
def site(django_db_setup: None, postgres: Postgres, django_db_blocker: DjangoDbBlocker) -> Iterator[str]:
    with web(DATABASE_URL=postgres.url("app"), DATABASE_POOL_SIZE="4") as address:
        yield address


def connect(site: str, head: str) -> socket.socket:
    host, port = site.removeprefix("http://").split(":")
    connection = socket.create_connection((host, int(port)))
    connection.sendall(head.encode())
    return connection


def test_many_slow_bodies_hold_nobody_up(site: str) -> None:
    """Each of them would hold a thread under WSGI."""
    head = f"POST /accounts/login/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000\r\n\r\n{'a' * 10}"
    assert SENDERS > 4 * THREADS
    with ExitStack() as stack:
        for _ in range(SENDERS // 2):
            stack.enter_context(connect(site, head))
            stack.enter_context(connect(site, head[:40]))

        for _ in range(5):
            assert httpx.get(f"{site}/readyz", timeout=10).status_code == 200


def test_a_header_with_an_underscore_takes_no_other_ones_place(site: str) -> None:
    """PublicAddressMiddleware, proxies and limits rely on X-Forwarded-For; X_Forwarded_For would become the same."""
    with connect(site, "GET /livez HTTP/1.1\r\nHost: evil\r\nX_Request_Id: forged-by-somebody\r\n\r\n") as connection:
        assert connection.recv(65536).startswith(b"HTTP/1.1 200")
    environ = front.environ_of(
        scope(headers=[(b"x_forwarded_for", b"1"), (b"x-forwarded-for", b"2")]), front.Body(b"", 0)
    )

    assert environ["HTTP_X_FORWARDED_FOR"] == "2"


def test_a_body_of_unknown_length_arrives(site: str) -> None:
    answer = httpx.post(f"{site}/webhooks/slack/events", content=iter([b"{", b"}"]))

    assert answer.status_code == 401, answer.text  # read, and not signed


def test_a_body_without_end_is_refused(site: str) -> None:
    answer = httpx.post(f"{site}/accounts/login/", content=(b"x" * 65536 for _ in range(100)), timeout=30)

    assert answer.status_code == 413


# In the process, with a server that does exactly what a test says


def scope(**changes: Any) -> dict[str, Any]:
    given = {
        "type": "http", "http_version": "1.1", "method": "POST", "scheme": "http", "path": "/", "query_string": b"",
        "headers": [], "server": ("127.0.0.1", 80), "client": ("127.0.0.1", 1),
    }  # fmt: skip
    return {**given, **changes}


def echo(request: HttpRequest) -> HttpResponse:
    said = HttpResponse(request.body + request.META.get("HTTP_COOKIE", "").encode("latin-1"))
    said.set_cookie("a", "1")
    said.set_cookie("b", "2")
    return said


def stream(request: HttpRequest) -> StreamingHttpResponse:
    async def pieces() -> AsyncIterator[str]:
        for _ in range(3):
            yield threading.current_thread().name

    return StreamingHttpResponse(pieces())


def pieces(request: HttpRequest) -> StreamingHttpResponse:
    return StreamingHttpResponse(threading.current_thread().name for _ in range(3))


def long(request: HttpRequest) -> HttpResponse:
    return HttpResponse(request.META["CONTENT_LENGTH"])


def name(request: HttpRequest) -> HttpResponse:
    return HttpResponse(threading.current_thread().name)


urlpatterns = [
    path("name", name),
    path("echo", echo),
    path("stream", stream),
    path("pieces", pieces),
    path("long", long),
]


@pytest.fixture
def served(settings: Any) -> Iterator[Front]:
    settings.ROOT_URLCONF, settings.MIDDLEWARE = __name__, []
    made = Front(Handler(), threads=2, most_bytes=1000)
    yield made
    made.threads.shutdown()


def ask(served: Front, path: str, sent: list[dict[str, Any]], **changes: Any) -> list[dict[str, Any]]:
    """What is sent back; a list that is used up waits for ever, as somebody does who sends no more."""
    left, got = list(sent), list[dict[str, Any]]()

    async def receive() -> dict[str, Any]:
        if not left:
            await asyncio.Event().wait()
        return left.pop(0)

    async def send(message: dict[str, Any]) -> None:
        got.append(message)

    asyncio.run(served(scope(path=path, **changes), receive, send))
    return got


def part(content: bytes, *, more: bool = False) -> dict[str, Any]:
    return {"type": "http.request", "body": content, "more_body": more}


def test_a_body_in_parts_is_put_together(served: Front) -> None:
    headers = [(b"cookie", b"x=\xc3\xa9"), (b"cookie", b"y=2")]
    start, body = ask(served, "/echo", [part(b"one, ", more=True), part(b"two. ")], headers=headers)

    assert body["body"] == b"one, two. x=\xc3\xa9; y=2"
    assert [value.split(b";")[0] for name, value in start["headers"] if name == b"set-cookie"] == [b"a=1", b"b=2"]


def test_a_body_that_stays_away_is_told_so(served: Front, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(front, "GRACE_SECONDS", 0.05)
    start, body = ask(served, "/echo", [part(b"one", more=True)])

    assert start["status"] == 408
    assert b"too slowly" in body["body"]
    assert served.held == 0


def test_who_leaves_meanwhile_gets_no_answer(served: Front) -> None:
    assert ask(served, "/echo", [part(b"one", more=True), {"type": "http.disconnect"}]) == []
    assert served.held == 0


def test_a_body_that_is_too_long_is_not_read(served: Front) -> None:
    announced = ask(served, "/long", [], headers=[(b"content-length", b"1001")])
    growing = ask(served, "/long", [part(b"x" * 600, more=True), part(b"x" * 600, more=True)])

    assert announced[1]["body"] == b"1001"
    assert growing[1]["body"] == b"1200"


def test_many_long_bodies_are_refused_before_memory_runs_out(served: Front, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(front, "MOST_HELD", 500)
    start, body = ask(served, "/echo", [part(b"x" * 400, more=True), part(b"x" * 400)])

    assert start["status"] == 503
    assert b"again in a minute" in body["body"]
    assert served.held == 0


def test_an_asynchronous_stream_takes_no_thread(served: Front) -> None:
    got = ask(served, "/stream", [part(b"")])

    assert [message["body"] for message in got[1:]] == [b"MainThread"] * 3 + [b""]


def test_another_stream_takes_a_thread_for_one_piece_at_a_time(served: Front) -> None:
    got = ask(served, "/pieces", [part(b"")])

    assert all(message["body"].startswith(b"web") for message in got[1:4])


def test_a_request_ends_in_the_thread_that_worked_on_it(served: Front) -> None:
    """Connections belong to threads: one that is given back elsewhere is kept by an idle thread."""
    ended: list[str] = []

    def note(**kwargs: object) -> None:
        ended.append(threading.current_thread().name)

    request_finished.connect(note)
    try:
        worked = [ask(served, "/name", [part(b"")])[1]["body"].decode() for _ in range(5)]
    finally:
        request_finished.disconnect(note)

    assert ended == worked


def test_a_stream_is_closed_when_its_reader_leaves(served: Front) -> None:
    closed = threading.Event()

    class Response(StreamingHttpResponse):
        def close(self) -> None:
            closed.set()
            super().close()

    def respond(environ: dict[str, Any]) -> HttpResponseBase:
        return Response(iter([b"x"] * 3))

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.body":
            raise ConnectionResetError

    async def receive() -> dict[str, Any]:
        return part(b"")

    served._respond = respond  # type: ignore[method-assign]
    with pytest.raises(ConnectionResetError):
        asyncio.run(served(scope(), receive, send))
    assert closed.is_set()


def test_a_body_counts_until_a_thread_has_answered(served: Front) -> None:
    """Otherwise many quick senders could fill the memory while their requests wait for a thread."""
    held: list[int] = []
    respond = served._respond

    def watching(environ: dict[str, Any]) -> HttpResponseBase:
        held.append(served.held)
        return respond(environ)

    served._respond = watching  # type: ignore[method-assign]
    ask(served, "/echo", [part(b"x" * 300)])

    assert (held, served.held) == ([300], 0)
