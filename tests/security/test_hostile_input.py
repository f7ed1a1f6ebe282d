"""Any input to any URL: never a server error, never a redirect to another site."""

import os
import re
import zlib
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, TypeVar
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.http import HttpResponseBase
from django.test import Client

from config.api import root
from tenants.scope import tenant_scope
from tests import factories
from tests.conftest import Cast
from tests.security import hostile
from tests.security.hostile import Sent
from tests.security.routes import SAMPLES, Route, kinds_of_routes

T = TypeVar("T")
STEP = 1 if os.environ.get("FUZZ") == "long" else 8
FIELD = re.compile(r'<(?:input|select|textarea)[^>]*\bname="([^"]+)"')
# Providers and services aren't available here; the answer must say so.
UNAVAILABLE = {502, 503}
OWN_HOSTS = {"", "testserver", urlsplit(settings.SLACK_AUTHORIZE_URL).netloc}


def send(client: Client, path: str, sent: Sent) -> HttpResponseBase:
    address = f"{path}?{sent.query}" if sent.query else path
    return client.generic(sent.method, address, sent.body, content_type=sent.content_type, headers=sent.headers)


def fault(response: HttpResponseBase) -> str:
    """What is wrong with a response; empty if it is fine."""
    if response.status_code >= 500 and response.status_code not in UNAVAILABLE:
        return str(response.status_code)
    to = response.headers.get("Location", "")
    if to.startswith(("//", "\\", "/\\")) or urlsplit(to).netloc not in OWN_HOSTS or "javascript:" in to[:20]:
        return f"redirects to {to}"
    return ""


def a_part_of(attempts: Iterable[T], route: Route) -> Iterator[T]:
    """Every eighth value, different ones for each URL: each is sent somewhere, and `make fuzz` sends all."""
    first = zlib.crc32(route.pattern.encode()) % STEP
    return islice(attempts, first, None, STEP)


def faults(client: Client, path: str, attempts: Iterator[Sent]) -> list[str]:
    found = ((sent, fault(send(client, path, sent))) for sent in attempts)
    return [f"{sent.method} {path}?{sent.query[:90]} {sent.body[:90]!r}: {what}" for sent, what in found if what]


@pytest.fixture
def values(cast: Cast) -> dict[str, str]:
    """Arguments with the ids of existing rows."""
    with tenant_scope(cast.acme.id):
        agent, connection = factories.make_agent(), factories.make_connection()
    return {**SAMPLES, "agent_id": str(agent.id), "connection_id": str(connection.id), "id": str(agent.id)}


def callers(route: Route, request: pytest.FixtureRequest) -> list[Client]:
    """The callers who get furthest. Strangers are redirected to the log-in before a view reads anything."""
    if route.is_api:
        return [request.getfixturevalue("program")]
    names = ["alice"] if "<workspace>" in route.pattern else ["stranger", "alice"]
    return [request.getfixturevalue(name) for name in names]


def fields_of(client: Client, route: Route, path: str) -> list[str]:
    """The field names of a page's forms or an operation's request."""
    if route.is_api:
        return _fields_of_operation(route.pattern)
    page = getattr(client.get(path), "content", b"").decode(errors="replace")
    return sorted(set(FIELD.findall(page)) - {"csrfmiddlewaretoken"}) or ["name"]


def _fields_of_operation(pattern: str) -> list[str]:
    schema = root.openapi()
    methods = schema["paths"].get(re.sub(r"<(\w+)>", r"{\1}", pattern), {})
    names: set[str] = set()
    for operation in methods.values():
        content: dict[str, Any] = operation.get("requestBody", {}).get("content", {}).get(hostile.JSON, {})
        reference = content.get("schema", {}).get("$ref", "").rsplit("/", 1)[-1]
        names |= schema["components"]["schemas"].get(reference, {}).get("properties", {}).keys()
    return sorted(names) or ["name"]


@pytest.mark.parametrize("route", kinds_of_routes(), ids=lambda route: route.pattern)
def test_no_url_breaks_or_redirects_away(route: Route, values: dict[str, str], request: pytest.FixtureRequest) -> None:
    path = route.path(values)
    for client in callers(route, request):
        fields = fields_of(client, route, path)
        own = hostile.documents(fields) if route.is_api else hostile.forms(fields)
        for attempts in (hostile.queries(), hostile.bodies(), hostile.methods(), own):
            assert faults(client, path, a_part_of(attempts, route)) == []


@pytest.mark.parametrize(
    "route", [each for each in kinds_of_routes() if each.arguments], ids=lambda route: route.pattern
)
def test_no_argument_breaks_a_url(route: Route, cast: Cast, request: pytest.FixtureRequest) -> None:
    for client in callers(route, request):
        for value in a_part_of(hostile.ARGUMENTS, route):
            for name in route.arguments:
                path = route.path({**SAMPLES, name: value})
                assert faults(client, path, iter([Sent("GET"), Sent("POST")])) == []


@pytest.mark.parametrize(
    "path",
    ["//evil.example/", "//evil.example/accounts/login", "/\\evil.example/..", "/%2F/evil.example", "/%00", "/%FF"],
)
def test_no_unknown_url_breaks_or_redirects_away(stranger: Client, cast: Cast, path: str) -> None:
    assert faults(stranger, path, iter([Sent("GET"), Sent("HEAD"), Sent("POST")])) == []
