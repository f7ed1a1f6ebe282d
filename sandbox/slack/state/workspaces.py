"""Workspaces, their people and channels, and the tokens of the apps installed in them."""

from __future__ import annotations

import re
import secrets
import sqlite3
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sandbox.database import Database
from sandbox.slack.state.apps import PLATFORM, Apps
from sandbox.slack.state.records import Channel, Person, Token, Workspace, new_id

CAST: Final = (("ada", "Ada Okafor", True), ("ben", "Ben Lindqvist", False), ("chloe", "Chloe Marchetti", False))
CHANNELS: Final = ("general", "support")


@dataclass(frozen=True)
class Workspaces:
    """Reads and writes everything except messages."""

    database: Database
    apps: Apps

    def create(self, name: str, needs_approval: bool = False) -> Workspace:
        """A new workspace with an admin, two members, #general and #support."""
        team, domain = new_id("T"), re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "workspace"
        with self.database.transaction():
            sql = "INSERT INTO workspace VALUES (?, ?, ?, ?, 0, ?)"
            self.database.run(sql, team, name, domain, int(needs_approval), time.time())
            people = [self._add_person(team, *who) for who in CAST]
            for channel in CHANNELS:
                self._add_channel(team, channel, False, people[0].id, [person.id for person in people])
        return self.workspace(team)

    def all(self) -> list[Workspace]:
        """Every workspace, newest first."""
        return [Workspace.of(row) for row in self.database.all("SELECT * FROM workspace ORDER BY created DESC")]

    def workspace(self, team: str) -> Workspace:
        """The workspace with that id. Raises KeyError."""
        return Workspace.of(self._row("SELECT * FROM workspace WHERE id = ?", team))

    def approve(self, team: str) -> None:
        """Let everyone in the workspace add apps."""
        self.database.run("UPDATE workspace SET needs_approval = 0 WHERE id = ?", team)

    def people(self, team: str) -> list[Person]:
        """The human members, the admin first."""
        sql = "SELECT * FROM person WHERE team_id = ? AND bot_id IS NULL ORDER BY is_admin DESC, handle"
        return [Person.of(row) for row in self.database.all(sql, team)]

    def person(self, user: str, team: str) -> Person:
        """The member (or bot user) of that workspace. Raises KeyError."""
        return Person.of(self._row("SELECT * FROM person WHERE id = ? AND team_id = ?", user, team))

    def bot(self, team: str, owner: str = PLATFORM) -> Person | None:
        """An app's bot user, which is kept after an uninstall."""
        return next((bot for bot in self.bots(team) if self.apps.owner_of(bot.id).owner == owner), None)

    def bots(self, team: str) -> list[Person]:
        """The bot users of all apps, the oldest first."""
        sql = "SELECT * FROM person WHERE team_id = ? AND bot_id IS NOT NULL ORDER BY created"
        return [Person.of(row) for row in self.database.all(sql, team)]

    def channels(self, team: str) -> list[Channel]:
        """The public channels, by name."""
        sql = "SELECT * FROM channel WHERE team_id = ? AND NOT is_im ORDER BY name"
        return [Channel.of(row) for row in self.database.all(sql, team)]

    def channel(self, channel: str, team: str) -> Channel:
        """The channel or direct message with that id (or `#name`). Raises KeyError."""
        sql = "SELECT * FROM channel WHERE team_id = ? AND (id = ? OR (NOT is_im AND name = ?))"
        return Channel.of(self._row(sql, team, channel, channel.removeprefix("#")))

    def direct_message(self, team: str, one: str, other: str) -> tuple[Channel, bool]:
        """The direct message between two people, and whether it already existed; opens it if not."""
        sql = "SELECT * FROM channel WHERE team_id = ? AND is_im AND name = ?"
        name = " ".join(sorted((one, other)))
        row = self.database.one(sql, team, name)
        if row:
            return Channel.of(row), True
        with self.database.transaction():
            return self._add_channel(team, name, True, one, [one, other]), False

    def direct_messages_of(self, team: str, user: str) -> list[Channel]:
        """A person's direct messages."""
        sql = """SELECT channel.* FROM channel JOIN member ON channel_id = id
                 WHERE team_id = ? AND is_im AND user_id = ? ORDER BY created"""
        return [Channel.of(row) for row in self.database.all(sql, team, user)]

    def members(self, channel: str) -> list[str]:
        """Ids of the people in a channel."""
        sql = "SELECT user_id FROM member WHERE channel_id = ? ORDER BY rowid"
        return [row["user_id"] for row in self.database.all(sql, channel)]

    def join(self, channel: str, user: str) -> bool:
        """Add someone to a channel; False when they were already in it."""
        return self.database.run("INSERT OR IGNORE INTO member VALUES (?, ?)", channel, user) > 0

    def install(self, team: str, installer: str, scopes: Sequence[str], app_name: str, owner: str = PLATFORM) -> Token:
        """Give an app a token; an existing installation keeps its token and gains the new scopes, as in Slack."""
        bot = self.bot(team, owner) or self._add_person(team, app_name.lower(), app_name, False, new_id("B"))
        self.apps.give(bot.id, owner)
        standing = self.token_of(team, owner)
        if standing:
            merged = ",".join(dict.fromkeys((*standing.scopes, *scopes)))
            self.database.run(
                "UPDATE token SET scope = ?, installer = ? WHERE token = ?", merged, installer, standing.token
            )
            return self.token(standing.token)
        token = f"xoxb-{secrets.randbelow(10**12):012}-{secrets.randbelow(10**13):013}-{secrets.token_hex(12)}"
        sql = "INSERT INTO token VALUES (?, ?, ?, ?, ?, ?, NULL)"
        self.database.run(sql, token, team, bot.id, installer, ",".join(scopes), time.time())
        self.apps.give(token, owner)
        return self.token(token)

    def token(self, token: str) -> Token:
        """The token, valid or revoked. Raises KeyError."""
        return Token.of(self._row("SELECT * FROM token WHERE token = ?", token))

    def token_of(self, team: str, owner: str = PLATFORM) -> Token | None:
        """An app's valid token of this workspace, if it is installed."""
        rows = self.database.all("SELECT * FROM token WHERE team_id = ? AND revoked IS NULL", team)
        return next((Token.of(row) for row in rows if self.apps.owner_of(row["token"]).owner == owner), None)

    def revoke(self, token: Token) -> None:
        """Uninstall the app: revoke its token and end its bot's memberships."""
        self.database.run("UPDATE token SET revoked = ? WHERE token = ? AND revoked IS NULL", time.time(), token.token)
        sql = """DELETE FROM member WHERE channel_id IN (SELECT id FROM channel WHERE team_id = ? AND NOT is_im)
                 AND user_id = ?"""
        self.database.run(sql, token.team_id, token.user_id)

    def _add_person(self, team: str, handle: str, name: str, is_admin: bool, bot_id: str | None = None) -> Person:
        user, email = new_id("U"), f"{handle}@example.com"
        sql = "INSERT INTO person VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
        self.database.run(sql, user, team, handle, name, email, int(is_admin), bot_id, time.time())
        return self.person(user, team)

    def _add_channel(self, team: str, name: str, is_im: bool, creator: str, members: Sequence[str]) -> Channel:
        channel = new_id("D" if is_im else "C")
        sql = "INSERT INTO channel VALUES (?, ?, ?, ?, ?, ?)"
        self.database.run(sql, channel, team, name, int(is_im), creator, time.time())
        for user in members:
            self.join(channel, user)
        return self.channel(channel, team)

    def _row(self, sql: str, *values: str) -> sqlite3.Row:
        row = self.database.one(sql, *values)
        if row is None:
            raise KeyError(values[0])
        return row
