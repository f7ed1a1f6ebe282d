"""Event delivery to webhook endpoints: signed, each on its own, retried with growing delays.

https://docs.stripe.com/webhooks (retries, order of events, disabled endpoints)
https://docs.stripe.com/webhooks/signature
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import httpx

from sandbox.database import Database

TIMEOUT_SECONDS: Final = 20.0
SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS stripe_delivery (
    id INTEGER PRIMARY KEY, event_id TEXT NOT NULL, endpoint_id TEXT NOT NULL, state TEXT NOT NULL,
    created REAL NOT NULL
);
CREATE INDEX IF NOT EXISTS stripe_delivery_by_event ON stripe_delivery (event_id);
CREATE INDEX IF NOT EXISTS stripe_delivery_open ON stripe_delivery (state) WHERE state = 'pending';
CREATE TABLE IF NOT EXISTS stripe_attempt (
    delivery_id INTEGER NOT NULL REFERENCES stripe_delivery, at REAL NOT NULL, status INTEGER, error TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS stripe_attempt_by_delivery ON stripe_attempt (delivery_id);
CREATE TABLE IF NOT EXISTS stripe_secret (endpoint_id TEXT NOT NULL, secret TEXT NOT NULL);
"""
Event = Mapping[str, Any]


@dataclass(frozen=True)
class Outcome:
    """How one attempt ended. `status` is None when there was no answer, `error` is empty for a 2xx."""

    event_id: str
    endpoint_id: str
    status: int | None
    error: str


@dataclass(frozen=True)
class Target:
    """The URL to send to, and the signing secret."""

    url: str
    secret: str


class Deliveries:
    """Deliveries are rows: `pending`, `delivered`, `failed` or `dropped`. Each is sent in its own task.

    `event_of` and `endpoint_of` return an object by id, or None. `retry_delays` are the seconds before each retry.
    """

    def __init__(
        self,
        database: Database,
        retry_delays: Sequence[float],
        event_of: Callable[[str], Event | None],
        endpoint_of: Callable[[str], Event | None],
    ) -> None:
        database.script(SCHEMA)
        self._database = database
        self._delays = tuple(retry_delays)
        self._event_of = event_of
        self._endpoint_of = endpoint_of
        self._client = httpx.AsyncClient(timeout=TIMEOUT_SECONDS, follow_redirects=False, trust_env=False)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._tasks: dict[int, asyncio.Task[None]] = {}

    def start(self) -> None:
        """Start sending pending deliveries, also those from before a restart. Call it in the running event loop."""
        self._loop = asyncio.get_running_loop()
        self._start_pending()

    def queue(self, event_id: str, endpoint_ids: Iterable[str]) -> None:
        """Queue an event for endpoints, inside the transaction that stores the event. Sending starts after it."""
        sql = "INSERT INTO stripe_delivery (event_id, endpoint_id, state, created) VALUES (?, ?, ?, ?)"
        for endpoint_id in endpoint_ids:
            self._database.run(sql, event_id, endpoint_id, "pending", time.time())
        self._wake()

    def pending(self, event_id: str) -> int:
        """How many deliveries of an event have not succeeded yet: its `pending_webhooks`."""
        sql = "SELECT count(*) AS n FROM stripe_delivery WHERE event_id = ? AND state NOT IN ('delivered', 'dropped')"
        row = self._database.one(sql, event_id)
        return int(row["n"]) if row else 0

    def log(self, event_id: str = "", endpoint_id: str = "") -> list[dict[str, Any]]:
        """Deliveries with their attempts, oldest first, for one event, one endpoint, or all."""
        sql = "SELECT * FROM stripe_delivery WHERE (? = '' OR event_id = ?) AND (? = '' OR endpoint_id = ?) ORDER BY id"
        rows = self._database.all(sql, event_id, event_id, endpoint_id, endpoint_id)
        return [{**dict(row), "attempts": self._attempts(row["id"])} for row in rows]

    def add_secret(self, endpoint_id: str, secret: str) -> None:
        """Sign this endpoint's deliveries with a secret as well."""
        self._database.run("INSERT INTO stripe_secret (endpoint_id, secret) VALUES (?, ?)", endpoint_id, secret)

    async def close(self) -> None:
        """Stop sending; pending deliveries continue after the next start."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._client.aclose()

    def _wake(self) -> None:
        """Look for pending deliveries after the current transaction, which blocks the event loop until then."""
        if self._loop is not None:
            self._loop.call_soon(self._start_pending)

    def _start_pending(self) -> None:
        for row in self._database.all("SELECT * FROM stripe_delivery WHERE state = 'pending' ORDER BY id"):
            if row["id"] not in self._tasks:
                self._spawn(row["id"], row["event_id"], row["endpoint_id"])

    def _spawn(self, delivery_id: int, event_id: str, endpoint_id: str) -> None:
        task = asyncio.create_task(self._deliver(delivery_id, event_id, endpoint_id))
        self._tasks[delivery_id] = task
        task.add_done_callback(lambda _: self._tasks.pop(delivery_id, None))

    async def _deliver(self, delivery_id: int, event_id: str, endpoint_id: str) -> None:
        """The first attempt and the retries, until a 2xx."""
        for number in range(len(self._attempts(delivery_id)), len(self._delays) + 1):
            if number:
                await asyncio.sleep(self._delays[number - 1])
            if self._target(endpoint_id) is None:
                self._set_state(delivery_id, "dropped")
                return
            outcome = await self._attempt(delivery_id, event_id, endpoint_id)
            if not outcome.error:
                return
        self._set_state(delivery_id, "failed")

    async def _attempt(self, delivery_id: int, event_id: str, endpoint_id: str) -> Outcome:
        outcome = await self._post(event_id, endpoint_id)
        values = (delivery_id, time.time(), outcome.status, outcome.error)
        self._database.run("INSERT INTO stripe_attempt VALUES (?, ?, ?, ?)", *values)
        self._set_state(delivery_id, "pending" if outcome.error else "delivered")
        return outcome

    async def _post(self, event_id: str, endpoint_id: str) -> Outcome:
        event, target = self._event_of(event_id), self._target(endpoint_id)
        if event is None or target is None:
            return Outcome(event_id, endpoint_id, None, "the event or the endpoint is gone, or it is disabled")
        body = json.dumps({**event, "pending_webhooks": self.pending(event_id)}, indent=2).encode()
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                response = await self._client.post(target.url, content=body, headers=_headers(target, body))
        except (httpx.TimeoutException, TimeoutError):
            return Outcome(event_id, endpoint_id, None, "timed out")
        except httpx.HTTPError as error:
            return Outcome(event_id, endpoint_id, None, type(error).__name__)
        refusal = "" if response.is_success else f"answered {response.status_code}"
        return Outcome(event_id, endpoint_id, response.status_code, refusal)

    def _target(self, endpoint_id: str) -> Target | None:
        endpoint = self._endpoint_of(endpoint_id)
        if endpoint is None or endpoint["status"] != "enabled":
            return None
        row = self._database.one("SELECT secret FROM stripe_secret WHERE endpoint_id = ?", endpoint_id)
        return Target(endpoint["url"], row["secret"]) if row else None

    def _attempts(self, delivery_id: int) -> list[dict[str, Any]]:
        sql = "SELECT at, status, error FROM stripe_attempt WHERE delivery_id = ? ORDER BY rowid"
        return [dict(row) for row in self._database.all(sql, delivery_id)]

    def _set_state(self, delivery_id: int, state: str) -> None:
        self._database.run("UPDATE stripe_delivery SET state = ? WHERE id = ?", state, delivery_id)


def _headers(target: Target, body: bytes) -> dict[str, str]:
    return {
        "Accept": "*/*; q=0.5, application/xml",
        "Cache-Control": "no-cache",
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
        "Stripe-Signature": signature(target.secret, int(time.time()), body),
    }


def signature(secret: str, timestamp: int, body: bytes) -> str:
    """The `Stripe-Signature` of a body: a `v1`, and test mode's `v0`, which receivers must ignore."""
    signed = f"{timestamp}.".encode() + body
    v1 = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    return f"t={timestamp},v1={v1},v0={hashlib.sha256(signed).hexdigest()}"
