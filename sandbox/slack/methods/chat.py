"""`chat.*`, `reactions.add` and the assistant's status. https://docs.slack.dev/reference/methods"""

from __future__ import annotations

from typing import Final

from sandbox.slack.methods.calls import Call, JsonObject, Method, RefusalError
from sandbox.slack.methods.content import message_body
from sandbox.slack.state import activity
from sandbox.slack.state.records import Channel, Message


def post_message(call: Call) -> JsonObject:
    """Post as the bot to a channel it is in, to a direct message, or to a person by user id."""
    channel = _destination(call)
    body, thread_ts = message_body(call), _thread(call, channel)
    wait = call.slack.limits.post(channel.id)
    if wait:
        raise RefusalError("rate_limited", retry_after=wait)
    message = call.slack.messages.add(channel, call.bearer.user_id, body, thread_ts)
    call.slack.statuses.clear(channel.id, thread_ts or "")
    call.slack.events.message(channel, message)
    return {"ok": True, "channel": channel.id, "ts": message.ts, "message": _shown(call, message)}


def update(call: Call) -> JsonObject:
    """Change one of the bot's messages. Omitted fields stay, except that new text alone drops the old blocks."""
    channel = call.channel()
    message = _own_message(call, channel, "cant_update_message")
    kept = {key: message.body[key] for key in ("metadata",) if key in message.body}
    sent = activity.change(call.slack, channel, message, kept | message_body(call))
    return {
        "ok": True,
        "channel": channel.id,
        "ts": message.ts,
        "text": sent.message.text,
        "message": _shown(call, sent.message),
    }


def delete(call: Call) -> JsonObject:
    """Delete one of the bot's messages."""
    channel = call.channel()
    message = _own_message(call, channel, "cant_delete_message")
    activity.delete(call.slack, channel, message)
    return {"ok": True, "channel": channel.id, "ts": message.ts}


def add_reaction(call: Call) -> JsonObject:
    """Add an emoji to a message."""
    name = call.text("name").strip(":")
    if not name:
        raise RefusalError("invalid_name")
    message = _message(call, call.channel(), call.text("timestamp"), "message_not_found")
    if not call.slack.messages.react(message, name, call.bearer.user_id):
        raise RefusalError("already_reacted")
    return {"ok": True}


def set_status(call: Call) -> JsonObject:
    """Say what the bot is doing in a thread, for two minutes or until it posts."""
    channel = call.channel("channel_id")
    if not call.text("thread_ts"):
        raise RefusalError("invalid_thread_ts")
    call.slack.statuses.set(channel.id, call.text("thread_ts"), call.text("status"))
    return {"ok": True}


def _thread(call: Call, channel: Channel) -> str | None:
    """The thread to post in. Slack's own messages, such as "joined the channel", take no replies."""
    ts = call.text("thread_ts")
    try:
        takes_none = bool(ts) and bool(call.slack.messages.get(channel.id, ts).body.get("subtype"))
    except KeyError:  # deleted meanwhile
        takes_none = False
    if takes_none:
        raise RefusalError("cannot_reply_to_message")
    return ts or None


def _destination(call: Call) -> Channel:
    if call.text("channel").startswith("U"):
        return _direct_message(call)
    channel = call.channel()
    if not call.is_member(channel) and "chat:write.public" not in call.bearer.scopes:
        raise RefusalError("not_in_channel")
    return channel


def _direct_message(call: Call) -> Channel:
    try:
        person = call.slack.workspaces.person(call.text("channel"), call.team)
    except KeyError:
        raise RefusalError("channel_not_found") from None
    return call.slack.workspaces.direct_message(call.team, call.bearer.user_id, person.id)[0]


def _own_message(call: Call, channel: Channel, refusal: str) -> Message:
    message = _message(call, channel, call.text("ts"), "message_not_found")
    if message.user_id != call.bearer.user_id or message.body.get("subtype"):
        raise RefusalError(refusal)
    return message


def _message(call: Call, channel: Channel, ts: str, refusal: str) -> Message:
    try:
        return call.slack.messages.get(channel.id, ts)
    except KeyError:
        raise RefusalError(refusal) from None


def _shown(call: Call, message: Message) -> JsonObject:
    return call.slack.objects.build(message, call.team)


METHODS: Final = {
    "chat.postMessage": Method(post_message, ("chat:write",)),
    "chat.update": Method(update, ("chat:write",)),
    "chat.delete": Method(delete, ("chat:write",)),
    "reactions.add": Method(add_reaction, ("reactions:write",)),
    "assistant.threads.setStatus": Method(set_status, ("chat:write", "assistant:write")),
}
