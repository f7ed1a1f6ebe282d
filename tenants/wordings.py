"""Sentences that can be stored: a code and its parameters are kept, the words are made when somebody reads them.

An app declares each sentence once, where it is used:

    NO_KEY = Wording("agents.no_key", _("This installation has no key for %(provider)s."))

and stores NO_KEY(provider="openai") in a ReasonField. str() of it gives the words in the reader's language.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.functional import Promise
from django_stubs_ext import StrOrPromise

Detail = str | int | float | bool | None
LONGEST = 1_000
"""Characters of one parameter that are kept."""
WORDINGS: dict[str, "Wording"] = {}
"""All of them, by code."""


@dataclass(frozen=True)
class Reason:
    """A sentence as it is stored. An empty one (false) says nothing."""

    code: str = ""
    details: Mapping[str, Detail] = field(default_factory=dict)

    def __str__(self) -> str:
        """The words in the active language. A code that this version does not know stands for itself."""
        if not self.code:
            return ""
        wording = WORDINGS.get(self.code)
        return str(wording.words % dict(self.details)) if wording else self.code

    def __bool__(self) -> bool:
        return bool(self.code)


@dataclass(frozen=True)
class Wording:
    """A sentence's code, and its words with named placeholders, such as %(provider)s.

    words: a lazy translation, ngettext_lazy's too if it counts something. Call it with the placeholders' values to get
    what is stored. Raises ValueError if two sentences have one code, and KeyError if a placeholder has no value.
    """

    code: str
    words: StrOrPromise

    def __post_init__(self) -> None:
        if self.code in WORDINGS:
            raise ValueError(f"Two sentences have the code {self.code}: give one of them another.")
        WORDINGS[self.code] = self

    def __call__(self, **details: Detail) -> Reason:
        for name, value in details.items():
            if isinstance(value, Promise):
                raise TypeError(f"{name} of {self.code} is a translated text: keep a code instead.")
        reason = Reason(self.code, {name: _short(value) for name, value in details.items()})
        str(reason)  # a missing value fails here, not when somebody reads it
        return reason


class ReasonError(Exception):
    """An error whose sentence can be stored."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason

    def __str__(self) -> str:
        return str(self.reason)


NOTHING = Reason()
TOLD = Wording("told", "%(text)s")
"""What somebody else said, such as a provider's own error message or what staff typed: kept as it is."""


def codes_saying(text: str) -> list[str]:
    """Those whose words contain this text in the active language, whatever stands in place of the placeholders."""
    if text.isdigit():
        return []
    wanted = text.casefold()
    return [each.code for each in WORDINGS.values() if any(wanted in said.casefold() for said in _forms(each.words))]


def as_json(reason: Reason) -> dict[str, Any]:
    """What is stored of it."""
    return {"code": reason.code, "details": dict(reason.details)} if reason else {}


def from_json(stored: Mapping[str, Any] | None) -> Reason:
    """What was stored, or an empty one."""
    return Reason(stored["code"], stored.get("details") or {}) if stored and stored.get("code") else NOTHING


class _Blank(int):
    """Stands in place of any placeholder: as text it is a break that nobody can type."""

    def __str__(self) -> str:
        return "\0"


class _Blanks(dict[str, int]):
    def __missing__(self, name: str) -> int:
        return self["any"]


def _forms(words: StrOrPromise) -> set[str]:
    """For one thing and for two."""
    return {str(words % _Blanks(any=_Blank(number))) for number in (1, 2)}


def _short(value: Detail) -> Detail:
    """At most LONGEST characters, without what Postgres cannot store."""
    if not isinstance(value, str):
        return value
    return value[:LONGEST].replace("\0", "\ufffd").encode(errors="replace").decode()
