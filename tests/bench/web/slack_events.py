"""Signed events of Slack's Events API, built from the tests' payloads."""

import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

PAYLOADS = Path(__file__).parents[2] / "payloads" / "slack"
_numbers = count(1)


@dataclass(frozen=True)
class Sender:
    """The signing secret and the installation."""

    secret: str
    team: str
    bot: str
    port: int

    def mentions(self, number: int) -> Iterator[bytes]:
        """Mentions, each of which starts a conversation."""
        return (self._request("app_mention", text=f"<@{self.bot}> Note this.") for _ in range(number))

    def replies(self, number: int, channel: str, thread_ts: str) -> Iterator[bytes]:
        """Messages in a thread that is already a conversation."""
        more = {"channel": channel, "thread_ts": thread_ts, "text": "Note this as well."}
        return (self._request("message_channels", **more) for _ in range(number))

    def others(self, number: int) -> Iterator[bytes]:
        """Messages to someone else: stored, without waking a worker."""
        return (self._request("message_channels", text="Lunch, anyone?") for _ in range(number))

    def _request(self, name: str, **event: str) -> bytes:
        payload: dict[str, Any] = json.loads((PAYLOADS / f"{name}.json").read_text())
        ts = f"{time.time():.6f}"
        payload["event"] |= {"ts": ts, "event_ts": ts, "channel": "C0BENCHMARK", **event}
        payload |= {"team_id": self.team, "event_id": f"EvBENCH{next(_numbers)}", "event_time": int(time.time())}
        payload.pop("authorizations", None)
        return self._signed(json.dumps(payload).encode())

    def _signed(self, body: bytes) -> bytes:
        at = str(int(time.time()))
        digest = hmac.new(self.secret.encode(), b"v0:" + at.encode() + b":" + body, hashlib.sha256).hexdigest()
        head = [
            "POST /webhooks/slack/events HTTP/1.1", f"Host: 127.0.0.1:{self.port}", "Content-Type: application/json",
            f"Content-Length: {len(body)}", f"X-Slack-Request-Timestamp: {at}", f"X-Slack-Signature: v0={digest}",
        ]  # fmt: skip
        return "\r\n".join(head).encode() + b"\r\n\r\n" + body
