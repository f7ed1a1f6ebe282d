"""A client's mistake is answered with 4xx and logged as one warning: no error, no traceback, no report."""

import logging
import socket
from typing import Any

import pytest
from django.core.exceptions import BadRequest, SuspiciousOperation
from django.http import HttpRequest, HttpResponseBase, UnreadablePostError
from django.test import Client
from django.test.client import FakePayload, RequestFactory
from pytest_django import Settings

from config.http.handler import Handler
from tenants.http.request_limits import RequestLimitsMiddleware
from tests.conftest import Cast
from tests.security.hostile import JSON, MULTIPART, URLENCODED, Sent
from tests.security.test_hostile_input import send
from tests.stack import Stack
from tests.waiting import eventually

LOGIN = "/accounts/login/"
PASSKEY = "/accounts/2fa/webauthn/login/"
MANY = b"&".join(b"a%d=1" % number for number in range(1500))
PART = b"--edge\r\nContent-Disposition: form-data; name=a%s\r\n%s\r\n\r\n!\r\n--edge--\r\n"
FILES = (PART % (b"; filename=b", b"")).replace(b"--edge--\r\n", b"") * 20 + b"--edge--\r\n"
BASE64 = b"Content-Transfer-Encoding: base64"
CODED_FILE = PART % (b"; filename=b", BASE64)
MESSAGES = "messages=W1siX19qc29uX21lc3NhZ2UiLDAsMjUsIngiXV0:x:x"
AGENTS = "/api/v1/agents/"
FAULTS = {
    "a wrong host": (LOGIN, Sent("GET", headers={"Host": "evil.example"})),
    "an invalid host": (LOGIN, Sent("GET", headers={"Host": "a b"})),
    "half of a URL": (LOGIN, Sent("GET", headers={"Host": "[::1"})),
    "an invalid port": (LOGIN, Sent("GET", headers={"Host": "testserver:x"})),
    "a wrong host at the API": ("/api/v1/agents/", Sent("GET", headers={"Host": "evil.example"})),
    "a wrong host at a webhook": ("/webhooks/slack/events", Sent("POST", headers={"Host": "evil.example"})),
    "a body that is too large": (LOGIN, Sent("POST", headers={"Content-Length": "9" * 25})),
    "a negative length": (LOGIN, Sent("POST", headers={"Content-Length": "-1"})),
    "too many fields": (LOGIN, Sent("POST", body=MANY)),
    "too many parameters": (LOGIN, Sent("GET", MANY.decode())),
    "too many files": (LOGIN, Sent("POST", body=FILES, content_type=MULTIPART)),
    "a part that is not what it says": (LOGIN, Sent("POST", body=PART % (b"", BASE64), content_type=MULTIPART)),
    "a file that is not what it says": (LOGIN, Sent("POST", body=CODED_FILE, content_type=MULTIPART)),
    "no boundary": (LOGIN, Sent("POST", body=b"x", content_type="multipart/form-data")),
    "an invalid boundary": (LOGIN, Sent("POST", body=b"x", content_type="multipart/form-data; boundary=(")),
    "names in a bad charset": (LOGIN, Sent("POST", body=PART % (b"; name*=nonsense''b", b""), content_type=MULTIPART)),
    "a non-text charset": (LOGIN, Sent("POST", body=b"a=%41", content_type=f"{URLENCODED}; charset=hex")),
    "a charset that is not UTF-8": (AGENTS, Sent("POST", body=b"{}", content_type=f"{JSON}; charset=utf-16")),
    "NUL in a query": (LOGIN, Sent("GET", "next=%00")),
    "NUL in a form": (LOGIN, Sent("POST", body=b"login=%00")),
    "a cookie with NUL": (LOGIN, Sent("GET", headers={"Cookie": "sessionid=\x00; csrftoken=\xff"})),
    "a cookie that is very long": (LOGIN, Sent("GET", headers={"Cookie": "sessionid=" + "x" * 8000})),
    "forged messages": ("/", Sent("GET", headers={"Cookie": MESSAGES})),
    "a nest as a passkey": (PASSKEY, Sent("POST", body=b"credential=" + b"[" * 20_000)),
    "a number as a passkey": (PASSKEY, Sent("POST", body=b"credential=" + b"1" * 20_000)),
    "a list as a passkey": (PASSKEY, Sent("POST", body=b"credential=[1]")),
    "a nonsense passkey": (PASSKEY, Sent("POST", body=b'credential={"rawId":7,"response":{"userHandle":[]}}')),
    "a path outside static files": ("/static/../../etc/passwd", Sent("GET")),
}  # fmt: skip
PASSED_OVER = {
    "a part that is not what it says", "an invalid boundary", "names in a bad charset", "a cookie with NUL",
    "a cookie that is very long", "forged messages", "a nest as a passkey", "a number as a passkey",
    "a list as a passkey", "a nonsense passkey",
}  # fmt: skip
"""The page is shown as to a stranger, or redirects to the log-in."""


def errors_in(log: pytest.LogCaptureFixture) -> list[str]:
    """Log records at error level or with a traceback. Sentry receives exactly the errors (config/http/sentry.py)."""
    return [str(line.msg) for line in log.records if line.levelno >= logging.ERROR or line.exc_info]


@pytest.mark.parametrize("fault", FAULTS)
def test_a_clients_mistake_is_not_our_error(
    fault: str, stranger: Client, cast: Cast, caplog: pytest.LogCaptureFixture
) -> None:
    path, sent = FAULTS[fault]
    answer = send(stranger, path, sent)

    assert (answer.status_code < 400) == (fault in PASSED_OVER)
    assert answer.status_code < 500
    assert errors_in(caplog) == []


def test_our_own_error_is_logged_as_one(caplog: pytest.LogCaptureFixture, stranger: Client, settings: Settings) -> None:
    """Otherwise these tests could not fail."""
    settings.ROOT_URLCONF = "tests.security.broken_urls"
    assert stranger.get("/broken/").status_code == 500
    assert errors_in(caplog)


def test_a_wrong_host_is_one_line_that_names_it(stranger: Client, cast: Cast, caplog: pytest.LogCaptureFixture) -> None:
    stranger.get(LOGIN, headers={"Host": "evil.example"})
    [line] = [line for line in caplog.records if line.name == "tenants.http.errors"]

    assert line.levelname == "WARNING"
    assert "DisallowedHost: Invalid HTTP_HOST header: 'evil.example'" in line.getMessage()


def test_anything_django_finds_suspicious_is_a_warning() -> None:
    """Including future kinds: each has its own logger below django.security."""
    kinds: list[type[Exception]] = [SuspiciousOperation, *SuspiciousOperation.__subclasses__()]
    for kind in kinds:
        logger = logging.getLogger(f"django.security.{kind.__name__}")
        assert not logger.isEnabledFor(logging.ERROR), kind
    assert logging.getLogger("django.security.csrf").isEnabledFor(logging.WARNING)


class _CutOff(FakePayload):
    """A body whose sender disconnected."""

    def read(self, size: int | None = None) -> bytes:
        raise OSError("the client is gone")


@pytest.mark.parametrize("path", [LOGIN, "/api/v1/agents/", "/webhooks/slack/events"])
def test_an_incomplete_body_is_not_our_error(
    program: Client, cast: Cast, caplog: pytest.LogCaptureFixture, path: str
) -> None:
    extra: dict[str, Any] = {"wsgi.input": _CutOff(b"x"), "CONTENT_LENGTH": "100"}
    content_type = URLENCODED if path == LOGIN else JSON
    answer = program.generic("POST", path, b"x" * 100, content_type=content_type, **extra)

    assert 400 <= answer.status_code < 500
    assert errors_in(caplog) == []


def test_an_incomplete_body_in_a_view_is_reported_as_such() -> None:
    middleware = RequestLimitsMiddleware(lambda request: HttpResponseBase())
    request: HttpRequest = RequestFactory().get("/api/v1/")
    answer = middleware.process_exception(request, UnreadablePostError("gone"))

    assert answer is not None
    assert answer.status_code == 400
    assert middleware.process_exception(request, BadRequest("else")) is None


UNREADABLE = ("charset*=nonsense''%41", "charset*=utf-8''%00", "charset=hex", "charset=undefined", "charset=zlib_codec")


@pytest.mark.parametrize("content_type", [f"text/plain; {parameter}" for parameter in UNREADABLE])
def test_a_malformed_content_type_is_refused(cast: Cast, content_type: str) -> None:
    """By our own handler, since Django's raises before any middleware runs."""
    environ = {**RequestFactory().get(f"{LOGIN}?a=%41").environ, "CONTENT_TYPE": content_type}
    statuses: list[str] = []
    Handler()(environ, lambda status, headers, *rest: statuses.append(status))  # type: ignore[arg-type]

    assert statuses == ["400 Bad Request"]


def test_over_http_neither_a_wrong_host_nor_a_disconnect_is_an_error(stack: Stack) -> None:
    before = len(stack.log.read_text())
    host = f"Host: 127.0.0.1:{stack.port}\r\n"
    torn = f"POST {LOGIN} HTTP/1.1\r\n{host}Content-Type: {URLENCODED}\r\nContent-Length: 100\r\n\r\nlogin=a"
    odd = f"GET {LOGIN} HTTP/1.1\r\n{host}Connection: close\r\nContent-Type: text/plain; charset*=nonsense''a\r\n\r\n"
    for text in (torn, odd, f"GET {LOGIN} HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n"):
        with socket.create_connection(("127.0.0.1", stack.port), timeout=10) as client:
            client.sendall(text.encode())
            client.shutdown(socket.SHUT_WR)
            while client.recv(65536):
                pass
    eventually(lambda: "evil.example" in stack.log.read_text()[before:], within=10, what="the line about the host")
    said = stack.log.read_text()[before:]

    assert "DisallowedHost" in said
    assert "Traceback" not in said
    assert "[error" not in said
