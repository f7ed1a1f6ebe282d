"""What people and the bot do in a workspace; each function returns the events it caused."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sandbox.slack.state.apps import PLATFORM
from sandbox.slack.state.deliveries import Event
from sandbox.slack.state.mrkdwn import rich_text, typed
from sandbox.slack.state.peer import Slack
from sandbox.slack.state.records import Channel, Message, Person, new_id
from sandbox.slack.state.sharing import forwarded

TOMBSTONE: Final = {
    "user": "USLACKBOT",
    "subtype": "tombstone",
    "text": "This message was deleted.",
    "hidden": True,
}
"""What replaces a deleted message that has replies."""


@dataclass(frozen=True)
class Sent:
    """A stored message and the events about it."""

    message: Message
    events: list[Event]


def say(
    slack: Slack,
    channel: Channel,
    person: Person,
    text: str,
    thread_ts: str | None = None,
    more: Mapping[str, Any] | None = None,
) -> Sent:
    """A person writes a message, as typed: `@name` mentions, `/me` acts, everything else is plain.

    more: files and the like (see `sandbox.slack.state.sharing`), or fields that replace those of a typed message.
    """
    body = {"client_msg_id": str(uuid.uuid4()), **_body(slack, channel.team_id, text), **(more or {})}
    if text.startswith("/me "):
        body = {"subtype": "me_message", "text": _body(slack, channel.team_id, text[4:])["text"]}
    if "bot_id" in body:
        del body["client_msg_id"]  # not sent by a Slack client
    message = slack.messages.add(channel, person.id, body, thread_ts)
    return Sent(message, slack.events.message(channel, message))


def forward(slack: Slack, place: Channel, message: Message, to: Channel, person: Person, text: str = "") -> Sent:
    """A person forwards a message to another conversation, optionally with their own text."""
    return say(slack, to, person, text, more={"attachments": [forwarded(slack, place, message)]})


def edit(slack: Slack, channel: Channel, message: Message, text: str) -> Sent:
    """A person edits their own message."""
    return change(slack, channel, message, message.body | _body(slack, channel.team_id, text))


def change(slack: Slack, channel: Channel, message: Message, body: dict[str, Any]) -> Sent:
    """Store a new body, marked as edited by its author."""
    ts = slack.messages.next_ts(channel.team_id)
    edited = {"user": message.user_id, "ts": f"{ts.split('.')[0]}.000000"}
    changed = slack.messages.change(message, body | {"edited": edited})
    return Sent(changed, slack.events.changed(channel, changed, message, ts))


def delete(slack: Slack, channel: Channel, message: Message) -> list[Event]:
    """Remove a message. One with replies leaves a tombstone, which is sent as a change."""
    ts = slack.messages.next_ts(channel.team_id)
    if slack.messages.replies(channel.id, message.ts):
        changed = slack.messages.change(message, dict(TOMBSTONE))
        return slack.events.changed(channel, changed, message, ts)
    slack.messages.delete(message)
    return slack.events.deleted(channel, message, ts)


def unfurl(slack: Slack, channel: Channel, message: Message, link: str) -> Sent:
    """Slack adds a link preview to a message, which is sent as a change without an editor."""
    attachments = [{"id": 1, "from_url": link, "fallback": link, "title": link}]
    changed = slack.messages.change(message, message.body | {"attachments": attachments})
    return Sent(changed, slack.events.changed(channel, changed, message, slack.messages.next_ts(channel.team_id)))


def join(slack: Slack, channel: Channel, user: str, inviter: str | None = None) -> list[Event]:
    """Someone joins a channel or is added to it: a `channel_join` message, unless they are already in it."""
    if not slack.workspaces.join(channel.id, user):
        return []
    body = {"subtype": "channel_join", "text": f"<@{user}> has joined the channel"}
    message = slack.messages.add(channel, user, body | ({"inviter": inviter} if inviter else {}))
    return slack.events.message(channel, message)


def open_home(slack: Slack, person: Person, bot: Person) -> tuple[Channel, list[Event]]:
    """A person opens the direct message with the bot, as when they click its name."""
    channel, _ = slack.workspaces.direct_message(person.team_id, person.id, bot.id)
    ts = slack.messages.next_ts(person.team_id)
    return channel, slack.events.home_opened(channel, person.id, ts)


def stop(slack: Slack, channel: Channel, person: Person, thread_ts: str) -> list[Event]:
    """A person stops the agent in a thread. The session's status stays: the app changes it."""
    slack.sessions.get(channel.id, thread_ts)
    return slack.events.stopped(channel, thread_ts, person.id, slack.messages.next_ts(channel.team_id))


def uninstall(slack: Slack, team: str, owner: str = PLATFORM) -> list[Event]:
    """An admin removes an app: revoke its token and notify it."""
    token = slack.workspaces.token_of(team, owner)
    if token is None:
        return []
    slack.workspaces.revoke(token)
    return slack.events.uninstalled(token)


def _body(slack: Slack, team: str, text: str) -> dict[str, Any]:
    stored = typed(text, [*slack.workspaces.people(team), *slack.workspaces.bots(team)])
    return {"text": stored, "blocks": rich_text(stored, new_id("b")[:5])} if stored else {"text": ""}
