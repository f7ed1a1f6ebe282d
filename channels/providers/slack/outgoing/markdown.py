"""Markdown for Slack's markdown block.

https://docs.slack.dev/reference/block-kit/blocks/markdown-block
"""

import re
from collections.abc import Sequence

from markdown_it.tree import SyntaxTreeNode as Node

from channels.providers.slack.outgoing import harmless
from channels.providers.writing.writer import LANGUAGE, Cut, Frame, Line, Writer

BACKTICKS = re.compile("`+")
URL_MARKS = str.maketrans({"(": "%28", ")": "%29", " ": "%20", "\\": "%5C"})
"""What would end a link's target early."""
ALIGNMENTS = {"text-align:left": ":--", "text-align:center": ":-:", "text-align:right": "--:"}


class Markdown(Writer):
    """As the LLM wrote it, but harmless, with links in place, and each list item, row and line of code on its own."""

    bold = "**"
    italic = "*"
    strike = "~~"
    list_step = ""

    def words(self, text: str) -> str:
        return harmless.words(text)

    def escaped(self, content: str, source: str) -> str:
        return harmless.words(content) if content in {"<", "@"} else source

    def inline_code(self, content: str) -> str:
        fence = "`" * (_longest_run(content) + 1)
        pad = " " if content.startswith("`") or content.endswith("`") else ""
        return f"{fence}{pad}{harmless.code(content)}{pad}{fence}"

    def link(self, label: str, shown: str, url: str) -> str:
        if not harmless.is_live(url):
            return f"{label} ({harmless.words(url)})" if url and url != shown else label
        target = harmless.address(url).translate(URL_MARKS)
        if not shown.strip() or harmless.shows_another(shown, url):
            return f"{label} ([{harmless.words(url)}]({target}))".strip()
        return f"[{label}]({target})"

    def heading(self, level: int, text: str) -> str:
        return f"{'#' * level} {text}"

    def marker(self, node: Node, number: int) -> str:
        return f"{node.markup} " if node.type == "bullet_list" else f"{number}{node.markup} "

    def code(self, content: Sequence[str], info: str) -> list[Line]:
        fence = "`" * max(3, max(map(_longest_run, content)) + 1)
        language = LANGUAGE.match(info.strip())
        frame = Frame(fence + (language[0] if language else ""), fence, is_code=True)
        body = [Line(harmless.code(each), frame=frame) for each in content]
        body[0] = Line(body[0].text, Cut.NEVER, frame)
        return [Line(frame.opening), *body, Line(fence, Cut.NEVER, frame)]

    def table(self, rows: Sequence[Sequence[Node]]) -> list[Line]:
        head = self._row(rows[0])
        rule = f"| {' | '.join(ALIGNMENTS.get(str(cell.attrs.get('style')), '---') for cell in rows[0])} |"
        frame = Frame(f"{head}\n{rule}")
        body = [Line(self._row(row), Cut.LINE if at else Cut.NEVER, frame) for at, row in enumerate(rows[1:])]
        return [Line(head), Line(rule, Cut.NEVER, frame), *body]

    def _row(self, cells: Sequence[Node]) -> str:
        written = (self.inline(cell).replace("\n", " ").replace("|", "\\|") for cell in cells)
        return f"| {' | '.join(written)} |"


def _longest_run(text: str) -> int:
    return max((len(found[0]) for found in BACKTICKS.finditer(text)), default=0)
