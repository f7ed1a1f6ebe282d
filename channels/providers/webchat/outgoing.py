"""An answer's Markdown as plain text, as the page shows it: lines, lists, and links with their addresses."""

from collections.abc import Sequence

from markdown_it.tree import SyntaxTreeNode as Node

from channels.providers.writing import parts
from channels.providers.writing.writer import Line, Writer, plain

LONGEST = 16_000
"""Characters in one part of an answer."""


class PlainText(Writer):
    """Formatting is left out."""

    bold = italic = strike = ""
    list_step = "  "

    def words(self, text: str) -> str:
        return text

    def escaped(self, content: str, source: str) -> str:
        return content

    def inline_code(self, content: str) -> str:
        return content

    def link(self, label: str, shown: str, url: str) -> str:
        """Where it leads is always there to read."""
        target = url.removeprefix("mailto:")
        return label if not url or shown.strip() in {url, target} else f"{label} ({target})".strip()

    def heading(self, level: int, text: str) -> str:
        return text

    def marker(self, node: Node, number: int) -> str:
        return "• " if node.type == "bullet_list" else f"{number}. "

    def code(self, content: Sequence[str], info: str) -> list[Line]:
        return [Line(each) for each in content]

    def table(self, rows: Sequence[Sequence[Node]]) -> list[Line]:
        """On a phone no column fits: a row is a line."""
        return [Line(" | ".join(plain(cell).strip() for cell in row)) for row in rows]


def split(answer: str) -> Sequence[str]:
    """An answer in parts; at least one."""
    lines = PlainText().document(answer) or [Line(each) for each in answer.split("\n")]
    return parts.split(lines, LONGEST) or [""]
