"""The sandbox Slack as one value: what its pages, its API and its control API work on."""

from __future__ import annotations

import time
from typing import Final

from sandbox.database import Database
from sandbox.faults import Faults
from sandbox.settings import SlackApp
from sandbox.slack.state.deliveries import Deliveries
from sandbox.slack.state.events import Events
from sandbox.slack.state.limits import Limits
from sandbox.slack.state.messages import Messages
from sandbox.slack.state.objects import MessageObjects
from sandbox.slack.state.schema import SCHEMA
from sandbox.slack.state.workspaces import Workspaces

STATUS_SECONDS: Final = 120


class Statuses:
    """What the bot says it is doing in which thread; Slack drops a status after two minutes."""

    def __init__(self) -> None:
        self._until: dict[tuple[str, str], tuple[str, float]] = {}

    def set(self, channel: str, thread_ts: str, status: str) -> None:
        """Show a status, or none when it is empty."""
        self._until[channel, thread_ts] = (status, time.monotonic() + STATUS_SECONDS)

    def clear(self, channel: str, thread_ts: str) -> None:
        """A message has come: the status goes."""
        self._until.pop((channel, thread_ts), None)

    def get(self, channel: str, thread_ts: str) -> str:
        """The status to show now, or an empty text."""
        status, until = self._until.get((channel, thread_ts), ("", 0.0))
        return status if time.monotonic() < until else ""


class Slack:
    """One app registered with one Slack of many workspaces."""

    def __init__(self, app: SlackApp, database: Database) -> None:
        database.script(SCHEMA)
        self.app = app
        self.database = database
        self.workspaces = Workspaces(database)
        self.messages = Messages(database)
        self.objects = MessageObjects(self.workspaces, self.messages, app)
        self.deliveries = Deliveries(app, database)
        self.events = Events(app, self.workspaces, self.objects, self.deliveries)
        self.limits = Limits(app.history_limited, app.post_burst)
        self.statuses = Statuses()
        self.faults = Faults()
        self.url_state = "not checked yet"

    async def check_url(self) -> str:
        """Send `url_verification` and remember the outcome; returns a sentence."""
        self.url_state = await self.deliveries.verify_url() or "verified"
        return self.url_state
