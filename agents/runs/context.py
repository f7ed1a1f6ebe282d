"""What an LLM is told around a conversation: when and where it is, who speaks, and what people said to each other.

What changes from answer to answer is in the last message, so that everything before it can be cached byte for byte.
Names and texts come from outside. Only we write lines that begin at the margin: a name has no line breaks or marks,
and every line of a text but the first is indented, so that nobody can speak for somebody else.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from unicodedata import category, normalize
from uuid import UUID

from agents.models import Turn

SOMEBODY = "a person"
"""Somebody whose name is not known."""
LONGEST_NAME = 60
MOST_NAMED = 8
"""People named as asking. Everybody's name also stands before what they said."""
REMARKS_BYTES = 6_000
REMARK = 1_000
"""Characters of one remark; the rest is left out."""
INDENT = "  "
MENTION = re.compile(r"@\w+")
UNFIT_KINDS = {"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp", "Ps", "Pe"}
"""Unicode's categories of what ends a line, is not seen, or is a bracket."""
UNFIT = set(':;"`|#*~=/\\@!<>\N{FULLWIDTH COLON}\N{FULLWIDTH SEMICOLON}')


@dataclass(frozen=True)
class Remark:
    """Something that people said to each other in the same thread."""

    speaker: str
    text: str


@dataclass(frozen=True)
class Scene:
    """Where, when and with whom an answer is given.

    now: in the workspace's time zone. speakers: who said a turn, by its id; missing where nobody knows.
    mentions: what stands for a mention in the texts, such as @Ben for @U0123.
    remarks: what was said to others in this thread, oldest first.
    needs_function: the channel allows no assistant for anything and everything, only one with a business function.
    """

    channel: str
    now: datetime
    speakers: Mapping[UUID, str] = field(default_factory=dict)
    mentions: Mapping[str, str] = field(default_factory=dict)
    remarks: Sequence[Remark] = ()
    needs_function: bool = False

    def speaker_of(self, turn: Turn) -> str:
        """Who said it, as the LLM is told."""
        return self.speakers.get(turn.id, SOMEBODY)

    def readable(self, text: str) -> str:
        """A text with names in place of ids."""
        return MENTION.sub(lambda found: self.mentions.get(found[0], found[0]), text)


def names_for(given: Mapping[str, str], taken: Iterable[str] = ()) -> dict[str, str]:
    """A name for each person, by id, that is safe to put before what they said and that nobody else has.

    given: what they call themselves, empty where that is unknown. taken: names that none of them may have.
    """
    names: dict[str, str] = {}
    used = {each.casefold(): 1 for each in taken}
    for person, name in given.items():
        names[person] = _free(safe_name(name), used)
    return names


def safe_name(name: str) -> str:
    """One line of letters, digits and harmless marks, which can neither end a line nor look like a heading."""
    fit = (" " if each in UNFIT or category(each) in UNFIT_KINDS else each for each in normalize("NFKC", name))
    return " ".join("".join(fit).split())[:LONGEST_NAME].strip(" .,'-") or SOMEBODY


def _free(name: str, used: dict[str, int]) -> str:
    """A name that nobody has yet, noted as used. used: by name, the number that the last one with it got."""
    base, free = name.casefold(), name
    while free.casefold() in used:
        used[base] = used.get(base, 1) + 1
        free = f"{name} ({used[base]})"
    used.setdefault(free.casefold(), 1)
    return free


def spoken(speaker: str, text: str) -> str:
    """What somebody said, under their name."""
    return f"{speaker}: " + f"\n{INDENT}".join(text.splitlines())


def notes(scene: Scene, asking: Iterable[str]) -> str:
    """What stands before the last message. asking: who waits for the answer."""
    when = f"{scene.now:%A}, {scene.now.day} {scene.now:%B %Y, %H:%M}"
    lines = [f"[Now: {when}, time zone {scene.now.tzinfo}]", f"[Channel: {scene.channel}]"]
    people = list(dict.fromkeys(asking))
    if people:
        more = [f"{len(people) - MOST_NAMED} more"] if len(people) > MOST_NAMED else []
        lines.append(f"[Speaking to you: {', '.join([*people[:MOST_NAMED], *more])}]")
    return "\n".join(lines)


def background(scene: Scene) -> str:
    """What people said to each other before, as such; empty if they did not."""
    remarks = _fitting(scene)
    if not remarks:
        return ""
    said = (f"{INDENT}{remark}".replace("\n", f"\n{INDENT}") for remark in remarks)
    head = "[Earlier talk in this thread, not addressed to you, for background only:]"
    return "\n".join([head, *said, "[End of it]"])


def _fitting(scene: Scene) -> list[str]:
    """The newest remarks that fit, oldest first."""
    kept: list[str] = []
    room = REMARKS_BYTES
    for remark in reversed(scene.remarks):
        text = scene.readable(remark.text)
        written = spoken(remark.speaker, text if len(text) <= REMARK else f"{text[:REMARK]} …")
        room -= len(written.encode())
        if room < 0:
            break
        kept.append(written)
    return kept[::-1]
