"""Slack's own mrkdwn: what notifications show of an answer, and all of it where Slack takes no blocks.

https://docs.slack.dev/messaging/formatting-message-text
"""

from collections.abc import Sequence

from markdown_it.tree import SyntaxTreeNode as Node

from channels.providers.slack.outgoing import harmless
from channels.providers.writing.writer import Cut, Frame, Line, Writer, plain

FENCE = "```"
WIDEST_COLUMN = 40
URL_MARKS = str.maketrans({"&": "&amp;", "<": "%3C", ">": "%3E", "|": "%7C", " ": "%20"})


def escape(text: str) -> str:
    """Text that Slack shows as it is: neither a ping nor a link. It is escaped, so that it needs few word joiners."""
    escaped = text.replace(harmless.JOINER, "").replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return harmless.mentions(escaped)


class Mrkdwn(Writer):
    """It has neither headings, lists nor tables: bold lines, bullets and aligned columns stand for them."""

    bold = "*"
    italic = "_"
    strike = "~"
    list_step = "    "

    def words(self, text: str) -> str:
        return escape(text)

    def escaped(self, content: str, source: str) -> str:
        return escape(content)

    def inline_code(self, content: str) -> str:
        return f"`{escape(content).replace('`', chr(0x2018))}`"

    def link(self, label: str, shown: str, url: str) -> str:
        if not harmless.is_live(url):
            return f"{label} ({escape(url)})" if url and url != shown else label
        target = _target(url)
        if not shown.strip() or harmless.shows_another(shown, url):
            return f"{label} (<{target}>)".strip()
        return f"<{target}>" if shown == url else f"<{target}|{label.replace(chr(10), ' ')}>"

    def heading(self, level: int, text: str) -> str:
        return f"*{text.replace('*', '')}*"

    def marker(self, node: Node, number: int) -> str:
        return "• " if node.type == "bullet_list" else f"{number}. "

    def code(self, content: Sequence[str], info: str) -> list[Line]:
        frame = Frame(FENCE, FENCE, is_code=True)
        body = [Line(_in_fence(each), frame=frame) for each in content]
        return [Line(FENCE), *body, Line(FENCE, Cut.NEVER, frame)]

    def table(self, rows: Sequence[Sequence[Node]]) -> list[Line]:
        return self.code(_aligned([[plain(cell).strip() for cell in row] for row in rows]), "")


def _target(url: str) -> str:
    return harmless.address(url).translate(URL_MARKS)


def _in_fence(text: str) -> str:
    """Code cannot end its own fence."""
    return escape(text).replace(FENCE, harmless.JOINER.join(FENCE))


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Columns as wide as their widest cell, but no wider than 40: one long cell would blow up all the others."""
    widths = [min(max(map(len, column)), WIDEST_COLUMN) for column in zip(*rows, strict=False)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=False)).rstrip() for row in rows]
    rule = "  ".join("-" * width for width in widths)
    return [lines[0], rule, *lines[1:]]
