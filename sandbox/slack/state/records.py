"""The sandbox Slack's rows as frozen dataclasses."""

from __future__ import annotations

import json
import secrets
import string
from dataclasses import dataclass, field
from sqlite3 import Row
from typing import Any

SPOKEN = (None, "file_share", "me_message", "thread_broadcast")
"""Subtypes of people's messages; all others are announcements."""
ALPHABET = string.ascii_uppercase + string.digits


def new_id(prefix: str) -> str:
    """An id in Slack's format: a letter for the kind, then capitals and digits."""
    return f"{prefix}0" + "".join(secrets.choice(ALPHABET) for _ in range(9))


@dataclass(frozen=True)
class Workspace:
    """A Slack workspace; with `needs_approval`, its admins must approve installations."""

    id: str
    name: str
    domain: str
    needs_approval: bool
    created: float

    @classmethod
    def of(cls, row: Row) -> Workspace:
        """From its row."""
        return cls(row["id"], row["name"], row["domain"], bool(row["needs_approval"]), row["created"])


@dataclass(frozen=True)
class Person:
    """A member of a workspace, or the app's bot user (then `bot_id` is set)."""

    id: str
    team_id: str
    handle: str
    real_name: str
    email: str
    is_admin: bool
    bot_id: str | None
    created: float

    @property
    def is_bot(self) -> bool:
        """Whether this is an app's bot user."""
        return self.bot_id is not None

    @classmethod
    def of(cls, row: Row) -> Person:
        """From its row."""
        names = (row["id"], row["team_id"], row["handle"], row["real_name"], row["email"])
        return cls(*names, bool(row["is_admin"]), row["bot_id"], row["created"])


@dataclass(frozen=True)
class Channel:
    """A public channel, or a direct message (`is_im`) between two people."""

    id: str
    team_id: str
    name: str
    is_im: bool
    creator: str
    created: float

    @property
    def kind(self) -> str:
        """Slack's `channel_type`."""
        return "im" if self.is_im else "channel"

    @classmethod
    def of(cls, row: Row) -> Channel:
        """From its row."""
        return cls(row["id"], row["team_id"], row["name"], bool(row["is_im"]), row["creator"], row["created"])


@dataclass(frozen=True)
class Token:
    """A bot token and its scopes; `revoked` is None while it is valid."""

    token: str
    team_id: str
    user_id: str
    installer: str
    scopes: tuple[str, ...]
    revoked: float | None

    @classmethod
    def of(cls, row: Row) -> Token:
        """From its row."""
        scopes = tuple(part for part in row["scope"].split(",") if part)
        return cls(row["token"], row["team_id"], row["user_id"], row["installer"], scopes, row["revoked"])


@dataclass(frozen=True)
class Message:
    """A message; `body` has everything but author, time and thread: text, blocks, metadata, edited, subtype."""

    channel_id: str
    ts: str
    user_id: str
    thread_ts: str | None
    body: dict[str, Any] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The text, in mrkdwn."""
        return str(self.body.get("text", ""))

    @property
    def is_reply(self) -> bool:
        """Whether it is a reply in another message's thread."""
        return self.thread_ts is not None and self.thread_ts != self.ts

    @classmethod
    def of(cls, row: Row) -> Message:
        """From its row."""
        return cls(row["channel_id"], row["ts"], row["user_id"], row["thread_ts"], json.loads(row["body"]))
