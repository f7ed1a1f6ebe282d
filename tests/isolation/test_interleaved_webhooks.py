"""Webhooks of two workspaces at once, by the platform's secret and by own ones, through a pool and through PgBouncer.

The statement that stores an event sets the tenant by itself: nothing of it may be left on a shared connection.
"""

import json
import os
import random
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count
from threading import Event as Signal
from typing import Any

import httpx
import psycopg
import pytest

from channels.connections.connect import connect
from channels.models import InboxEvent
from channels.providers.connecting import Installed
from channels.providers.slack.incoming.accounts import own_account
from config.local.embedded.postgres import Postgres
from tenants.models import Tenant
from tenants.scope import tenant_scope
from tests import pgbouncer
from tests.channels.slack import payload, signed
from tests.conftest import Cast
from tests.isolation.serving import THREADS, web

REQUESTS = 10_000 if os.environ.get("ISOLATION") == "full" else 400
POOL_SIZE = 5
"""Far fewer connections than threads, so that each connection switches between tenants."""
BOT = "U0LAN0Z89"
LEFT_BEHIND = """
    SELECT coalesce(current_setting('app.tenant_id', true), ''), current_user::text,
           (SELECT count(*) FROM channels_inboxevent), (SELECT count(*) FROM channels_connection), pg_backend_pid()
"""
"""What a connection shows to whoever gets it next, without a tenant of its own."""
STORED, NOT_STORED = True, False

pytestmark = pytest.mark.timeout(900)


@dataclass(frozen=True)
class Side:
    """One workspace with two connections: by the platform's app, and by its own with its own secret."""

    tenant: Tenant
    team: str
    app: str
    secret: str
    own_path: str

    @property
    def account(self) -> str:
        """That of its own app."""
        return own_account(self.app, self.team)


@dataclass(frozen=True)
class Knock:
    """A request, and whether one new row of this side comes of it."""

    side: Side
    event_id: str
    path: str
    body: bytes
    headers: dict[str, str]
    status: int
    is_stored: bool


@pytest.fixture
def sides(committed_cast: Cast) -> tuple[Side, Side]:
    return _side(committed_cast.acme), _side(committed_cast.globex)


def _side(tenant: Tenant) -> Side:
    word = tenant.slug.upper()
    team, app, secret = f"T0{word}", f"A0{word}", f"{tenant.slug:0<32}"
    with tenant_scope(tenant.id):
        connect(Installed("slack", team, word, f"xoxb-{word}", BOT, "U0INSTALLER", ""))
        secrets = {"signing_secret": secret}
        account = own_account(app, team)
        connection = connect(Installed("slack", account, word, f"xoxb-own-{word}", BOT, "U0INSTALLER", "", secrets))
    return Side(tenant, team, app, secret, f"/webhooks/slack/{connection.id}/events")


def knocks(sides: tuple[Side, Side], number: int) -> list[Knock]:
    """That many requests of both sides in random order."""
    chance, numbers = random.Random(5), count(1)
    made = []
    for _ in range(number):
        side, other = chance.choice([sides, sides[::-1]])
        event_id = f"Ev{side.tenant.slug}{next(numbers)}"
        made.append(chance.choice(KINDS)(side, other, event_id))
    return made


def _by_platform(side: Side, other: Side, event_id: str) -> Knock:
    return _knock(side, event_id, _said(side, event_id), "/webhooks/slack/events", "")


def _by_own_secret(side: Side, other: Side, event_id: str) -> Knock:
    return _knock(side, event_id, _said(side, event_id), side.own_path, side.secret)


def _of_no_interest(side: Side, other: Side, event_id: str) -> Knock:
    body = payload("channel_created", _team_id=side.team, _event_id=event_id)
    return _knock(side, event_id, body, "/webhooks/slack/events", "")


def _edited(side: Side, other: Side, event_id: str) -> Knock:
    """What is about something earlier takes a scope instead of one statement."""
    said = {"type": "message", "user": "U123ABC456", "text": f"<@{BOT}> q{side.tenant.slug}q", "ts": _ts(event_id)}
    changed = {**said, "edited": {"user": "U123ABC456", "ts": _ts(event_id)}}
    body = payload("message_changed", _team_id=side.team, _event_id=event_id, message=changed, ts=_ts(event_id))
    return _knock(side, event_id, body, "/webhooks/slack/events", "")


def _with_anothers_account(side: Side, other: Side, event_id: str) -> Knock:
    """Signed with its own secret, about the other's account."""
    return _knock(side, event_id, _said(other, event_id), side.own_path, side.secret, stored=NOT_STORED)


def _by_a_wrong_secret(side: Side, other: Side, event_id: str) -> Knock:
    body = _said(side, event_id)
    return _knock(side, event_id, body, side.own_path, other.secret, status=401, stored=NOT_STORED)


KINDS = (_by_platform, _by_own_secret, _of_no_interest, _edited, _with_anothers_account, _by_a_wrong_secret)


def _said(side: Side, event_id: str) -> dict[str, Any]:
    said = {"text": f"<@{BOT}> q{side.tenant.slug}q", "ts": _ts(event_id), "channel": f"C0{side.tenant.slug.upper()}"}
    return payload("app_mention", _team_id=side.team, _api_app_id=side.app, _event_id=event_id, **said)


def _ts(event_id: str) -> str:
    return f"1700000000.{int(''.join(filter(str.isdigit, event_id))):06}"


def _knock(
    side: Side, event_id: str, body: dict[str, Any], path: str, secret: str, status: int = 200, *, stored: bool = STORED
) -> Knock:
    raw = json.dumps(body).encode()
    headers = {"Content-Type": "application/json", **signed(raw, secret=secret)}
    return Knock(side, event_id, path, raw, headers, status, stored)


def flood(address: str, chosen: list[Knock]) -> Counter[int]:
    """Send them from as many threads as the web has, some twice as Slack does; the statuses that were not expected."""
    with ThreadPoolExecutor(THREADS) as pool:
        shares = [chosen[thread::THREADS] for thread in range(THREADS)]
        return sum(pool.map(lambda share: _send(address, share), shares), Counter[int]())


def _send(address: str, share: list[Knock]) -> Counter[int]:
    unexpected: Counter[int] = Counter()
    with httpx.Client(base_url=address, timeout=60) as client:
        for number, each in enumerate(share):
            for _ in range(1 + (number % 10 == 0)):
                status = client.post(each.path, content=each.body, headers=each.headers).status_code
                unexpected[status] += status != each.status
    return +unexpected


def look(url: str, done: Signal) -> tuple[set[tuple[Any, ...]], set[int]]:
    """Ask for what is left behind until it is done, in no transaction; what was seen, and on which connections."""
    seen, servers = set(), set()
    with psycopg.connect(url, autocommit=True, prepare_threshold=None) as connection:
        while not done.wait(0.002):
            *row, server = connection.execute(LEFT_BEHIND).fetchone() or ()
            seen.add(tuple(row))
            servers.add(server)
    return seen, servers


def prove(way: str, sides: tuple[Side, Side], url: str, **environment: str) -> set[int]:
    """Returns the server connections that were looked at."""
    chosen, done = knocks(sides, REQUESTS), Signal()
    with web(DATABASE_URL=url, **environment) as address, ThreadPoolExecutor(1) as beside:
        looking = beside.submit(look, url, done)
        began = time.monotonic()
        try:
            unexpected = flood(address, chosen)
        finally:
            done.set()
        rate = REQUESTS / (time.monotonic() - began)
        seen, servers = looking.result()
    print(f"\n{way}: {REQUESTS} webhooks of two workspaces, {rate:.0f}/s, looked at {len(servers)} connections")  # noqa: T201
    assert not unexpected
    assert seen == {("", "app", 0, 0)}
    for side in sides:
        _check(side, chosen)
    return servers


def _check(side: Side, chosen: list[Knock]) -> None:
    """Its workspace has just what was sent to it, and not a word of the other."""
    wanted = {each.event_id for each in chosen if each.side == side and each.is_stored}
    with tenant_scope(side.tenant.id):
        rows = list(InboxEvent.objects.select_related("connection"))
    assert {row.event_id for row in rows} == wanted
    assert len(rows) == len(wanted)
    assert {row.tenant_id for row in rows} == {side.tenant.id}
    assert {row.external_account for row in rows} == {row.connection.external_id for row in rows}
    assert {row.external_account for row in rows} == {side.team, side.account}
    assert all(f"q{side.tenant.slug}q" in row.payload for row in rows if row.payload)


def _everything(postgres: Postgres) -> Iterator[tuple[Any, ...]]:
    with psycopg.connect(postgres.url("postgres")) as connection:
        yield from connection.execute("SELECT tenant_id, event_id FROM channels_inboxevent").fetchall()


def test_threads_and_the_pool_store_nothing_elsewhere(sides: tuple[Side, Side], postgres: Postgres) -> None:
    prove(f"a pool of {POOL_SIZE} connections", sides, postgres.url("app"), DATABASE_POOL_SIZE=str(POOL_SIZE))
    assert {tenant_id for tenant_id, _ in _everything(postgres)} == {side.tenant.id for side in sides}


@pytest.mark.skipif(not pgbouncer.program(), reason=pgbouncer.MISSING)
def test_pgbouncer_in_transaction_mode_keeps_no_tenant(sides: tuple[Side, Side], postgres: Postgres) -> None:
    with pgbouncer.transaction_pooler(postgres) as url:
        way = f"PgBouncer with {pgbouncer.SERVER_CONNECTIONS} connections"
        servers = prove(way, sides, url, DATABASE_PGBOUNCER="1")
    assert 1 < len(servers) <= pgbouncer.SERVER_CONNECTIONS
    assert {tenant_id for tenant_id, _ in _everything(postgres)} == {side.tenant.id for side in sides}


@pytest.mark.skipif(not pgbouncer.program(), reason=pgbouncer.MISSING)
def test_a_tenant_that_outlives_its_statement_would_be_seen(sides: tuple[Side, Side], postgres: Postgres) -> None:
    """The check itself."""
    with pgbouncer.transaction_pooler(postgres) as url, psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SELECT set_config('app.tenant_id', %s, false)", [str(sides[0].tenant.id)])
        left, *_ = connection.execute(LEFT_BEHIND).fetchone() or ("",)
    assert left == str(sides[0].tenant.id)
