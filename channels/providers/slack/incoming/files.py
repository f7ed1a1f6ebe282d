"""What an AI employee is told about files that it cannot open. https://docs.slack.dev/reference/objects/file-object"""

from typing import Any

from channels.providers.shapes.files import FileKind, InboundFile
from channels.providers.slack.incoming.blocks import escaped
from channels.providers.slack.incoming.markup import storable

MOST = 20
URL = "url"
"""Where the content is, in an InboundFile's reference."""
LONGEST_URL = 2_000
LONGEST_NAME = 120
LONGEST_WORDS = 8_000
KINDS = (
    ("image/", "a photo", "see"),
    ("audio/", "a recording", "hear"),
    ("video/", "a video", "watch"),
)
CLIPS = {"slack_audio": ("a voice message", "hear"), "slack_video": ("a video message", "watch")}
WITH_WORDS = {"snippet": "preview", "email": "plain_text", "post": "preview", "space": "preview"}
"""Files whose words come with the event, by their mode, and where."""


def notes_of(files: Any, subject: str = "The person sent") -> list[str]:
    """One bracketed note per file, as mrkdwn; a long list ends with how many more there are."""
    found = [each for each in files if isinstance(each, dict)] if isinstance(files, list) else []
    notes = [_note(each, subject) for each in found[:MOST]]
    return [*notes, f"[And {len(found) - MOST} more files.]"] if len(found) > MOST else notes


def words_of(files: Any) -> list[str]:
    """The words of files that bring them: snippets, emails, posts, and what Slack understood of a voice message."""
    found = [each for each in files if isinstance(each, dict)] if isinstance(files, list) else []
    return [words for each in found[:MOST] if (words := _words(each))]


def files_of(files: Any) -> list[InboundFile]:
    """Those whose content Slack has: not what is elsewhere, was deleted, or comes with its words."""
    found = [each for each in files if isinstance(each, dict)] if isinstance(files, list) else []
    return [file for each in found[:MOST] if (file := _file(each))]


def _file(file: dict[str, Any]) -> InboundFile | None:
    url, key = file.get("url_private_download") or file.get("url_private"), file.get("id")
    if not (isinstance(url, str) and isinstance(key, str) and key) or len(url) > LONGEST_URL:
        return None
    if file.get("is_external") or str(file.get("mode") or "hosted") != "hosted":
        return None
    size = file.get("size")
    return InboundFile(
        key=storable(key),
        kind=_kind_of(file),
        name=storable(_text(file, "name") or _text(file, "title")),
        content_type=storable(_text(file, "mimetype")),
        size=size if isinstance(size, int) and not isinstance(size, bool) else None,
        reference={URL: storable(url)},
    )


def _kind_of(file: dict[str, Any]) -> FileKind:
    start = "audio" if file.get("subtype") == "slack_audio" else _text(file, "mimetype").partition("/")[0]
    return FileKind(start) if start in {"image", "audio", "video"} else FileKind.DOCUMENT


def _text(file: dict[str, Any], name: str) -> str:
    value = file.get(name)
    return value if isinstance(value, str) else ""


def _words(file: dict[str, Any]) -> str:
    text = file.get(WITH_WORDS.get(str(file.get("mode")), "")) or _transcript(file)
    return escaped(text[:LONGEST_WORDS]) if isinstance(text, str) else ""


def _transcript(file: dict[str, Any]) -> Any:
    """Slack writes voice messages down; mostly that comes later than the event."""
    transcription = file.get("transcription")
    preview = transcription.get("preview") if isinstance(transcription, dict) else None
    return preview.get("content") if isinstance(preview, dict) else None


def _note(file: dict[str, Any], subject: str) -> str:
    if str(file.get("mode")) in {"tombstone", "hidden_by_limit"}:
        return f"[{subject} a file that is no longer there.]"
    kind, sense = _kind(file)
    name = _name(file)
    named = f"{kind}, “{name}”." if name else f"{kind}."
    return f"[{subject} {named} You cannot {sense} it.]" if not _words(file) else f"[{subject} {named}]"


def _kind(file: dict[str, Any]) -> tuple[str, str]:
    subtype, mimetype = str(file.get("subtype")), str(file.get("mimetype") or "")
    if subtype in CLIPS:
        return CLIPS[subtype]
    for start, kind, sense in KINDS:
        if mimetype.startswith(start):
            return kind, sense
    kind = _plain(file.get("pretty_type"))
    return (f"a file ({kind})" if kind else "a file"), "open"


def _name(file: dict[str, Any]) -> str:
    return _plain(file.get("name")) or _plain(file.get("title"))


def _plain(text: Any) -> str:
    """On one line, and not so long that it buries what was said."""
    return escaped(" ".join(text.split())[:LONGEST_NAME]) if isinstance(text, str) else ""
