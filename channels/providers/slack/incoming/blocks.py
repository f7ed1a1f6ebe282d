"""What people read in Slack's blocks, as mrkdwn: the one form in which all that was said is read further.

https://docs.slack.dev/reference/block-kit/blocks
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import count
from typing import Any

DEEPEST = 12
"""Slack's own blocks are nested four or five deep."""
MOST_ITEMS = 100_000


def mrkdwn_of(blocks: Any) -> str:
    """The words of blocks, one block a line. What is no block, or has no words, leaves nothing."""
    return _lines(_block(each, 0) for each in _items(blocks))


def has_other_than_typed(blocks: Any) -> bool:
    """Is there a block with words that nobody types in Slack? Slack shows blocks then, and its text is a summary."""
    return bool(mrkdwn_of([each for each in _items(blocks) if each.get("type") != "rich_text"]))


def escaped(text: Any) -> str:
    """Plain text as mrkdwn."""
    plain = text if isinstance(text, str) else ""
    return plain.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def label(text: Any) -> str:
    """A text object, or a bare string, as mrkdwn. https://docs.slack.dev/reference/block-kit/composition-objects/text-object"""
    if isinstance(text, dict):
        words = text.get("text")
        return words if text.get("type") == "mrkdwn" and isinstance(words, str) else escaped(words)
    return escaped(text)


def _items(found: Any) -> list[dict[str, Any]]:
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _lines(parts: Iterable[str]) -> str:
    return "\n".join(part for part in parts if part.strip())


def _block(block: dict[str, Any], depth: int) -> str:
    if depth > DEEPEST:
        return ""
    return BLOCKS.get(str(block.get("type")), _unknown)(block, depth)


def _rich_text(block: dict[str, Any], depth: int) -> str:
    return _lines(_block(each, depth + 1) for each in _items(block.get("elements")))


def _inline(block: dict[str, Any], depth: int) -> str:
    return "".join(_element(each) for each in _items(block.get("elements")))


def _quoted(block: dict[str, Any], depth: int) -> str:
    return "\n".join(f"&gt; {line}" for line in _inline(block, depth).split("\n"))


def _list(block: dict[str, Any], depth: int) -> str:
    indent = block.get("indent")
    indented = "    " * min(indent, 8) if isinstance(indent, int) and indent > 0 else ""
    return "\n".join(
        f"{indented}{mark} {item}" for mark, item in zip(_marks(block), _list_items(block, depth), strict=False)
    )


def _marks(block: dict[str, Any]) -> Iterator[str]:
    offset = block.get("offset")
    for number in count(1 + (offset if isinstance(offset, int) and 0 < offset < MOST_ITEMS else 0)):
        yield f"{number}." if block.get("style") == "ordered" else "•"


def _list_items(block: dict[str, Any], depth: int) -> list[str]:
    return [_block(each, depth + 1) for each in _items(block.get("elements"))]


def _element(element: dict[str, Any]) -> str:
    """One piece of rich text. https://docs.slack.dev/reference/block-kit/blocks/rich-text-block"""
    render = ELEMENTS.get(str(element.get("type")))
    return render(element) if render else label(element.get("text"))


def _id(element: dict[str, Any], name: str) -> str:
    found = element.get(name)
    return found if isinstance(found, str) and found.isascii() and found.isalnum() else ""


def _link(element: dict[str, Any]) -> str:
    url, words = escaped(element.get("url")), escaped(element.get("text"))
    return f"<{url}|{words}>" if words and url else f"<{url}>" if url else words


def _mention(sign: str, name: str) -> Callable[[dict[str, Any]], str]:
    def mention(element: dict[str, Any]) -> str:
        found = _id(element, name)
        return f"<{sign}{found}>" if found else ""

    return mention


def _section(block: dict[str, Any], depth: int) -> str:
    fields = block.get("fields")
    return _lines([label(block.get("text")), *(label(each) for each in (fields if isinstance(fields, list) else []))])


def _context(block: dict[str, Any], depth: int) -> str:
    return " ".join(
        filter(None, (label(each) or escaped(each.get("alt_text")) for each in _items(block.get("elements"))))
    )


def _markdown(block: dict[str, Any], depth: int) -> str:
    text = block.get("text")
    return text if isinstance(text, str) else ""


def _table(block: dict[str, Any], depth: int) -> str:
    rows = block.get("rows")
    return _lines(_row(row, depth) for row in (rows if isinstance(rows, list) else []))


def _row(row: Any, depth: int) -> str:
    return " | ".join(_block(cell, depth + 1) for cell in _items(row))


def _picture(block: dict[str, Any], depth: int) -> str:
    words = label(block.get("title")) or escaped(block.get("alt_text"))
    return f"[A picture: {words}. You cannot see it.]" if words else "[A picture. You cannot see it.]"


def _video(block: dict[str, Any], depth: int) -> str:
    words = _lines([label(block.get("title")), label(block.get("description"))])
    return f"[A video: {words}. You cannot watch it.]" if words else "[A video. You cannot watch it.]"


def _call(block: dict[str, Any], depth: int) -> str:
    return "[A call. You cannot join it.]"


def _controls(block: dict[str, Any], depth: int) -> str:
    """Buttons and menus: to be pressed, not read."""
    return ""


def _unknown(block: dict[str, Any], depth: int) -> str:
    """A kind that came later than this code: whatever is called text or title, and what is inside."""
    words = [label(block.get(name)) for name in ("title", "text", "description")]
    inside = [_block(each, depth + 1) for name in ("elements", "fields", "tasks") for each in _items(block.get(name))]
    return _lines([*words, *inside])


Render = Callable[[dict[str, Any], int], str]
BLOCKS: dict[str, Render] = {
    "rich_text": _rich_text,
    "rich_text_section": _inline,
    "rich_text_preformatted": _inline,
    "rich_text_quote": _quoted,
    "rich_text_list": _list,
    "section": _section,
    "context": _context,
    "markdown": _markdown,
    "table": _table,
    "image": _picture,
    "video": _video,
    "call": _call,
    "actions": _controls,
    "context_actions": _controls,
    "divider": _controls,
    "file": _controls,
}
"""How a kind of block reads; header, input and what is unknown: by their text and title."""

ELEMENTS: dict[str, Callable[[dict[str, Any]], str]] = {
    "link": _link,
    "user": _mention("@", "user_id"),
    "channel": _mention("#", "channel_id"),
    "usergroup": _mention("!subteam^", "usergroup_id"),
    "broadcast": _mention("!", "range"),
    "emoji": lambda element: f":{name}:" if (name := escaped(element.get("name"))) else "",
    "date": lambda element: escaped(element.get("fallback")),
    "color": lambda element: escaped(element.get("value")),
}
