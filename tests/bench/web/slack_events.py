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

from tests.flow.office import Office

PAYLOADS = Path(__file__).parents[2] / "payloads" / "slack"
_numbers = count(1)


@dataclass(frozen=True)
class Sender:
    """An installation: what signs its events, and where they go. app: of a workspace's own Slack app."""

    secret: str
    team: str
    bot: str
    port: int
    path: str = "/webhooks/slack/events"
    app: str = "A0PLATFORM"

    def mentions(self, number: int) -> Iterator[bytes]:
        """Mentions, each of which starts a conversation."""
        return (self._message("app_mention", text=f"<@{self.bot}> Note this.") for _ in range(number))

    def replies(self, number: int, channel: str, thread_ts: str) -> Iterator[bytes]:
        """Messages in a thread that is already a conversation."""
        more = {"channel": channel, "thread_ts": thread_ts, "text": "Note this as well."}
        return (self._message("message_channels", **more) for _ in range(number))

    def others(self, number: int) -> Iterator[bytes]:
        """Messages to someone else: stored and heard by a worker, which sets them aside."""
        return (self._message("message_channels", text="Lunch, anyone?") for _ in range(number))

    def unanswered(self, number: int) -> Iterator[bytes]:
        """Events of a kind that nobody answers: of these only the fact is stored."""
        return (self._request("channel_created") for _ in range(number))

    def _message(self, name: str, **event: str) -> bytes:
        ts = f"{time.time():.6f}"
        return self._request(name, **{"ts": ts, "event_ts": ts, "channel": "C0BENCHMARK", **event})

    def _request(self, name: str, **event: str) -> bytes:
        payload: dict[str, Any] = json.loads((PAYLOADS / f"{name}.json").read_text())
        payload["event"] |= event
        payload |= {"team_id": self.team, "api_app_id": self.app}
        payload |= {"event_id": f"EvBENCH{next(_numbers)}", "event_time": int(time.time())}
        payload.pop("authorizations", None)
        return self._signed(json.dumps(payload).encode())

    def _signed(self, body: bytes) -> bytes:
        at = str(int(time.time()))
        digest = hmac.new(self.secret.encode(), b"v0:" + at.encode() + b":" + body, hashlib.sha256).hexdigest()
        head = [
            f"POST {self.path} HTTP/1.1", f"Host: 127.0.0.1:{self.port}", "Content-Type: application/json",
            f"Content-Length: {len(body)}", f"X-Slack-Request-Timestamp: {at}", f"X-Slack-Signature: v0={digest}",
        ]  # fmt: skip
        return "\r\n".join(head).encode() + b"\r\n\r\n" + body


CONNECT = """
from channels.connections.connect import connect
from channels.providers.connecting import Installed
from tenants.models import Tenant
from tenants.scope import tenant_scope
with tenant_scope(Tenant.objects.get(slug={slug!r}).id):
    installed = Installed("slack", {account!r}, "Own app", "xoxb-own", {bot!r}, "U0OWNER", "", {{"signing_secret": {secret!r}}})
    print(connect(installed).id)
"""  # noqa: E501
OWN_APP, OWN_TEAM, OWN_SECRET = "A0OWNAPP", "T0OWNTEAM", "0123456789abcdef0123456789abcdef"


def sender_of(office: Office) -> Sender:
    """The office's events through the platform's app."""
    return Sender(office.stack.generated["SLACK_SIGNING_SECRET"], office.team, office.bot, office.stack.port)


def own_sender_of(office: Office) -> Sender:
    """Give the office an own Slack app, too; the sender of its events, verified by the connection's own secret."""
    values = {"slug": office.slug, "account": f"{OWN_APP}:{OWN_TEAM}", "bot": office.bot, "secret": OWN_SECRET}
    connection_id = office.stack.manage("shell", "-v", "0", "-c", CONNECT.format(**values)).strip()
    path = f"/webhooks/slack/{connection_id}/events"
    return Sender(OWN_SECRET, OWN_TEAM, office.bot, office.stack.port, path, OWN_APP)
