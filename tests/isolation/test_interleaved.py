"""Two workspaces at once, through threads, sessions and tokens, a small pool and PgBouncer: never a foreign row."""

import os
import random
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx
import pytest
from pytest_django import DjangoDbBlocker

from config.local.embedded.postgres import Postgres
from tenants.models import Role
from tests import pgbouncer
from tests.conftest import empty
from tests.isolation.callers import logged_in
from tests.isolation.furnishing import World, furnish
from tests.isolation.serving import THREADS, web

REQUESTS = 10_000 if os.environ.get("ISOLATION") == "full" else 200
POOL_SIZE = 5
"""Far fewer connections than threads, so that each connection switches between tenants."""

TURNED_AWAY = "turned away"
"""No connection became free within the pool's five seconds, which happens on a busy machine."""

pytestmark = pytest.mark.timeout(900)


@dataclass(frozen=True)
class Ask:
    """One request: the tenant, the credentials, and the path."""

    world: World
    other: World
    path: str
    headers: dict[str, str]
    method: str = "GET"
    body: str = ""


@pytest.fixture(scope="module")
def worlds(
    django_db_setup: None, postgres: Postgres, django_db_blocker: DjangoDbBlocker
) -> Iterator[tuple[World, World]]:
    with django_db_blocker.unblock():
        yield furnish("acme"), furnish("globex")
    empty(postgres)


def asks(worlds: tuple[World, World]) -> list[Ask]:
    """All possible requests of both workspaces, to the API with tokens and sessions, and in the portal."""
    return [
        ask for world, other in (worlds, worlds[::-1]) for ask in (*_by_api(world, other), *_by_portal(world, other))
    ]


def _by_api(world: World, other: World) -> Iterator[Ask]:
    session = {**logged_in(world.people[Role.OWNER]), "Roster-Workspace": world.slug}
    token = {"Authorization": f"Bearer {world.tokens[Role.OWNER]}"}
    conversation, agent = world.id_of("Conversation"), world.id_of("Agent")
    paths = ("agents/", f"agents/{agent}/", "channels/", "conversations/", f"conversations/{conversation}/messages/")
    for headers in (token, session):
        yield from (Ask(world, other, f"/api/v1/{path}", headers) for path in paths)
    body = f'{{"job_title": "{world.canary} at work"}}'
    yield Ask(world, other, f"/api/v1/agents/{agent}/", {**token, "Content-Type": "application/json"}, "PATCH", body)


def _by_portal(world: World, other: World) -> Iterator[Ask]:
    session = logged_in(world.people[Role.VIEWER])
    pages = ("", "employees/", "channels/", f"conversations/{world.id_of('Conversation')}/", "usage/")
    yield from (Ask(world, other, f"/t/{world.slug}/{page}", session) for page in pages)


def flood(address: str, possible: list[Ask], number: int) -> tuple[Counter[str], float]:
    """Send random requests from as many threads as the web has. Returns what was wrong, and requests per second."""
    chosen = random.Random(3).choices(possible, k=number)
    began = time.monotonic()
    with ThreadPoolExecutor(THREADS) as pool:
        shares = [chosen[thread::THREADS] for thread in range(THREADS)]
        found = sum(pool.map(lambda share: _ask_all(address, share), shares), Counter[str]())
    return found, number / (time.monotonic() - began)


def _ask_all(address: str, share: list[Ask]) -> Counter[str]:
    found: Counter[str] = Counter()
    with httpx.Client(base_url=address, timeout=60) as client:
        for ask in share:
            client.cookies.clear()
            found[_verdict(ask, client.request(ask.method, ask.path, headers=ask.headers, content=ask.body))] += 1
    return found


def _verdict(ask: Ask, answer: httpx.Response) -> str:
    text = answer.text.lower()
    if ask.other.canary in text or any(each in text for each in ask.other.ids):
        return f"foreign row in {ask.method} {ask.path}"
    if answer.status_code == 503 and ask.world.canary not in text:
        return TURNED_AWAY
    if answer.status_code != 200 or ask.world.canary not in text:
        return f"{answer.status_code} without an own row in {ask.method} {ask.path}: {text[:200]}"
    return "right"


def prove(way: str, worlds: tuple[World, World], **environment: str) -> None:
    possible = asks(worlds)
    with web(**environment) as address:
        found, rate = flood(address, possible, REQUESTS)
    print(f"\n{way}: {REQUESTS} requests of two workspaces by {THREADS} threads, {rate:.0f}/s, {dict(found)}")  # noqa: T201
    assert set(found) <= {"right", TURNED_AWAY}
    assert found["right"] >= REQUESTS * 0.97


def test_threads_and_the_pool_mix_no_rows(worlds: tuple[World, World], postgres: Postgres) -> None:
    prove(
        f"a pool of {POOL_SIZE} connections", worlds,
        DATABASE_URL=postgres.url("app"), DATABASE_POOL_SIZE=str(POOL_SIZE), DATABASE_STAFF_URL=postgres.url("staff"),
    )  # fmt: skip


@pytest.mark.skipif(not pgbouncer.program(), reason=pgbouncer.MISSING)
def test_pgbouncer_in_transaction_mode_mixes_no_rows(worlds: tuple[World, World], postgres: Postgres) -> None:
    with pgbouncer.transaction_pooler(postgres) as url:
        assert urlsplit(url).port != urlsplit(postgres.url("app")).port
        prove(
            f"PgBouncer with {pgbouncer.SERVER_CONNECTIONS} connections", worlds,
            DATABASE_URL=url, DATABASE_PGBOUNCER="1", DATABASE_STAFF_URL=postgres.url("staff"),
        )  # fmt: skip


def test_a_setting_that_outlives_its_transaction_would_be_detected(worlds: tuple[World, World]) -> None:
    """The check itself: an answer with the other workspace's word is wrong."""
    ask = asks(worlds)[0]
    assert "foreign row" in _verdict(ask, httpx.Response(200, text=f"{ask.world.canary} {ask.other.canary}"))
    assert "without an own row" in _verdict(ask, httpx.Response(200, text="nothing"))
    assert _verdict(ask, httpx.Response(200, text=ask.world.canary.upper())) == "right"
