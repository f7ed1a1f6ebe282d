"""An answer's Markdown as WhatsApp shows text: *bold*, _italic_, ~struck~, `code`, quotes and lists.

https://faq.whatsapp.com/539178204879377 - a link is shown with its address, since WhatsApp knows no other.
"""

from collections.abc import Sequence

from markdown_it.tree import SyntaxTreeNode as Node

from channels.providers.writing import parts
from channels.providers.writing.writer import Cut, Frame, Line, Writer, plain

LONGEST = 4_096
"""Characters in a text message."""
FENCE = "```"
LOOKALIKE = "\u2018" * 3


class WhatsAppText(Writer):
    """It has neither headings nor tables: bold lines and rows with separators stand for them."""

    bold = "*"
    italic = "_"
    strike = "~"
    list_step = "  "

    def words(self, text: str) -> str:
        return text

    def escaped(self, content: str, source: str) -> str:
        return content

    def inline_code(self, content: str) -> str:
        return f"`{content.replace('`', LOOKALIKE[0])}`"

    def link(self, label: str, shown: str, url: str) -> str:
        target = url.removeprefix("mailto:")
        return label if not url or shown.strip() in {url, target} else f"{label} ({target})".strip()

    def heading(self, level: int, text: str) -> str:
        return f"*{text.replace('*', '')}*"

    def marker(self, node: Node, number: int) -> str:
        return "- " if node.type == "bullet_list" else f"{number}. "

    def code(self, content: Sequence[str], info: str) -> list[Line]:
        frame = Frame(FENCE, FENCE, is_code=True)
        body = [Line(each.replace(FENCE, LOOKALIKE), frame=frame) for each in content]
        return [Line(FENCE), *body, Line(FENCE, Cut.NEVER, frame)]

    def table(self, rows: Sequence[Sequence[Node]]) -> list[Line]:
        """On a phone no column fits: a row is a line."""
        return [Line(" | ".join(plain(cell).strip() for cell in row)) for row in rows]


def split(answer: str) -> Sequence[str]:
    """An answer in parts that fit into a message each; at least one."""
    lines = WhatsAppText().document(answer) or [Line(each) for each in answer.split("\n")]
    return parts.split(lines, LONGEST) or [""]
