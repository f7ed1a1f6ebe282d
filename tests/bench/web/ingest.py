"""How many events a second the webhook accepts, compared with this machine's maximum."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

from tests.bench.client import Burst, closed_loop
from tests.bench.figures import cpu_seconds
from tests.bench.web.slack_events import Sender
from tests.flow.office import Office
from tests.stack import Stack

CONNECTIONS = 16
SECONDS = 8.0
REQUESTS = 3_000
WARM_UP = 200


@contextmanager
def only_the_web(stack: Stack) -> Iterator[None]:
    """Suspend the workers, so that their event processing isn't measured too."""
    still = stack.processes("celery")
    for process in still:
        process.suspend()
    try:
        yield
    finally:
        for process in still:
            process.resume()


def measure(office: Office, sender: Sender) -> list[list[str]]:
    """The table's rows: kinds of events, then the limits."""
    stack, known = office.stack, office.rows("channels_thread")[0]["external_id"]
    channel, _, thread_ts = known.partition(":")
    with only_the_web(stack):
        closed_loop(stack.port, sender.mentions(WARM_UP), CONNECTIONS, SECONDS)
        inserts = asyncio.run(_bare_inserts(office))
        kinds = {
            "a mention that starts a conversation": sender.mentions(REQUESTS),
            "a message in a conversation": sender.replies(REQUESTS, channel, thread_ts),
            "a message to others": sender.others(REQUESTS),
            "of a kind that nobody answers (no wake-up)": sender.unanswered(REQUESTS),
            "limit: an empty view": _empty(stack.port),
        }
        bursts = {name: _burst(stack, list(requests)) for name, requests in kinds.items()}
    lines = [_row(name, burst, web, inserts) for name, (burst, web) in bursts.items()]
    return [*lines, ["limit: bare INSERTs of the same row", f"{inserts:.0f}/s", "", "", "", "", ""]]


def _row(name: str, burst: Burst, web_share: float, inserts: float) -> list[str]:
    middle = sorted(burst.seconds)[len(burst.seconds) // 2] * 1000
    return [
        name, f"{burst.rate:.0f}/s", f"{burst.rate / inserts:.2f}", f"{middle:.0f} ms", str(burst.refused),
        f"{web_share / burst.rate * 1000:.1f} ms", f"{burst.own_share:.2f}",
    ]  # fmt: skip


HEAD = ("rate", "of the INSERTs", "median", "not 200", "web's CPU each", "client's cores")


def _burst(stack: Stack, requests: list[bytes]) -> tuple[Burst, float]:
    """The burst, and how many cores the web process used for it."""
    before = cpu_seconds(stack, "granian")
    burst = closed_loop(stack.port, requests, CONNECTIONS, SECONDS)
    return burst, (cpu_seconds(stack, "granian") - before) / burst.wall


def _empty(port: int) -> Iterator[bytes]:
    return (f"GET /livez HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode() for _ in range(REQUESTS))


async def _bare_inserts(office: Office) -> float:
    """INSERTs of an event row per second, each in its own transaction, as the application's role."""
    example = office.rows("channels_inboxevent")[-1] | {"thread_id": None, "turn_id": None, "run_id": None}
    begun = time.perf_counter()
    numbers = iter(range(REQUESTS))
    await asyncio.gather(*(_insert(office, example, numbers) for _ in range(CONNECTIONS)))
    return REQUESTS / (time.perf_counter() - begun)


async def _insert(office: Office, example: dict[str, Any], numbers: Iterator[int]) -> None:
    columns = sql.SQL(", ").join(map(sql.Identifier, example))
    values = sql.SQL(", ").join(map(sql.Placeholder, example))
    statement = sql.SQL("INSERT INTO channels_inboxevent ({}) VALUES ({})").format(columns, values)
    url = office.stack.generated["DATABASE_URL"]
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        await connection.execute("SELECT set_config('app.tenant_id', %s, false)", [str(example["tenant_id"])])
        for _ in numbers:
            key = uuid4()
            new = example | {"id": key, "event_id": str(key), "message_key": str(key)}
            row = {name: Jsonb(value) if isinstance(value, dict) else value for name, value in new.items()}
            await connection.execute(statement, row)
