"""The sandbox Slack as one object, which its pages, API and control API share."""

from __future__ import annotations

import time
from typing import Final

from sandbox.database import Database
from sandbox.faults import Faults
from sandbox.settings import SlackApp
from sandbox.slack.state.apps import Apps
from sandbox.slack.state.deliveries import Deliveries
from sandbox.slack.state.events import Events
from sandbox.slack.state.limits import Limits
from sandbox.slack.state.messages import Messages
from sandbox.slack.state.objects import MessageObjects
from sandbox.slack.state.schema import SCHEMA
from sandbox.slack.state.sessions import Sessions
from sandbox.slack.state.workspaces import Workspaces

STATUS_SECONDS: Final = 120


class Statuses:
    """The bot's status in each thread; Slack drops a status after two minutes."""

    def __init__(self) -> None:
        self._until: dict[tuple[str, str], tuple[str, float]] = {}

    def set(self, channel: str, thread_ts: str, status: str) -> None:
        """Show a status; an empty one clears it."""
        self._until[channel, thread_ts] = (status, time.monotonic() + STATUS_SECONDS)

    def clear(self, channel: str, thread_ts: str) -> None:
        """Remove the status, since a message was posted."""
        self._until.pop((channel, thread_ts), None)

    def get(self, channel: str, thread_ts: str) -> str:
        """The current status, or an empty text."""
        status, until = self._until.get((channel, thread_ts), ("", 0.0))
        return status if time.monotonic() < until else ""


class Slack:
    """The platform's app and those that people made, registered with one Slack that has many workspaces."""

    def __init__(self, app: SlackApp, database: Database, files_url: str = "https://files.slack.com") -> None:
        database.script(SCHEMA)
        self.app = app
        self.files_url = files_url
        self.database = database
        self.apps = Apps(app, database)
        self.workspaces = Workspaces(database, self.apps)
        self.messages = Messages(database)
        self.objects = MessageObjects(self.workspaces, self.messages, self.apps)
        self.deliveries = Deliveries(self.apps, database)
        self.events = Events(self.apps, self.workspaces, self.objects, self.deliveries)
        self.limits = Limits(app.history_limited, app.post_burst)
        self.statuses = Statuses()
        self.sessions = Sessions()
        self.faults = Faults()
        self._url_states: dict[str, str] = {}

    @property
    def url_state(self) -> str:
        """What is known of the platform's request URL."""
        return self.url_state_of(self.app)

    def url_state_of(self, app: SlackApp) -> str:
        """What is known of an app's request URL."""
        return self._url_states.get(app.app_id, "not checked yet")

    async def check_url(self, app: SlackApp | None = None) -> str:
        """Send `url_verification`, to the platform's app if none is given; returns the outcome, which is remembered."""
        asked = app or self.app
        self._url_states[asked.app_id] = await self.deliveries.verify_url(asked) or "verified"
        return self._url_states[asked.app_id]
