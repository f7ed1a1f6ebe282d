"""Event delivery: signed, acknowledged within 3 s, retried otherwise.

https://docs.slack.dev/authentication/verifying-requests-from-slack
https://docs.slack.dev/apis/events-api (retries)
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import secrets
import time
from dataclasses import dataclass
from sqlite3 import Row
from typing import Final

import httpx

from sandbox.database import Database
from sandbox.settings import SlackApp
from sandbox.slack.state.apps import Apps

TIMEOUT_SECONDS: Final = 3.0
RESUME_SECONDS: Final = 600
AT_ONCE: Final = 32
"""Requests under way; the time of those that wait has not begun."""
MAX_REDIRECTS: Final = 2


@dataclass(frozen=True)
class Event:
    """One outgoing event: `payload` is the exact body."""

    event_id: str
    team_id: str
    channel_id: str | None
    ts: str | None
    type: str
    payload: str

    @property
    def app_id(self) -> str:
        """Whose event it is."""
        return str(json.loads(self.payload)["api_app_id"])


@dataclass(frozen=True)
class Outcome:
    """How one attempt ended: `reason` is empty for a 2xx; `final` when the app asked not to retry."""

    status: int | None
    reason: str
    final: bool = False


class Deliveries:
    """Sends events to the apps' request URLs, each in its own task."""

    def __init__(self, apps: Apps, database: Database) -> None:
        self._apps = apps
        self._database = database
        self._client = httpx.AsyncClient(timeout=TIMEOUT_SECONDS, max_redirects=MAX_REDIRECTS, follow_redirects=True)
        self._tasks: set[asyncio.Task[None]] = set()
        self._at_once = asyncio.Semaphore(AT_ONCE)

    def start(self, event: Event) -> None:
        """Store the event and send it in the background."""
        sql = "INSERT INTO event VALUES (?, ?, ?, ?, ?, ?, ?, NULL)"
        place = (event.channel_id, event.ts)
        self._database.run(sql, event.event_id, event.team_id, *place, event.type, event.payload, time.time())
        if self._app(event).events_url:
            self._spawn(event, 0)

    def resume(self) -> None:
        """After a restart: continue with undelivered events."""
        sql = "SELECT *, (SELECT count(*) FROM attempt a WHERE a.event_id = event.event_id) AS tried FROM event"
        owed = self._database.all(f"{sql} WHERE finished IS NULL AND created > ?", time.time() - RESUME_SECONDS)
        for row in owed:
            event = _event(row)
            if self._app(event).events_url:
                self._spawn(event, row["tried"])

    async def again(self, event_id: str) -> Outcome:
        """Deliver a stored event once more, as a retry. Raises KeyError."""
        row = self._database.one("SELECT * FROM event WHERE event_id = ?", event_id)
        if row is None:
            raise KeyError(event_id)
        return await self._post(
            self._app(_event(row)),
            row["payload"].encode(),
            {"X-Slack-Retry-Num": "1", "X-Slack-Retry-Reason": "http_timeout"},
        )

    async def verify_url(self, app: SlackApp) -> str:
        """Send `url_verification`; returns an empty text when the challenge came back, else what went wrong."""
        if not app.events_url:
            return "SLACK_EVENTS_URL is empty: no request URL is registered."
        challenge = secrets.token_urlsafe(32)
        body = {"token": app.verification_token, "challenge": challenge, "type": "url_verification"}
        try:
            response = await self._send(app, json.dumps(body).encode(), {})
        except (httpx.HTTPError, TimeoutError) as error:
            return f"{app.events_url} does not answer ({type(error).__name__})."
        if response.status_code != 200 or challenge not in response.text:
            return f"{app.events_url} answered {response.status_code} without the challenge."
        return ""

    async def close(self) -> None:
        """Stop sending."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._client.aclose()

    def _spawn(self, event: Event, tried: int) -> None:
        task = asyncio.create_task(self._deliver(event, tried))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _app(self, event: Event) -> SlackApp:
        return self._apps.by_id(event.app_id).app

    async def _deliver(self, event: Event, tried: int) -> None:
        """One attempt and up to three retries, until a 2xx."""
        app = self._app(event)
        reason = "unknown_error"
        for number in range(tried, len(app.retry_delays) + 1):
            if number:
                await asyncio.sleep(app.retry_delays[number - 1])
            outcome = await self._post(app, event.payload.encode(), _retry_headers(number, reason))
            self._note(event, number, reason, outcome)
            if outcome.final or not outcome.reason:
                break
            reason = outcome.reason
        self._database.run("UPDATE event SET finished = ? WHERE event_id = ?", time.time(), event.event_id)

    def _note(self, event: Event, number: int, reason: str, outcome: Outcome) -> None:
        retry_reason = reason if number else None
        values = (event.event_id, time.time(), number, retry_reason, outcome.status, outcome.reason or None)
        self._database.run("INSERT INTO attempt VALUES (?, ?, ?, ?, ?, ?)", *values)

    async def _post(self, app: SlackApp, body: bytes, headers: dict[str, str]) -> Outcome:
        try:
            response = await self._send(app, body, headers)
        except (httpx.TimeoutException, TimeoutError):
            return Outcome(None, "http_timeout")
        except httpx.TooManyRedirects:
            return Outcome(None, "too_many_redirects")
        except httpx.HTTPError:
            return Outcome(None, "connection_failed")
        if response.is_success:
            return Outcome(response.status_code, "")
        return Outcome(response.status_code, "http_error", response.headers.get("x-slack-no-retry") == "1")

    async def _send(self, app: SlackApp, body: bytes, headers: dict[str, str]) -> httpx.Response:
        async with self._at_once, asyncio.timeout(TIMEOUT_SECONDS + 1):
            at = str(int(time.time()))
            signed = {
                "Content-Type": "application/json",
                "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
                "X-Slack-Request-Timestamp": at,
                "X-Slack-Signature": sign(app.signing_secret, at, body),
            }
            return await self._client.post(app.events_url, content=body, headers=signed | headers)


def _event(row: Row) -> Event:
    return Event(*(row[name] for name in ("event_id", "team_id", "channel_id", "ts", "type", "payload")))


def sign(secret: str, timestamp: str, body: bytes) -> str:
    """The `v0` signature of a request's raw body."""
    base = b"v0:" + timestamp.encode() + b":" + body
    return "v0=" + hmac.new(secret.encode(), base, hashlib.sha256).hexdigest()


def _retry_headers(number: int, reason: str) -> dict[str, str]:
    return {"X-Slack-Retry-Num": str(number), "X-Slack-Retry-Reason": reason} if number else {}
