"""Slack's Events API: the signature, the envelope, and which message events mean that somebody wants an answer.

https://docs.slack.dev/apis/events-api/ and https://docs.slack.dev/reference/events/message
"""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any

from django.conf import settings
from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError
from slack_sdk.signature import SignatureVerifier

from channels.providers.base import Deletion, Edit, InboundEvent, InboundMessage
from channels.providers.slack import corrections

PROVIDER = "slack"
SPOKEN_SUBTYPES = {None, "thread_broadcast", "file_share"}
MENTION = re.compile(r"<@([UW][A-Z0-9]+)(?:\|[^>]*)?>")
MARKUP = re.compile(r"<(?:https?://[^|>]+\|([^>]+)|(https?://[^>]+)|#[A-Z0-9]+\|([^>]+)|![a-z]+\^?[^|>]*\|?([^>]*))>")


class MalformedEventError(ValueError):
    """A signed body that is not an event."""


Id = Annotated[str, StringConstraints(max_length=100, pattern=r"^[\x21-\x7e]*$")]
Timestamp = Annotated[str, StringConstraints(pattern=r"^\d{1,11}\.\d{1,6}$")]


class Authorization(BaseModel):
    model_config = ConfigDict(extra="ignore")
    team_id: Id | None = None


class Message(BaseModel):
    """The inner event, as far as we read it."""

    model_config = ConfigDict(extra="ignore")
    type: Id
    subtype: Id | None = None
    channel: Any = None  # an object in events about channels
    channel_type: Id | None = None
    user: Any = None  # an object in events about users
    bot_id: Id | None = None
    text: str | None = None
    ts: Any = None
    thread_ts: Timestamp | None = None
    tokens: Any = None
    edited: Any = None

    @property
    def ends_connection(self) -> bool:
        """The app was removed, or its bot's token revoked; somebody's own token is not ours to care about.

        https://docs.slack.dev/reference/events/tokens_revoked
        """
        revoked = self.tokens.get("bot") if isinstance(self.tokens, dict) else None
        return self.type == "app_uninstalled" or (self.type == "tokens_revoked" and bool(revoked))


class Spoken(BaseModel):
    """A message event that somebody said: what must be there, and of which shape."""

    channel: Id
    user: Id
    ts: Timestamp


class Envelope(BaseModel):
    """The outer event, as far as we read it."""

    model_config = ConfigDict(extra="ignore")
    type: Id
    team_id: Id | None = None
    event_id: Id | None = None
    event_time: int | None = None
    challenge: str | None = None
    authorizations: list[Authorization] | None = None
    event: Message | None = None

    @property
    def account(self) -> str:
        """The team that installed the app; in a shared channel, team_id may be somebody else's."""
        authorized = self.authorizations[0].team_id if self.authorizations else None
        return authorized or self.team_id or ""

    @property
    def occurred_at(self) -> datetime | None:
        try:
            return datetime.fromtimestamp(self.event_time or 0, UTC) if self.event_time else None
        except (ValueError, OverflowError, OSError):
            return None


def is_signed(body: bytes, headers: Mapping[str, str]) -> bool:
    """Is this body from Slack, and fresh? https://docs.slack.dev/authentication/verifying-requests-from-slack"""
    secret = settings.SLACK_SIGNING_SECRET
    if not secret:
        return False
    try:
        return SignatureVerifier(secret).is_valid_request(body, dict(headers))
    except ValueError:  # a time stamp that is no number, or a body that is no text
        return False


def read_envelope(body: bytes) -> Envelope:
    """The envelope in a signed body. Raises MalformedEventError."""
    try:
        envelope = Envelope.model_validate_json(body)
    except ValidationError as error:
        raise MalformedEventError("The body is not an event of Slack's Events API.") from error
    if envelope.type == "event_callback" and not (envelope.event and envelope.event_id):
        raise MalformedEventError("An event callback needs event and event_id.")
    return envelope


def read_event(envelope: Envelope, body: bytes, bot_user_id: str) -> InboundEvent:
    """What an event callback says to us. bot_user_id: our own user in that workspace."""
    inner = envelope.event or Message(type="")
    correction = _correction(inner, body, bot_user_id)
    message, reason = (None, "") if correction else _message(inner, bot_user_id)
    return InboundEvent(
        provider=PROVIDER,
        account=envelope.account,
        event_id=envelope.event_id or "",
        kind=f"{inner.type}.{inner.subtype}" if inner.subtype else inner.type,
        payload=body.decode(),
        message=message,
        correction=correction,
        ends_connection=inner.ends_connection,
        occurred_at=envelope.occurred_at,
        reason=reason,
    )


def _correction(inner: Message, body: bytes, bot_user_id: str) -> Edit | Deletion | None:
    """What became of a message that a person said before; None for what machines do to theirs, and for all else."""
    if inner.subtype not in corrections.SUBTYPES and not inner.edited:
        return None
    envelope = json.loads(body)
    try:
        deleted = corrections.deleted_key(envelope["event"])
        said_anew = corrections.edited_message(envelope["event"])
        if deleted or said_anew is None:
            return Deletion(deleted) if deleted else None
        anew = Message.model_validate(said_anew)
        message, _ = _message(anew, bot_user_id)
        if message is None and _is_of_nobody(anew, bot_user_id):
            return None
        return corrections.correction(envelope, said_anew, message)
    except (ValidationError, corrections.MalformedCorrectionError) as error:
        raise MalformedEventError("An edit or a deletion needs the message's channel, ts and user.") from error


def _is_of_nobody(inner: Message, bot_user_id: str) -> bool:
    return bool(inner.bot_id) or inner.subtype not in SPOKEN_SUBTYPES or inner.user in (None, bot_user_id)


def _message(inner: Message, bot_user_id: str) -> tuple[InboundMessage | None, str]:
    if inner.type not in {"message", "app_mention"}:
        return None, "Not a message."
    if inner.bot_id or inner.subtype not in SPOKEN_SUBTYPES or inner.user in {None, bot_user_id}:
        return None, "Not said by a person."
    text = plain_text(inner.text or "", bot_user_id)
    if not text:
        return None, "It has no text."
    try:
        spoken = Spoken(channel=inner.channel, user=inner.user, ts=inner.ts)
    except ValidationError as error:
        raise MalformedEventError("A message event needs channel, user and ts.") from error
    return _spoken(inner, spoken, text, bot_user_id), ""


def _spoken(inner: Message, spoken: Spoken, text: str, bot_user_id: str) -> InboundMessage:
    channel, ts = spoken.channel, spoken.ts
    is_direct = inner.channel_type == "im"
    is_mention = inner.type == "app_mention" or bot_user_id in MENTION.findall(inner.text or "")
    return InboundMessage(
        key=f"{channel}:{ts}",
        thread_ids=_thread_ids(channel, ts, inner.thread_ts, is_direct=is_direct),
        is_addressed=is_direct or is_mention,
        author=spoken.user,
        text=text,
        position=Decimal(ts),
        said_at=datetime.fromtimestamp(float(ts), UTC),
        address={"channel": channel, "thread_ts": inner.thread_ts or ts},
        title="Direct message" if is_direct else "",
    )


def _thread_ids(channel: str, ts: str, thread_ts: str | None, *, is_direct: bool) -> list[str]:
    """A channel's thread is a conversation. So is a direct message channel, unless a thread there already is one."""
    if not is_direct:
        return [f"{channel}:{thread_ts or ts}"]
    return [f"{channel}:{thread_ts}", channel] if thread_ts else [channel]


def plain_text(mrkdwn: str, bot_user_id: str) -> str:
    """Slack's text for a reader: our own mention left out, links as their words, entities undone.

    https://docs.slack.dev/messaging/formatting-message-text#retrieving-messages
    """
    text = MENTION.sub(lambda found: "" if found[1] == bot_user_id else f"@{found[1]}", mrkdwn)
    text = MARKUP.sub(lambda found: next((group for group in found.groups() if group), ""), text)
    for entity, character in (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")):
        text = text.replace(entity, character)
    # Postgres stores neither NUL nor lone surrogates.
    return text.replace("\x00", "").encode("utf-8", "replace").decode().strip()
