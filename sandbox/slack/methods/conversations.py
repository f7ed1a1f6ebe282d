"""`conversations.*`. https://docs.slack.dev/reference/methods?family=conversations"""

from __future__ import annotations

import base64
from typing import Any, Final

from sandbox.slack.methods.calls import Call, JsonObject, Method, RefusalError
from sandbox.slack.state import activity
from sandbox.slack.state.limits import HISTORY_PAGE
from sandbox.slack.state.messages import between
from sandbox.slack.state.objects import channel_object
from sandbox.slack.state.records import Channel, Message

READ: Final = ("channels:read", "im:read")
HISTORY: Final = ("channels:history", "im:history")
LIST_LIMIT: Final = 100


def open_(call: Call) -> JsonObject:
    """Open a direct message with one person, or return the existing one."""
    if call.text("channel"):
        channel, existed = call.channel(), True
    else:
        channel, existed = call.slack.workspaces.direct_message(call.team, call.bearer.user_id, _only_user(call))
    full = _object(call, channel) if call.flag("return_im") else {"id": channel.id}
    again = {"no_op": True, "already_open": True} if existed else {}
    return {"ok": True, **again, "channel": full}


def info(call: Call) -> JsonObject:
    """One conversation."""
    channel = call.channel()
    call.require("im:read" if channel.is_im else "channels:read")
    shown = _object(call, channel)
    if not call.flag("include_num_members"):
        shown.pop("num_members", None)
    return {"ok": True, "channel": shown}


def list_(call: Call) -> JsonObject:
    """Public channels, and direct messages when `types` asks for them; paginated."""
    types = (call.text("types") or "public_channel").replace(" ", "").split(",")
    if not set(types) <= {"public_channel", "private_channel", "mpim", "im"}:
        raise RefusalError("invalid_types")
    found = [channel for channel in _conversations(call) if ("im" if channel.is_im else "public_channel") in types]
    page, cursor = _page(call, [_object(call, channel) for channel in found], LIST_LIMIT, 1000)
    return {"ok": True, "channels": page, "response_metadata": {"next_cursor": cursor}}


def mine(call: Call) -> JsonObject:
    """The public channels that the bot is in. https://docs.slack.dev/reference/methods/users.conversations"""
    found = [each for each in _conversations(call) if not each.is_im and call.is_member(each)]
    return {"ok": True, "channels": [_object(call, each) for each in found], "response_metadata": {"next_cursor": ""}}


def join(call: Call) -> JsonObject:
    """The bot joins a public channel."""
    channel = call.channel()
    if channel.is_im:
        raise RefusalError("method_not_supported_for_channel_type")
    already = call.is_member(channel)
    activity.join(call.slack, channel, call.bearer.user_id)
    warning = {"warning": "already_in_channel", "response_metadata": {"warnings": ["already_in_channel"]}}
    return {"ok": True, "channel": _object(call, channel), **(warning if already else {})}


def history(call: Call) -> JsonObject:
    """A conversation's messages, newest first, without replies in threads."""
    channel = _readable(call)
    found = _between(call, call.slack.messages.in_channel(channel.id))
    return _messages(call, found) | {"pin_count": 0}


def replies(call: Call) -> JsonObject:
    """A thread: its first message, then the replies, oldest first."""
    channel = _readable(call)
    try:
        first = call.slack.messages.get(channel.id, call.text("ts"))
    except KeyError:
        raise RefusalError("thread_not_found") from None
    below = _between(call, call.slack.messages.replies(channel.id, first.ts))
    return _messages(call, [first, *below])


def _readable(call: Call) -> Channel:
    channel = call.channel()
    call.require("im:history" if channel.is_im else "channels:history")
    if not call.is_member(channel):
        raise RefusalError("not_in_channel")
    wait = call.slack.limits.history(call.team, call.method)
    if wait:
        raise RefusalError("ratelimited", retry_after=wait)
    return channel


def _between(call: Call, messages: list[Message]) -> list[Message]:
    oldest, latest = call.text("oldest"), call.text("latest")
    for name, value in (("oldest", oldest), ("latest", latest)):
        if not value.replace(".", "", 1).isdecimal() and value:
            raise RefusalError(f"invalid_ts_{name}")
    return between(messages, "" if oldest == "0" else oldest, latest, call.flag("inclusive"))


def _messages(call: Call, found: list[Message]) -> JsonObject:
    limited = call.slack.limits.history_limited
    with_metadata = call.flag("include_all_metadata")
    default, most = (HISTORY_PAGE, HISTORY_PAGE) if limited else (100, 999)
    page, cursor = _page(call, found, default, most)
    shown = [call.slack.objects.build(message, call.team, with_metadata) for message in page]
    more = {"response_metadata": {"next_cursor": cursor}} if cursor else {}
    return {"ok": True, "messages": shown, "has_more": bool(cursor), **more}


def _page(call: Call, items: list[Any], default: int, most: int) -> tuple[list[Any], str]:
    """The page that `cursor` and `limit` ask for, and the next cursor, empty at the end."""
    start, limit = _position(call.text("cursor")), min(call.whole("limit", default) or default, most)
    end = start + limit
    return items[start:end], base64.b64encode(f"next:{end}".encode()).decode() if end < len(items) else ""


def _position(cursor: str) -> int:
    if not cursor:
        return 0
    try:
        return int(base64.b64decode(cursor, validate=True).decode().removeprefix("next:"))
    except ValueError:
        raise RefusalError("invalid_cursor") from None


def _only_user(call: Call) -> str:
    users = [user for user in call.text("users").replace(" ", "").split(",") if user]
    if not users:
        raise RefusalError("users_list_not_supplied")
    if len(users) > 1:
        raise RefusalError("method_not_supported_for_channel_type")
    try:
        return call.slack.workspaces.person(users[0], call.team).id
    except KeyError:
        raise RefusalError("user_not_found") from None


def _conversations(call: Call) -> list[Channel]:
    workspaces = call.slack.workspaces
    return workspaces.channels(call.team) + workspaces.direct_messages_of(call.team, call.bearer.user_id)


def _object(call: Call, channel: Channel) -> JsonObject:
    return channel_object(channel, call.slack.workspaces.members(channel.id), call.bearer.user_id)


METHODS: Final = {
    "conversations.open": Method(open_, ("im:write",)),
    "conversations.info": Method(info, READ),
    "conversations.list": Method(list_, READ),
    "users.conversations": Method(mine, READ),
    "conversations.join": Method(join, ("channels:join",)),
    "conversations.history": Method(history, HISTORY),
    "conversations.replies": Method(replies, HISTORY),
}
