"""Edits and deletions of earlier messages, as Slack reports them.

An edit comes as `message_changed`, and where it mentions the app also as `app_mention` with `edited`, both under the
message's own `ts`. A message with replies that is deleted stays as a tombstone, which comes as an edit.
https://docs.slack.dev/reference/events/message/message_changed and …/message_deleted
"""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from pydantic import BaseModel, ValidationError

from channels.providers.base import Edit, InboundMessage
from channels.providers.slack.incoming.ids import GivenId, Timestamp

CHANGED, DELETED, TOMBSTONE = "message_changed", "message_deleted", "tombstone"
SUBTYPES = {CHANGED, DELETED}
OURS = ("channel", "channel_type")
"""What the outer event says about the message inside of it."""
TIME = re.compile(r"[0-9]{1,11}\.[0-9]{1,6}")


class MalformedCorrectionError(ValueError):
    """An edit or a deletion that does not say of which message."""


class _About(BaseModel):
    """Which message it is."""

    channel: GivenId
    ts: Timestamp

    @property
    def key(self) -> str:
        return f"{self.channel}:{self.ts}"


def edited_message(event: Mapping[str, Any]) -> dict[str, Any] | None:
    """The message of an event that tells of an edit by its author, as an event that says it anew; else None.

    Slack also sends message_changed when it unfurls a link or counts replies: then `edited` is missing, or the same.
    """
    if event.get("type") == "app_mention":
        return dict(event) if _edited_ts(event) else None
    after, before = event.get("message"), event.get("previous_message")
    if event.get("type") != "message" or event.get("subtype") != CHANGED or not isinstance(after, dict):
        return None
    if not _edited_ts(after) or (isinstance(before, dict) and _edited_ts(before) == _edited_ts(after)):
        return None
    about = {name: event[name] for name in OURS if name in event}
    return {"type": "message", **{name: value for name, value in after.items() if name != "hidden"}, **about}


def deleted_key(event: Mapping[str, Any]) -> str:
    """The key of the message that an event says was deleted; empty if it says nothing like it.

    Raises MalformedCorrectionError.
    """
    if event.get("type") != "message":
        return ""
    if event.get("subtype") == DELETED:
        return _key(event.get("channel"), event.get("deleted_ts"))
    after = event.get("message")
    if event.get("subtype") != CHANGED or not isinstance(after, dict) or after.get("subtype") != TOMBSTONE:
        return ""
    return _key(event.get("channel"), after.get("ts"))


def edit(envelope: Mapping[str, Any], said_anew: Mapping[str, Any], message: InboundMessage) -> Edit:
    """An edit, by what is read in its message. Raises MalformedCorrectionError."""
    ts = _edited_ts(said_anew)
    event = {name: value for name, value in said_anew.items() if name != "edited"}
    try:
        at = min(datetime.fromtimestamp(float(ts), UTC), datetime.now(UTC))
        payload = json.dumps({**envelope, "event": event}, allow_nan=False)
    except (ValueError, OverflowError, OSError) as error:
        raise MalformedCorrectionError("An edit needs its time, and no endless numbers.") from error
    return Edit(message, payload, Decimal(ts), at)


def _key(channel: object, ts: object) -> str:
    try:
        return _About.model_validate({"channel": channel, "ts": ts}).key
    except ValidationError as error:
        raise MalformedCorrectionError("An edit or a deletion needs the message's channel and ts.") from error


def _edited_ts(message: Mapping[str, Any]) -> str:
    """When a message was last edited by its author, as Slack writes times; empty if it was not."""
    edited = message.get("edited")
    ts = edited.get("ts") if isinstance(edited, dict) else None
    return ts if isinstance(ts, str) and TIME.fullmatch(ts) else ""
