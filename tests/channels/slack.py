"""Slack's side of the webhook: payload files, signed as Slack does."""

import hashlib
import hmac
import json
import time
from pathlib import Path
from typing import Any

from django.conf import settings
from django.test import Client

from tests import working

PAYLOADS = Path(__file__).parents[1] / "payloads" / "slack"
TEAM, BOT = "T123ABC456", "U0LAN0Z89"


def payload(name: str, **event: Any) -> dict[str, Any]:
    """An envelope from its file; `event` replaces fields of the inner event, `_…` fields of the envelope."""
    read: dict[str, Any] = json.loads((PAYLOADS / f"{name}.json").read_text())
    outer = {key[1:]: event.pop(key) for key in list(event) if key.startswith("_")}
    inner = {**read["event"], **event} if "event" in read else None
    return {**read, **outer, **({"event": inner} if inner else {})}


def signed(body: bytes, *, secret: str = "", at: float | None = None) -> dict[str, str]:
    """The two headers. https://docs.slack.dev/authentication/verifying-requests-from-slack"""
    stamp = str(int(time.time() if at is None else at))
    key = (secret or settings.SLACK_SIGNING_SECRET).encode()
    digest = hmac.new(key, f"v0:{stamp}:".encode() + body, hashlib.sha256).hexdigest()
    return {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": f"v0={digest}"}


def arrive(client: Client, body: dict[str, Any] | bytes, headers: dict[str, str] | None = None) -> Any:
    """Send a body to the webhook; signed unless headers are given."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    sent = signed(raw) if headers is None else headers
    return client.post("/webhooks/slack/events", raw, content_type="application/json", headers=sent)


def post(client: Client, body: dict[str, Any] | bytes, headers: dict[str, str] | None = None) -> Any:
    """The same, and a worker hears what came in."""
    answer = arrive(client, body, headers)
    working.hear_everywhere()
    return answer
