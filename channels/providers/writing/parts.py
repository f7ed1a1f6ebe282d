"""An answer in parts that a provider takes: cut at a paragraph, a line or a space, keeping what stands around it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from channels.providers.writing.writer import Cut, Line

CODE_INDENT = 4
"""As many spaces at a message's start would make a list's item a piece of code."""


def size(text: str) -> int:
    """Characters as JavaScript and Java count them: one beyond the basic plane is two."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def split(lines: Sequence[Line], limit: int) -> list[str]:
    """Parts of at most `limit` characters, in order. Code is closed and opened again, a table's head repeated."""
    packer = _Packer(limit)
    for line in lines:
        for piece in _pieces(line, limit - 2 * _room(line)):
            packer.add(piece)
    return packer.finish()


def joined(lines: Sequence[Line]) -> str:
    """All lines as one text."""
    return "".join(f"{line.glue if at else ''}{line.text}" for at, line in enumerate(lines))


def _room(line: Line) -> int:
    return size(line.frame.opening) + size(line.frame.closing) + 2 if line.frame else 0


def _pieces(line: Line, limit: int) -> Iterator[Line]:
    """A line that is longer than a message, cut at spaces, or anywhere."""
    if limit < 1:  # a table's head as long as a message: it is not repeated
        line, limit = replace(line, frame=None), limit + 2 * _room(line)
    rest, cut, glue = line.text, line.cut, line.glue
    start = 0
    while size(rest[start : start + limit]) > limit or len(rest) - start > limit:
        end = _end(rest, start, limit)
        yield Line(rest[start:end], cut, line.frame, glue)
        cut, glue = (Cut.SPACE if rest[end - 1] == " " else Cut.ANYWHERE), ""
        start = end
    yield Line(rest[start:], cut, line.frame, glue)


def _end(text: str, start: int, limit: int) -> int:
    end = start + limit
    while size(text[start:end]) > limit:
        end -= (size(text[start:end]) - limit + 1) // 2
    space = text.rfind(" ", start + limit // 2, end)
    return space + 1 if space > 0 else end


@dataclass
class _Packer:
    """Fills one part after the other."""

    limit: int
    parts: list[str] = field(default_factory=list)
    held: list[Line] = field(default_factory=list)
    is_continued: bool = False
    """Does the held part begin within a frame, so that its opening comes first?"""

    def __post_init__(self) -> None:
        self.length = 0

    def add(self, line: Line) -> None:
        length = size(line.text) + len(line.glue)
        ending = size(line.frame.closing) + 1 if line.frame else 0
        while self.held and self.length + length + ending > self.limit:
            self._cut_before(line)
        self.held.append(line)
        self.length += length

    def finish(self) -> list[str]:
        """All parts; what holds nothing but blank lines is none."""
        self._close(self.held, None)
        return self.parts

    def _cut_before(self, line: Line) -> None:
        """Close a part at the best place in its second half, and go on with what follows that."""
        at = self._best(line)
        rest = self.held[at:]
        following = rest[0] if rest else line
        self._close(self.held[:at], following)
        self.is_continued = _is_inside(self.held[at - 1], following)
        first = next((at for at, each in enumerate(rest) if each.text or each.frame), len(rest))
        self.held = rest = rest[first:]
        self.length = sum(size(each.text) + len(each.glue) for each in rest)
        self.length += size(following.frame.opening) + 1 if self.is_continued and following.frame else 0

    def _best(self, line: Line) -> int:
        """Where to cut: at the best place, of equal ones the last."""
        best, at, length = line.cut, len(self.held), 0
        for position, each in enumerate(self.held):
            if position and length > self.limit // 2 and each.cut < best:
                best, at = each.cut, position
            elif position and length > self.limit // 2 and each.cut == best and at != len(self.held):
                at = position
            length += size(each.text) + len(each.glue)
        return at

    def _close(self, lines: Sequence[Line], following: Line | None) -> None:
        texts: list[str] = []
        if self.is_continued and lines and (frame := lines[0].frame):
            texts.append(frame.opening + "\n")
        texts.append(joined(lines))
        if following and lines and _is_inside(lines[-1], following) and lines[-1].frame and lines[-1].frame.closing:
            texts.append("\n" + lines[-1].frame.closing)
        text = _moved_left("".join(texts).strip("\n"))
        if text.strip():
            self.parts.append(text)


def _is_inside(before: Line, after: Line) -> bool:
    """Do both belong to the same code or table?"""
    return before.frame is not None and after.frame is not None and before.frame == after.frame


def _moved_left(text: str) -> str:
    """A part that begins deep in a list: as far to the left as Markdown still reads it as a list."""
    indent = len(text) - len(text.lstrip(" "))
    if indent < CODE_INDENT:
        return text
    lines = text.split("\n")
    kept = next((at for at, each in enumerate(lines) if each and not each.startswith(" " * indent)), len(lines))
    return "\n".join([*(each[indent:] for each in lines[:kept]), *lines[kept:]])
