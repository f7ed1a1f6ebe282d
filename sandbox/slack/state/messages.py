"""Messages and reactions, and the workspace's clock, which makes every `ts` unique."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from sandbox.database import Database
from sandbox.slack.state.records import Channel, Message


@dataclass(frozen=True)
class Messages:
    """Reads and writes messages."""

    database: Database

    def next_ts(self, team: str) -> str:
        """A new `ts`, unique in this workspace: seconds and microseconds, always increasing."""
        sql = "UPDATE workspace SET last_us = max(last_us + 1, ?) WHERE id = ?"
        self.database.run(sql, int(time.time() * 1_000_000), team)
        row = self.database.one("SELECT last_us FROM workspace WHERE id = ?", team)
        seconds, micros = divmod(row["last_us"] if row else 0, 1_000_000)
        return f"{seconds}.{micros:06}"

    def add(self, channel: Channel, user: str, body: dict[str, Any], thread_ts: str | None = None) -> Message:
        """Store a message with the current time."""
        message = Message(channel.id, self.next_ts(channel.team_id), user, thread_ts, body)
        sql = "INSERT INTO message VALUES (?, ?, ?, ?, ?)"
        self.database.run(sql, channel.id, message.ts, user, thread_ts, json.dumps(body))
        return message

    def get(self, channel: str, ts: str) -> Message:
        """The message with that `ts`. Raises KeyError."""
        row = self.database.one("SELECT * FROM message WHERE channel_id = ? AND ts = ?", channel, ts)
        if row is None:
            raise KeyError(ts)
        return Message.of(row)

    def change(self, message: Message, body: dict[str, Any]) -> Message:
        """Store a new body for a message."""
        sql = "UPDATE message SET body = ? WHERE channel_id = ? AND ts = ?"
        self.database.run(sql, json.dumps(body), message.channel_id, message.ts)
        return replace(message, body=body)

    def delete(self, message: Message) -> None:
        """Remove a message."""
        self.database.run("DELETE FROM message WHERE channel_id = ? AND ts = ?", message.channel_id, message.ts)

    def in_channel(self, channel: str) -> list[Message]:
        """Messages outside threads, plus each thread's first message, newest first."""
        sql = "SELECT * FROM message WHERE channel_id = ? AND (thread_ts IS NULL OR thread_ts = ts) ORDER BY ts DESC"
        return [Message.of(row) for row in self.database.all(sql, channel)]

    def all_in(self, channel: str) -> list[Message]:
        """All messages including thread replies, oldest first."""
        sql = "SELECT * FROM message WHERE channel_id = ? ORDER BY ts"
        return [Message.of(row) for row in self.database.all(sql, channel)]

    def replies(self, channel: str, ts: str) -> list[Message]:
        """The replies in a message's thread, oldest first."""
        sql = "SELECT * FROM message WHERE channel_id = ? AND thread_ts = ? AND ts <> ? ORDER BY ts"
        return [Message.of(row) for row in self.database.all(sql, channel, ts, ts)]

    def react(self, message: Message, name: str, user: str) -> bool:
        """Add a reaction; False when this person already added it."""
        sql = "INSERT OR IGNORE INTO reaction VALUES (?, ?, ?, ?)"
        return self.database.run(sql, message.channel_id, message.ts, name, user) > 0

    def reactions(self, message: Message) -> dict[str, list[str]]:
        """User ids by reaction name."""
        sql = "SELECT name, user_id FROM reaction WHERE channel_id = ? AND ts = ? ORDER BY rowid"
        found: dict[str, list[str]] = {}
        for row in self.database.all(sql, message.channel_id, message.ts):
            found.setdefault(row["name"], []).append(row["user_id"])
        return found


def between(messages: Iterable[Message], oldest: str, latest: str, inclusive: bool) -> list[Message]:
    """Messages with a `ts` between two bounds, either may be empty; `inclusive` includes the bounds."""
    return [
        message
        for message in messages
        if _after(message.ts, oldest, inclusive) and _before(message.ts, latest, inclusive)
    ]


def _after(ts: str, oldest: str, inclusive: bool) -> bool:
    return not oldest or float(ts) > float(oldest) or (inclusive and float(ts) == float(oldest))


def _before(ts: str, latest: str, inclusive: bool) -> bool:
    return not latest or float(ts) < float(latest) or (inclusive and float(ts) == float(latest))
