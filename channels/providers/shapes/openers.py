"""Messages that a provider takes at any time: texts that it approved before, with blanks to fill in (templates)."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field

KEY = "template"
"""Under this name a delivery's address keeps the template that is sent there, as JSON."""


@dataclass(frozen=True)
class Blank:
    """A place in a template's text to fill in. name: as it stands between its braces. example: the provider's."""

    name: str
    example: str = ""


@dataclass(frozen=True)
class Template:
    """What a provider approved, or may approve yet.

    category, state: in words. is_approved: may it be sent? problem: why it cannot be sent from here all the same.
    header, body, footer: with blanks as {{name}}; header_blanks and body_blanks are those to fill in, in order.
    buttons: what stands on them. is_named: are blanks filled by their names, or in order?
    """

    name: str
    language: str
    category: str
    state: str
    is_approved: bool
    body: str
    header: str = ""
    footer: str = ""
    header_blanks: Sequence[Blank] = ()
    body_blanks: Sequence[Blank] = ()
    buttons: Sequence[str] = ()
    is_named: bool = False
    problem: str = ""

    @property
    def can_be_sent(self) -> bool:
        return self.is_approved and not self.problem


@dataclass(frozen=True)
class Filled:
    """A template with its blanks filled in, by their names in the template's order: what the provider is asked for."""

    name: str
    language: str
    is_named: bool = False
    header: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, str] = field(default_factory=dict)

    def as_json(self) -> str:
        """As an address keeps it."""
        return json.dumps(asdict(self))


def of(address: Mapping[str, str]) -> Filled | None:
    """The template that a delivery's address brings along; None for free text."""
    kept = address.get(KEY)
    return Filled(**json.loads(kept)) if kept else None


def blanks_in(text: str) -> list[str]:
    """The names of a text's blanks, each once, in the order in which they stand there."""
    return list(dict.fromkeys(name for _words, name in _pieces(text) if name))


def fill(text: str, values: Mapping[str, str]) -> str:
    """The text with its blanks filled in. What is filled in is not looked at again."""
    return "".join(values.get(name, words) for words, name in _pieces(text))


def _pieces(text: str) -> Iterator[tuple[str, str]]:
    """Parts of a text as they stand there, each with the name of its blank if it is one."""
    first, *rest = text.split("{{")
    yield first, ""
    for each in rest:
        inside, closed, after = each.partition("}}")
        name = inside.strip()
        if closed and name.replace("_", "").isalnum():
            yield f"{{{{{inside}}}}}", name
            yield after, ""
        else:
            yield f"{{{{{each}", ""
