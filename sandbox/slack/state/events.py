"""The Events API: which events are sent for what.

Shapes: https://docs.slack.dev/apis/events-api and each event's page.
"""

from __future__ import annotations

import base64
import json
import time
from dataclasses import dataclass
from typing import Any, Final

from sandbox.settings import SlackApp
from sandbox.slack.state.apps import Apps, Registered
from sandbox.slack.state.deliveries import Deliveries, Event
from sandbox.slack.state.mrkdwn import mentions
from sandbox.slack.state.objects import JsonObject, MessageObjects
from sandbox.slack.state.records import SPOKEN, Channel, Message, Token, new_id
from sandbox.slack.state.workspaces import Workspaces

NEEDED_SCOPE: Final = {"im": "im:history", "channel": "channels:history"}
SUBSCRIPTION: Final = {"im": "message.im", "channel": "message.channels"}


@dataclass(frozen=True)
class Events:
    """Builds events and hands them to delivery. Every method returns the events sent, none where no app is."""

    apps: Apps
    workspaces: Workspaces
    objects: MessageObjects
    deliveries: Deliveries

    def message(self, channel: Channel, message: Message) -> list[Event]:
        """A new message: `message`, plus `app_mention` with the same `ts` for a mention in a channel."""
        body = self._said(channel, message, message.ts)
        sent: list[Event | None] = []
        for app in self.apps.all():
            sent.append(self._message_event(app, channel, {**body, "channel_type": channel.kind}, message.ts))
            if self._mentions_bot(app, channel, message):
                sent.append(self._mention(app, channel, message, message.ts))
        return [event for event in sent if event]

    def changed(self, channel: Channel, message: Message, previous: Message, ts: str) -> list[Event]:
        """An edit: `message_changed`, with both versions. `ts` is the edit's own.

        If the author's new text has a mention, `app_mention` is sent too, with `edited` and the same `ts`.
        """
        versions = {
            "message": self.objects.build(message, channel.team_id),
            "previous_message": self.objects.build(previous, channel.team_id),
        }
        sent: list[Event | None] = [*self._hidden(channel, "message_changed", versions, ts)]
        if message.body.get("edited") != previous.body.get("edited"):
            mentioned = (app for app in self.apps.all() if self._mentions_bot(app, channel, message))
            sent += [self._mention(app, channel, message, ts) for app in mentioned]
        return [event for event in sent if event]

    def deleted(self, channel: Channel, previous: Message, ts: str) -> list[Event]:
        """A deletion: `message_deleted`, with the old message."""
        old = self.objects.build(previous, channel.team_id)
        return self._hidden(channel, "message_deleted", {"previous_message": old, "deleted_ts": previous.ts}, ts)

    def home_opened(self, channel: Channel, user: str, ts: str) -> list[Event]:
        """Someone opened the direct message with the bot: `app_home_opened`, its messages tab."""
        event = {"type": "app_home_opened", "user": user, "channel": channel.id, "tab": "messages", "event_ts": ts}
        sent = [self._send(app, channel, event, ts, "") for app in self.apps.all() if app.hears("app_home_opened")]
        return [event for event in sent if event]

    def stopped(self, channel: Channel, thread_ts: str, user: str, ts: str) -> list[Event]:
        """Someone pressed the button to stop: `agent_session_stopped`."""
        event = {"type": "agent_session_stopped", "channel": channel.id, "thread_ts": thread_ts, "user": user}
        told = {**event, "streaming_message_ts": [], "event_ts": ts}
        sent = [self._send(app, channel, told, ts, "") for app in self.apps.all() if app.hears(str(event["type"]))]
        return [event for event in sent if event]

    def uninstalled(self, token: Token) -> list[Event]:
        """The app was removed: `tokens_revoked` with user ids, and `app_uninstalled`; both without authorizations."""
        revoked = {"type": "tokens_revoked", "tokens": {"oauth": [], "bot": [token.user_id]}}
        told, app = (revoked, {"type": "app_uninstalled"}), self.apps.owner_of(token.token)
        heard = (event for event in told if app.hears(str(event["type"])))
        return [self._deliver(app, token.team_id, event, None, None, []) for event in heard]

    def _said(self, channel: Channel, message: Message, event_ts: str) -> JsonObject:
        body = self.objects.build(message, channel.team_id, with_metadata=False)
        for count in ("reply_count", "reply_users_count", "latest_reply", "reply_users", "is_locked", "subscribed"):
            body.pop(count, None)
        return {**body, "channel": channel.id, "event_ts": event_ts}

    def _mention(self, app: Registered, channel: Channel, message: Message, event_ts: str) -> Event | None:
        if not app.hears("app_mention"):
            return None
        body = self._said(channel, message, event_ts)
        return self._send(app, channel, {**body, "type": "app_mention"}, message.ts, "app_mentions:read")

    def _message_event(self, app: Registered, channel: Channel, event: JsonObject, ts: str) -> Event | None:
        if not app.hears(SUBSCRIPTION[channel.kind]):
            return None
        return self._send(app, channel, event, ts, NEEDED_SCOPE[channel.kind])

    def _hidden(self, channel: Channel, subtype: str, more: JsonObject, ts: str) -> list[Event]:
        event = {"type": "message", "subtype": subtype, "hidden": True, "channel": channel.id, "ts": ts, "event_ts": ts}
        told = event | {"channel_type": channel.kind} | more
        sent = [self._message_event(app, channel, told, ts) for app in self.apps.all()]
        return [each for each in sent if each]

    def _mentions_bot(self, app: Registered, channel: Channel, message: Message) -> bool:
        bot = self.workspaces.bot(channel.team_id, app.owner)
        if bot is None or channel.is_im or message.user_id == bot.id or message.body.get("subtype") not in SPOKEN:
            return False
        return mentions(message.text, bot.id)

    def _send(self, app: Registered, channel: Channel, event: JsonObject, ts: str, scope: str) -> Event | None:
        """Send when the app is installed, has the scope, and its bot is in the channel."""
        token = self.workspaces.token_of(channel.team_id, app.owner)
        if token is None or (scope and scope not in token.scopes):
            return None
        if token.user_id not in self.workspaces.members(channel.id):
            return None
        return self._deliver(app, channel.team_id, event, channel.id, ts, [_authorization(token)])

    def _deliver(
        self,
        app: Registered,
        team: str,
        event: JsonObject,
        channel: str | None,
        ts: str | None,
        authorizations: list[JsonObject],
    ) -> Event:
        payload = _envelope(app.app, team, event) | ({"authorizations": authorizations} if authorizations else {})
        if channel:
            payload |= {"is_ext_shared_channel": False, "event_context": _context(team, app.app.app_id, channel)}
        sent = Event(payload["event_id"], team, channel, ts, event["type"], json.dumps(payload))
        self.deliveries.start(sent)
        return sent


def _envelope(app: SlackApp, team: str, event: JsonObject) -> JsonObject:
    return {
        "token": app.verification_token,
        "team_id": team,
        "context_team_id": team,
        "context_enterprise_id": None,
        "api_app_id": app.app_id,
        "event": event,
        "type": "event_callback",
        "event_id": new_id("Ev"),
        "event_time": int(time.time()),
    }


def _authorization(token: Token) -> JsonObject:
    return {
        "enterprise_id": None,
        "team_id": token.team_id,
        "user_id": token.user_id,
        "is_bot": True,
        "is_enterprise_install": False,
    }


def _context(team: str, app: str, channel: str) -> str:
    described: dict[str, Any] = {"et": "message", "tid": team, "aid": app, "cid": channel}
    return "4-" + base64.b64encode(json.dumps(described, separators=(",", ":")).encode()).decode()
