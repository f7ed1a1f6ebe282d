"""The apps that are registered with the sandbox Slack: the platform's, and those that people make from a manifest.

https://docs.slack.dev/reference/app-manifest
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from sqlite3 import Row
from typing import Any, Final

from sandbox.database import Database
from sandbox.settings import SlackApp

PLATFORM: Final = ""
"""The platform's app as the owner of bots, tokens and codes."""


@dataclass(frozen=True)
class Registered:
    """An app with the events that it subscribed to; None: all. `owner` is its name among bots, tokens and codes."""

    app: SlackApp
    owner: str = PLATFORM
    events: frozenset[str] | None = None

    def hears(self, event: str) -> bool:
        """Is an event sent to it, if its scopes allow it?"""
        return self.events is None or event in self.events


@dataclass(frozen=True)
class Apps:
    """Reads and writes apps."""

    platform: SlackApp
    database: Database

    def all(self) -> list[Registered]:
        """The platform's first, then the others, oldest first."""
        return [Registered(self.platform), *self.own()]

    def own(self) -> list[Registered]:
        """Those that people made."""
        return [self._of(row) for row in self.database.all("SELECT * FROM app ORDER BY created")]

    def owned_by(self, owner: str) -> Registered:
        """By `Registered.owner`. Raises KeyError."""
        return self._first(owner, (each for each in self.all() if each.owner == owner))

    def by_client(self, client_id: str) -> Registered:
        """By client id. Raises KeyError."""
        return self._first(client_id, (each for each in self.all() if each.app.client_id == client_id))

    def by_id(self, app_id: str) -> Registered:
        """By app id. Raises KeyError."""
        return self._first(app_id, (each for each in self.all() if each.app.app_id == app_id))

    def owner_of(self, thing: str) -> Registered:
        """The app of a bot user, a token or a code."""
        row = self.database.one("SELECT owner FROM owned WHERE id = ?", thing)
        return self.owned_by(row["owner"] if row else PLATFORM)

    def give(self, thing: str, owner: str) -> None:
        """A bot user, a token or a code belongs to this app."""
        if owner != PLATFORM:
            self.database.run("INSERT OR IGNORE INTO owned VALUES (?, ?)", thing, owner)

    def create(self, manifest: Mapping[str, Any]) -> Registered:
        """A new app as its manifest says, which `sandbox.slack.manifests` has read."""
        client_id = f"{secrets.randbelow(10**12)}.{secrets.randbelow(10**13)}"
        app_id = replace(self.platform, client_id=client_id).app_id
        values = (
            app_id,
            json.dumps(dict(manifest)),
            client_id,
            secrets.token_hex(16),
            secrets.token_hex(16),
            time.time(),
        )
        self.database.run("INSERT INTO app VALUES (?, ?, ?, ?, ?, ?)", *values)
        return self.by_id(app_id)

    def _first(self, key: str, found: Iterator[Registered]) -> Registered:
        for each in found:
            return each
        raise KeyError(key)

    def _of(self, row: Row) -> Registered:
        read = json.loads(row["manifest"])
        told = read.get("settings", {}).get("event_subscriptions", {})
        app = replace(
            self.platform,
            name=read["display_information"]["name"],
            client_id=row["client_id"],
            client_secret=row["client_secret"],
            signing_secret=row["signing_secret"],
            events_url=told.get("request_url", ""),
            redirect_url=next(iter(read.get("oauth_config", {}).get("redirect_urls", [])), ""),
        )
        return Registered(app, row["id"], frozenset(told.get("bot_events", [])))
