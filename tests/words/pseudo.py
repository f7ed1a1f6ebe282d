"""A language in which every marked sentence stands in brackets: what stands outside of them is not marked."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from html.parser import HTMLParser

from django.utils import translation
from django.utils.translation import trans_real

LANGUAGE = "eo"
OPEN, CLOSE = "\u27e6", "\u27e7"
READ_BY_PEOPLE = {"alt", "aria-description", "aria-label", "label", "placeholder", "title"}
LETTER = re.compile(r"[^\W\d_]")


class _Bracketed:
    """Gives every message back in brackets."""

    def gettext(self, message: str) -> str:
        return f"{OPEN}{message.rpartition(chr(4))[2]}{CLOSE}"

    def ngettext(self, singular: str, plural: str, number: int) -> str:
        return self.gettext(singular if number == 1 else plural)

    def language(self) -> str:
        return LANGUAGE

    def to_language(self) -> str:
        return LANGUAGE


@contextmanager
def bracketed() -> Iterator[None]:
    """The language is active in this thread."""
    known: dict[str, object] = vars(trans_real)["_translations"]
    before = known.pop(LANGUAGE, None)
    known[LANGUAGE] = _Bracketed()
    try:
        with translation.override(LANGUAGE):
            yield
    finally:
        del known[LANGUAGE]
        if before:
            known[LANGUAGE] = before


def outside(page: str) -> list[str]:
    """The texts of an HTML page that no brackets enclose, without those of no letters."""
    reader = _Reader()
    reader.feed(page)
    reader.close()
    return [text for text in (each.strip() for each in reader.found) if LETTER.search(text)]


class _Reader(HTMLParser):
    """Brackets may begin in one element and end in another."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.depth, self.hidden, self.found = 0, 0, list[str]()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.hidden += tag in {"script", "style", "code"}
        if not self.depth:
            for name, value in attrs:
                if name in READ_BY_PEOPLE and value:
                    self.found += _outside(value, 0)[0]

    def handle_endtag(self, tag: str) -> None:
        self.hidden -= tag in {"script", "style", "code"}

    def handle_data(self, data: str) -> None:
        if not self.hidden:
            texts, self.depth = _outside(data, self.depth)
            self.found += texts


def _outside(text: str, depth: int) -> tuple[list[str], int]:
    texts = [""]
    for each in text:
        if each == OPEN:
            depth += 1
            texts.append("")
        elif each == CLOSE:
            depth -= 1
        elif depth == 0:
            texts[-1] += each
    return texts, depth
