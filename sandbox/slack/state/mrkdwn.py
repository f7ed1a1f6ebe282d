"""Text as typed, as Slack stores it, and as a page shows it. https://docs.slack.dev/messaging/formatting-message-text"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from sandbox.html import Html, join, tag
from sandbox.slack.state.records import Person

MENTION: Final = re.compile(r"<@([A-Z0-9]+)(?:\|[^>]*)?>")
PIECE: Final = re.compile(
    r"```\n?(?P<pre>.+?)```|`(?P<code>[^`\n]+)`|<@(?P<user>[A-Z0-9]+)(?:\|[^>]*)?>|<#(?P<channel>[A-Z0-9]+)(?:\|(?P<cname>[^>]*))?>"
    r"|<(?P<url>https?://[^|>\s]+)(?:\|(?P<label>[^>]+))?>|(?<![\w*])\*(?P<bold>[^*\n]+)\*(?![\w*])|(?<!\w)_(?P<italic>[^_\n]+)_(?!\w)"
    r"|(?<!\w)~(?P<strike>[^~\n]+)~(?!\w)",
    re.DOTALL,
)


def typed(text: str, people: Iterable[Person]) -> str:
    """Escape what a person typed, and turn `@name` into a mention."""
    stored = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    for person in people:
        for name in (person.real_name, person.handle):
            stored = re.sub(rf"@{re.escape(name)}\b", f"<@{person.id}>", stored, flags=re.IGNORECASE)
    return stored


def untyped(text: str, names: Mapping[str, str]) -> str:
    """What a person would have typed to get a stored text, to prefill an edit."""
    shown = MENTION.sub(lambda match: "@" + names.get(match[1], match[1]), text)
    return unescaped(shown)


def unescaped(text: str) -> str:
    """Undo Slack's three escapes."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def mentions(text: str, user: str) -> bool:
    """Whether a stored text mentions that user."""
    return user in MENTION.findall(text)


def rich_text(text: str, block_id: str) -> list[dict[str, Any]]:
    """The rich_text block that Slack adds to messages sent as text."""
    elements: list[dict[str, Any]] = []
    position = 0
    for match in MENTION.finditer(text):
        elements += _plain(text[position : match.start()])
        elements.append({"type": "user", "user_id": match[1]})
        position = match.end()
    elements += _plain(text[position:])
    return [
        {"type": "rich_text", "block_id": block_id, "elements": [{"type": "rich_text_section", "elements": elements}]}
    ]


def _plain(text: str) -> list[dict[str, Any]]:
    return [{"type": "text", "text": unescaped(text)}] if text else []


def shown(text: str, names: Mapping[str, str], channels: Mapping[str, str]) -> Html:
    """A stored text as HTML: bold, italic, strike, code, links, mentions, line breaks."""
    pieces: list[Html] = []
    position = 0
    for match in PIECE.finditer(text):
        pieces += [_lines(text[position : match.start()]), _piece(match, names, channels)]
        position = match.end()
    return join(*pieces, _lines(text[position:]))


def _piece(match: re.Match[str], names: Mapping[str, str], channels: Mapping[str, str]) -> Html:
    kind, value = match.lastgroup or "", match[match.lastgroup or 0]
    if match["user"]:
        return tag("span", "@" + names.get(match["user"], match["user"]), class_="mention")
    if match["channel"]:
        return tag("span", "#" + (match["cname"] or channels.get(match["channel"], match["channel"])), class_="mention")
    if match["url"]:
        return tag("a", unescaped(match["label"] or match["url"]), href=unescaped(match["url"]), rel="noreferrer")
    names_of_tags = {"pre": "pre", "code": "code", "bold": "strong", "italic": "em", "strike": "s"}
    inner = shown(value, names, channels) if kind in ("bold", "italic", "strike") else unescaped(value)
    return tag(names_of_tags[kind], inner)


def _lines(text: str) -> Html:
    lines = unescaped(text).split("\n")
    return join(lines[0], *(part for line in lines[1:] for part in (tag("br"), line)))
