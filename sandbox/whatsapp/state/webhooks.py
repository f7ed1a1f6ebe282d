"""Webhooks to a business's address: signed with its app's secret, and retried until they get a 2xx.

https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/create-webhook-endpoint
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import secrets
import time
from typing import Any, Final

import httpx

from sandbox.database import Database
from sandbox.whatsapp.state.businesses import Business, Businesses

TIMEOUT_SECONDS: Final = 10.0
RESUME_SECONDS: Final = 600
AT_ONCE: Final = 32


class Webhooks:
    """Sends each in a task of its own."""

    def __init__(self, businesses: Businesses, database: Database, retry_delays: tuple[float, ...]) -> None:
        self._businesses = businesses
        self._database = database
        self._retry_delays = retry_delays
        self._client = httpx.AsyncClient(timeout=TIMEOUT_SECONDS)
        self._tasks: set[asyncio.Task[None]] = set()
        self._at_once = asyncio.Semaphore(AT_ONCE)

    def send(self, business: Business, value: dict[str, Any], field: str = "messages") -> str:
        """One change, in the background; the id under which `all` lists it."""
        change = {"value": value, "field": field}
        body = {"object": "whatsapp_business_account", "entry": [{"id": business.account_id, "changes": [change]}]}
        return self.send_raw(business, body, field)

    def send_raw(self, business: Business, body: Any, field: str = "raw") -> str:
        """Any body, signed like the others."""
        made = secrets.token_hex(8)
        sql = "INSERT INTO wa_webhook VALUES (?, ?, ?, ?, ?, NULL, 0, '')"
        self._database.run(sql, made, business.phone_id, field, json.dumps(body), time.time())
        self._spawn(made)
        return made

    def all(self, phone_id: str) -> list[dict[str, Any]]:
        """Oldest first, each with how it went."""
        rows = self._database.all("SELECT * FROM wa_webhook WHERE phone_id = ? ORDER BY rowid", phone_id)
        return [{**dict(row), "payload": json.loads(row["payload"])} for row in rows]

    async def again(self, webhook_id: str) -> int:
        """Send one once more; the status, 0 for none. Raises KeyError."""
        return await self._try(webhook_id)

    async def verify(self, url: str, verify_token: str) -> bool:
        """Ask at an address whether it expects us, as before any address is taken."""
        challenge = str(secrets.randbelow(10**10))
        query = {"hub.mode": "subscribe", "hub.challenge": challenge, "hub.verify_token": verify_token}
        try:
            answer = await self._client.get(url, params=query)
        except (httpx.HTTPError, httpx.InvalidURL):
            return False
        return answer.status_code == 200 and answer.text == challenge

    def resume(self) -> None:
        """After a restart: what is still owed."""
        sql = "SELECT id FROM wa_webhook WHERE finished IS NULL AND created > ?"
        for row in self._database.all(sql, time.time() - RESUME_SECONDS):
            self._spawn(row["id"])

    async def close(self) -> None:
        """Stop sending."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._client.aclose()

    def _spawn(self, webhook_id: str) -> None:
        task = asyncio.create_task(self._deliver(webhook_id))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _deliver(self, webhook_id: str) -> None:
        for delay in (*self._retry_delays, None):
            if 200 <= await self._try(webhook_id) < 300 or delay is None:
                break
            await asyncio.sleep(delay)
        self._database.run("UPDATE wa_webhook SET finished = ? WHERE id = ?", time.time(), webhook_id)

    async def _try(self, webhook_id: str) -> int:
        row = self._database.one("SELECT * FROM wa_webhook WHERE id = ?", webhook_id)
        if row is None:
            raise KeyError(webhook_id)
        business = self._businesses.of_phone(row["phone_id"])
        status, last = await self._post(business, row["payload"].encode())
        self._database.run("UPDATE wa_webhook SET tries = tries + 1, last = ? WHERE id = ?", last, webhook_id)
        return status

    async def _post(self, business: Business, body: bytes) -> tuple[int, str]:
        if not (business.is_subscribed and business.callback_url):
            return 204, "not subscribed"
        headers = {"Content-Type": "application/json", "X-Hub-Signature-256": sign(business.app_secret, body)}
        try:
            async with self._at_once:
                answer = await self._client.post(business.callback_url, content=body, headers=headers)
        except httpx.HTTPError as error:
            return 0, type(error).__name__
        return answer.status_code, str(answer.status_code)


def sign(secret: str, body: bytes) -> str:
    """X-Hub-Signature-256 of a raw body."""
    return f"sha256={hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}"
