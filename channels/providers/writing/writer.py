"""An LLM's Markdown, parsed and written again line by line, in whatever a provider shows formatted text."""

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from itertools import accumulate

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markdown_it.tree import SyntaxTreeNode as Node

# Without text_join, what was escaped in the source stays apart from what was not, and can be written as it was.
PARSER = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"]).disable("text_join")
BREAK = re.compile(r"<br\s{0,3}/?>", re.IGNORECASE)
"""The one tag that LLMs do write."""
DEEPEST = 40
"""Formatting within formatting: deeper than this is nobody's style, and would exhaust the stack."""
DEEPEST_BLOCK = 18
"""Quotes and lists within each other: from 20 on the parser leaves out what is in them."""
LANGUAGE = re.compile(r"[\w+#.-]{1,30}")


class Cut(IntEnum):
    """How good a place to begin a new message is: before a paragraph best, within a word worst."""

    PARAGRAPH = 0
    AFTER_HEADING = 1
    ITEM = 2
    LINE = 3
    SPACE = 4
    ANYWHERE = 5
    NEVER = 6


@dataclass(frozen=True)
class Frame:
    """What a piece of code or a table needs around it in each message that it is spread over."""

    opening: str
    closing: str = ""
    is_code: bool = False


@dataclass(frozen=True)
class Line:
    """A line as written. cut: how good it is to begin a message with it; glue: what parts it from the one before."""

    text: str
    cut: Cut = Cut.LINE
    frame: Frame | None = None
    glue: str = "\n"

    def after(self, prefix: str) -> "Line":
        """The same line further right: in a list or a quote, as is what its frame adds."""
        if self.frame is None:
            return replace(self, text=prefix + self.text if self.text else prefix.rstrip())
        opening = "\n".join(prefix + each for each in self.frame.opening.split("\n"))
        closing = prefix + self.frame.closing if self.frame.closing else ""
        return replace(self, text=prefix + self.text, frame=Frame(opening, closing, self.frame.is_code))


BLANK = Line("", Cut.NEVER)


class Writer(ABC):
    """Walks a parsed document. What differs between providers is in those that inherit from it."""

    bold: str
    italic: str
    strike: str
    list_step: str
    """How far a list in a list is moved to the right; empty: as far as its marker is wide."""

    def document(self, text: str) -> list[Line]:
        """All lines of an answer; one that is nested beyond all sense stays unformatted."""
        tokens = PARSER.parse(text)
        if any(token.level >= DEEPEST_BLOCK or _depth(token.children or []) > DEEPEST for token in tokens):
            return [Line(self.words(each)) for each in text.split("\n")]
        return self.blocks(Node(tokens).children)

    def blocks(self, nodes: Iterable[Node], *, is_tight: bool = False) -> list[Line]:
        """Blocks one below the other, with a blank line between them unless they are a tight list's."""
        lines: list[Line] = []
        cut = Cut.PARAGRAPH
        for node in nodes:
            written = self.block(node)
            if written and lines and not is_tight:
                lines.append(BLANK)
            if written:
                lines += [replace(written[0], cut=min(cut, written[0].cut) if lines else cut), *written[1:]]
                cut = Cut.AFTER_HEADING if node.type == "heading" else Cut.PARAGRAPH
        return lines

    def block(self, node: Node) -> list[Line]:
        """One block's lines."""
        match node.type:
            case "heading":
                return [Line(self.heading(int(node.tag[1]), " ".join(self.inline(node).split("\n"))))]
            case "bullet_list" | "ordered_list":
                return self.items(node)
            case "blockquote":
                return [line.after("> ") for line in self.blocks(node.children)]
            case "fence" | "code_block":
                return self.code(node.content.removesuffix("\n").split("\n"), node.info)
            case "table":
                return self.table(list(_rows(node)))
            case "hr":
                return [Line("---")]
            case _:
                return [Line(each) for each in self.inline(node).split("\n")]

    def items(self, node: Node) -> list[Line]:
        """A list's items, each with its own marker, so that a list which is cut goes on with the right number."""
        number = int(node.attrs.get("start", 1))
        lines: list[Line] = []
        for position, item in enumerate(node.children):
            is_tight = all(child.hidden for child in item.children if child.type == "paragraph")
            written = self.blocks(item.children, is_tight=is_tight) or [Line("")]
            lines += [BLANK] if lines and not is_tight else []
            lines += self._item(self.marker(node, number + position), written)
        return lines

    def _item(self, marker: str, written: Sequence[Line]) -> Iterator[Line]:
        step = self.list_step or " " * len(marker)
        first = written[0].after(" " * len(marker))
        yield replace(first, text=marker + first.text[len(marker) :], cut=Cut.ITEM)
        for line in written[1:]:
            moved = line.after(step) if line.text else line
            yield replace(moved, cut=max(moved.cut, Cut.LINE))

    def inline(self, node: Node) -> str:
        """A paragraph's, a heading's or a cell's text."""
        return "".join(self._inline(child) for child in node.children)

    def _inline(self, node: Node) -> str:
        marks = {"strong": self.bold, "em": self.italic, "s": self.strike}
        if mark := marks.get(node.type, ""):
            return f"{mark}{self.inline(node)}{mark}"
        match node.type:
            case "text":
                return "\n".join(self.words(each) for each in BREAK.split(node.content))
            case "text_special":
                return self.escaped(node.content, node.markup)
            case "code_inline":
                return self.inline_code(node.content)
            case "link" | "image":
                return self._link(node)
            case "softbreak" | "hardbreak":
                return "\n"
            case _:
                return self.inline(node)

    def _link(self, node: Node) -> str:
        """A picture is a link: fetching it would carry away whatever its address holds."""
        shown, url = plain(node), str(node.attrs.get("href") or node.attrs.get("src") or "")
        if node.markup == "autolink" and "|" in shown:  # some LLMs write links in Slack's own way
            url, _, shown = shown.partition("|")
            return self.link(self.words(shown), shown, url)
        label = self.inline(node) if node.type == "link" else self.words(shown)
        return self.link(label, shown, url)

    @abstractmethod
    def words(self, text: str) -> str:
        """Prose."""

    @abstractmethod
    def escaped(self, content: str, source: str) -> str:
        """A character that the source wrote as an escape or an entity."""

    @abstractmethod
    def inline_code(self, content: str) -> str:
        """Code within a line."""

    @abstractmethod
    def link(self, label: str, shown: str, url: str) -> str:
        """A link. label: as written here; shown: as read, for comparing it with where it leads."""

    @abstractmethod
    def heading(self, level: int, text: str) -> str:
        """A heading's line."""

    @abstractmethod
    def marker(self, node: Node, number: int) -> str:
        """What stands before an item of this list."""

    @abstractmethod
    def code(self, content: Sequence[str], info: str) -> list[Line]:
        """Lines of code. info: what follows the opening fence, first of all the language."""

    @abstractmethod
    def table(self, rows: Sequence[Sequence[Node]]) -> list[Line]:
        """A table, the head first."""


def _depth(tokens: Sequence[Token]) -> int:
    return max(accumulate(token.nesting for token in tokens), default=0)


def plain(node: Node) -> str:
    """What is read of inline text: without formatting."""
    if node.children:
        return "".join(plain(child) for child in node.children)
    return " " if node.type in {"softbreak", "hardbreak"} else node.content


def _rows(table: Node) -> Iterator[Sequence[Node]]:
    for section in table.children:
        for row in section.children:
            yield row.children
