"""Slack's Events API: the envelope, and which message events mean that somebody wants an answer.

https://docs.slack.dev/apis/events-api/ and https://docs.slack.dev/reference/events/message
"""

import json
import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any

from django.utils.translation import gettext as _
from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from channels.providers.base import DIRECT, NOT_A_PERSON, Deletion, Edit, InboundEvent, InboundMessage, Stop
from channels.providers.shapes.webhooks import MalformedError
from channels.providers.slack import wordings
from channels.providers.slack.incoming import corrections, stopped, subtypes
from channels.providers.slack.incoming.authors import Author, author_of
from channels.providers.slack.incoming.content import Content, Quote, content_of
from channels.providers.slack.incoming.files import files_of
from channels.providers.slack.incoming.ids import GivenId, Timestamp
from channels.providers.slack.incoming.markup import MENTION, plain_text, storable
from tenants.wordings import NOTHING, Reason

PROVIDER = "slack"
OTHERS = re.compile(r"<!(?:here|channel|everyone|subteam\^)")
"""A mention of many: https://docs.slack.dev/messaging/formatting-message-text#special-mentions"""
ID = re.compile(r"[\x21-\x7e]{1,100}")
BARE_MENTION = "[The person mentioned you and wrote nothing else.]"
NOTHING_READABLE = "[The person sent something without any words.]"
MOST_ACCOUNTS = 10


class MalformedEventError(MalformedError):
    """A signed body that is not an event."""


def _id(value: object) -> str | None:
    return value if isinstance(value, str) and ID.fullmatch(value) else None


def _words(value: object) -> str | None:
    return storable(value) if isinstance(value, str) else None


def _list(value: object) -> list[object]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _object(value: object) -> object:
    return value if isinstance(value, dict) else None


# A field of another shape than documented counts as absent: no event is lost for a field that nobody needs.
Id = Annotated[str | None, BeforeValidator(_id)]
Words = Annotated[str | None, BeforeValidator(_words)]


class Authorization(BaseModel):
    model_config = ConfigDict(extra="ignore")
    team_id: Id = None
    user_id: Id = None


class Message(BaseModel):
    """The inner event, as far as we read it."""

    model_config = ConfigDict(extra="ignore")
    type: Words = None
    subtype: Words = None
    channel: Any = None  # an object in events about channels
    channel_type: Id = None
    user: Any = None  # an object in events about users
    bot_id: Id = None
    app_id: Id = None
    bot_profile: Any = None
    client_msg_id: Words = None
    text: Words = None
    blocks: Any = None
    attachments: Any = None
    files: Any = None
    ts: Any = None
    thread_ts: Any = None
    event_ts: Any = None
    tokens: Any = None
    edited: Any = None
    message: Any = None

    @property
    def ends_connection(self) -> bool:
        """The app was removed, or its bot's token revoked; somebody's own token is not ours to care about.

        https://docs.slack.dev/reference/events/tokens_revoked
        """
        revoked = self.tokens.get("bot") if isinstance(self.tokens, dict) else None
        return self.type == "app_uninstalled" or (self.type == "tokens_revoked" and bool(revoked))

    @property
    def words(self) -> str:
        """What somebody wrote, also where the event tells of a change of it."""
        changed = self.message.get("text") if isinstance(self.message, dict) else ""
        return self.text or (changed if isinstance(changed, str) else "")

    @property
    def is_direct(self) -> bool:
        """Between one person and us; a direct message of several (mpim) is like a channel."""
        return self.channel_type == "im"


class Spoken(BaseModel):
    """A message event that somebody said: what must be there, and of which shape."""

    channel: GivenId
    user: GivenId
    ts: Timestamp
    thread_ts: Timestamp | None


class Envelope(BaseModel):
    """The outer event, as far as we read it."""

    model_config = ConfigDict(extra="ignore")
    type: Id = None
    team_id: Id = None
    context_team_id: Id = None
    api_app_id: Id = None
    event_id: Id = None
    event_time: Any = None
    challenge: Words = None
    authorizations: Annotated[list[Authorization], BeforeValidator(_list)] = []
    authed_teams: Any = None
    event: Annotated[Message | None, BeforeValidator(_object)] = None

    @property
    def accounts(self) -> list[str]:
        """The teams whose event this may be, the likeliest first.

        In a shared channel team_id may be another company's, and of several installations Slack names just one. The
        one whose bot is mentioned comes first.
        """
        said = self.event.words if self.event else ""
        named = sorted(self.authorizations, key=lambda each: f"<@{each.user_id}" not in said)
        older = self.authed_teams if isinstance(self.authed_teams, list) else []
        teams = [*(each.team_id for each in named), self.context_team_id, *map(_id, older), self.team_id]
        return list(dict.fromkeys(team for team in teams if team))[:MOST_ACCOUNTS]

    @property
    def occurred_at(self) -> datetime | None:
        if not isinstance(self.event_time, int) or not self.event_time:
            return None
        try:
            return datetime.fromtimestamp(self.event_time, UTC)
        except (ValueError, OverflowError, OSError):
            return None


def read_envelope(body: bytes) -> Envelope:
    """The envelope in a signed body. Raises MalformedEventError."""
    try:
        # Not pydantic's own parser: it refuses a whole body because of half an emoji, which people can send.
        read = json.loads(body.decode(), parse_constant=_no_number)
        envelope = Envelope.model_validate(read)
    except (ValueError, RecursionError) as error:
        raise MalformedEventError("The body is not an event of Slack's Events API.") from error
    if not envelope.type:
        raise MalformedEventError("An event of Slack's Events API needs a type.")
    if envelope.type == "event_callback" and not (envelope.event and envelope.event.type and envelope.event_id):
        raise MalformedEventError("An event callback needs event and event_id.")
    return envelope


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is no JSON.")


def read_event(envelope: Envelope, body: bytes, bot_user_id: str) -> InboundEvent:
    """What an event callback says to us. bot_user_id: our own user in that workspace.

    Its account is only the likeliest one: the caller replaces it once it knows which is ours.
    """
    inner = envelope.event or Message()
    correction = _correction(inner, body, bot_user_id, envelope.api_app_id)
    message, reason = (None, NOTHING) if correction else _message(inner, bot_user_id, envelope.api_app_id)
    return InboundEvent(
        provider=PROVIDER,
        account=next(iter(envelope.accounts), ""),
        event_id=envelope.event_id or "",
        kind=f"{inner.type}.{inner.subtype}" if inner.subtype else inner.type or "",
        payload=body.decode(),
        message=message,
        correction=correction,
        stop=_stop(inner),
        ends_connection=inner.ends_connection,
        occurred_at=envelope.occurred_at,
        reason=reason,
    )


def _stop(inner: Message) -> Stop | None:
    """The button to stop was pressed. https://docs.slack.dev/reference/events/agent_session_stopped"""
    if inner.type != stopped.TYPE:
        return None
    try:
        return stopped.read(inner)
    except ValidationError as error:
        raise MalformedEventError("A stopped session needs its channel, thread_ts and event_ts.") from error


def _correction(inner: Message, body: bytes, bot_user_id: str, app_id: str | None) -> Edit | Deletion | None:
    """How a person changed or deleted an earlier message; None for machines' messages and anything else."""
    if inner.subtype not in corrections.SUBTYPES and not inner.edited:
        return None
    envelope = json.loads(body)
    try:
        if deleted := corrections.deleted_key(envelope["event"]):
            return Deletion(deleted)
        said_anew = corrections.edited_message(envelope["event"])
        if said_anew is None:
            return None
        message, _reason = _message(Message.model_validate(said_anew), bot_user_id, app_id)
        if message and message.text == NOTHING_READABLE:
            return Deletion(message.key)
        return corrections.edit(envelope, said_anew, message) if message else None
    except (ValidationError, corrections.MalformedCorrectionError) as error:
        raise MalformedEventError("An edit or a deletion needs the message's channel, ts and user.") from error


def _message(inner: Message, bot_user_id: str, app_id: str | None) -> tuple[InboundMessage | None, Reason]:
    if inner.type not in {"message", "app_mention"}:
        return None, wordings.NOT_A_MESSAGE()
    silence = subtypes.why_silent(inner.subtype or "", is_typed=bool(inner.client_msg_id))
    if silence:
        return None, silence
    author = author_of(inner, bot_user_id=bot_user_id, app_id=app_id, is_direct=inner.is_direct)
    if author is Author.MACHINE:
        return None, NOT_A_PERSON()
    try:
        spoken = Spoken(channel=inner.channel, user=inner.user, ts=inner.ts, thread_ts=inner.thread_ts)
    except ValidationError as error:
        raise MalformedEventError("A message event needs channel, user and ts.") from error
    return _spoken(inner, spoken, author, bot_user_id), NOTHING


def _spoken(inner: Message, spoken: Spoken, author: Author, bot_user_id: str) -> InboundMessage:
    channel, ts = spoken.channel, spoken.ts
    parts = {"blocks": inner.blocks, "attachments": inner.attachments, "files": inner.files}
    content = content_of(inner.text or "", inner.subtype or "", parts)
    mentioned = set(MENTION.findall(f"{inner.text or ''} {content.said}"))
    is_mention = inner.type == "app_mention" or bot_user_id in mentioned
    said = plain_text(content.said, bot_user_id)
    text = _all_of(said, content)
    return InboundMessage(
        key=f"{channel}:{ts}",
        thread_ids=_thread_ids(channel, ts, spoken.thread_ts, is_direct=inner.is_direct),
        is_addressed=inner.is_direct or is_mention,
        mentions_others=bool(mentioned - {bot_user_id} or OTHERS.search(content.said)),
        author=spoken.user,
        is_author_unsure=author is Author.UNSURE,
        text=text or (BARE_MENTION if is_mention else NOTHING_READABLE),
        is_readable=bool(said or content.brings_words or (is_mention and not text)),
        position=Decimal(ts),
        said_at=min(datetime.fromtimestamp(float(ts), UTC), datetime.now(UTC)),
        address={"channel": channel, "thread_ts": spoken.thread_ts or ts},
        session=f"{channel}:{spoken.thread_ts or ts}" if inner.is_direct else "",
        title=_("Direct message") if inner.is_direct else "",
        where=DIRECT if inner.is_direct else channel,
        files=files_of(inner.files),
    )


def _all_of(said: str, content: Content) -> str:
    """What was said, then what came with it, each a paragraph."""
    quotes = (_quoted(each) for each in content.quotes)
    notes = (plain_text(each, "") for each in content.notes)
    words = (_indented(plain_text(each, "")) for each in content.words)
    return "\n\n".join(part for part in (said, *quotes, *notes, *words) if part)


def _quoted(quote: Quote) -> str:
    return f"[{plain_text(quote.label, '')}:]\n{_indented(plain_text(quote.text, ''))}"


def _indented(text: str) -> str:
    return "\n".join(f"> {line}" for line in text.split("\n")) if text else ""


def _thread_ids(channel: str, ts: str, thread_ts: str | None, *, is_direct: bool) -> list[str]:
    """A channel's thread is a conversation. So is a direct message channel, unless a thread there already is one."""
    if not is_direct:
        return [f"{channel}:{thread_ts or ts}"]
    return [f"{channel}:{thread_ts}", channel] if thread_ts else [channel]
