"""All that a person would read of a message: its text or blocks, what was forwarded with it, and its files."""

from dataclasses import dataclass
from typing import Any

from channels.providers.slack.incoming import blocks, files

LONGEST = 40_000
"""Characters; Slack cuts a text there. https://docs.slack.dev/reference/methods/chat.postMessage"""
LONGEST_QUOTE = 8_000
MOST_QUOTES = 10
HUDDLES = {"huddle_thread", "sh_room_created"}
DOCUMENT = "[The person mentioned you in a canvas, where this stands:]"


@dataclass(frozen=True)
class Quote:
    """What somebody else wrote and this message brought along. Both are mrkdwn."""

    label: str
    text: str
    has_words: bool = True


@dataclass(frozen=True)
class Content:
    """What a message says, as mrkdwn.

    said: the author's own words, in which alone a mention counts. words: of files that bring them. notes: what the
    author sent and nobody here can read.
    """

    said: str
    quotes: tuple[Quote, ...] = ()
    words: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def brings_words(self) -> bool:
        """Is there something to read beside the author's own words?"""
        return bool(self.words) or any(quote.has_words for quote in self.quotes)


def content_of(text: str, subtype: str, parts: dict[str, Any]) -> Content:
    """Read a message event's text, blocks, attachments and files; whatever has another shape counts as absent."""
    if subtype in HUDDLES:
        return Content("", notes=("[The person started a huddle. You cannot join it.]",))
    said = text
    if not text.strip() or blocks.has_other_than_typed(parts.get("blocks")):
        said = blocks.mrkdwn_of(parts.get("blocks")) or text
    notes = files.notes_of(parts.get("files"))
    if subtype == "document_mention":
        notes.insert(0, DOCUMENT)
    quotes = _quotes(parts.get("attachments"))
    return Content(said[:LONGEST], tuple(quotes), tuple(files.words_of(parts.get("files"))), tuple(notes))


def _quotes(attachments: Any) -> list[Quote]:
    found = [each for each in attachments if isinstance(each, dict)] if isinstance(attachments, list) else []
    return [quote for each in found[:MOST_QUOTES] if (quote := _quote(each))]


def _quote(attachment: dict[str, Any]) -> Quote | None:
    words = _words(attachment)
    notes = files.notes_of(attachment.get("files"), "With it came")
    text = "\n".join(filter(None, [words[:LONGEST_QUOTE], *notes]))
    return Quote(_label(attachment), text, has_words=bool(words)) if text else None


def _label(attachment: dict[str, Any]) -> str:
    """https://docs.slack.dev/legacy/legacy-messaging/legacy-secondary-message-attachments, and forwarded messages."""
    author = blocks.escaped(attachment.get("author_name") or attachment.get("author_subname"))
    if attachment.get("is_share") or attachment.get("is_msg_unfurl"):
        channel = blocks.escaped(attachment.get("channel_name"))
        place = f" in #{channel}" if channel and attachment.get("channel_id") else ""
        return f"Forwarded message{f' from {author}' if author else ''}{place}"
    return f"Attached{f', by {author}' if author else ''}"


def _words(attachment: dict[str, Any]) -> str:
    body = _text(attachment) or blocks.mrkdwn_of(attachment.get("blocks")) or _message_blocks(attachment)
    brought = [_text({"text": attachment.get(name)}) for name in ("pretext", "title")]
    fields = [_field(each) for each in _list(attachment.get("fields"))]
    lines = [*brought, body, *fields, *files.words_of(attachment.get("files"))]
    return "\n".join(line for line in lines if line.strip()) or _fallback(attachment)


def _fallback(attachment: dict[str, Any]) -> str:
    """What stands for an attachment where it cannot be shown; beside files it is only their names."""
    return "" if attachment.get("files") else _text({"text": attachment.get("fallback")}).strip()


def _text(attachment: dict[str, Any]) -> str:
    text = attachment.get("text")
    return text if isinstance(text, str) else ""


def _field(field: dict[str, Any]) -> str:
    title, value = _text({"text": field.get("title")}), _text({"text": field.get("value")})
    return f"{title}: {value}" if title and value else title or value


def _message_blocks(attachment: dict[str, Any]) -> str:
    """A forwarded message whose own blocks stand one level deeper."""
    read = []
    for each in _list(attachment.get("message_blocks")):
        message = each.get("message")
        read.append(blocks.mrkdwn_of(message.get("blocks") if isinstance(message, dict) else [each]))
    return "\n".join(filter(None, read))


def _list(found: Any) -> list[dict[str, Any]]:
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []
