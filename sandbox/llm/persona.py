"""Who the instructions say the assistant is, and the facts they give."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

NAME: Final = r"(?P<name>[A-Z][\w'-]*(?: [A-Z][\w'-]*){0,2})"
NAME_PATTERNS: Final = (
    re.compile(rf"\b[Yy]our name is {NAME}"),
    re.compile(rf"^\W*(?:[Nn]ame|NAME)\W*:\W*{NAME}", re.MULTILINE),
    re.compile(rf"\b[Yy]ou are {NAME}(?=,| \(|\.| the | an? |$)", re.MULTILINE),
    re.compile(rf"\b[Yy]ou are [^.\n]{{0,80}}?\b(?:named|called) {NAME}"),
)
ROLE_PATTERNS: Final = (
    re.compile(r"^\W*(?:role|position|job title|job)\W*:\W*(?P<role>[^\n.]+)", re.MULTILINE | re.IGNORECASE),
    re.compile(r"\b[Yy]our (?:role|job) is (?:to be )?(?:the |an? )?(?P<role>[^\n.;]+)"),
    re.compile(r"\b[Yy]ou are [^.,\n]{1,60}, (?:the |an? |our )?(?P<role>[^\n.;]+)"),
    re.compile(r"\b[Yy]ou are (?:the |an? |our )(?P<role>[^\n.,;]+)"),
)
ORDER: Final = re.compile(
    r"^(?:you are|you're|your (?:name|role|job)|name|role|position|be|"
    r"never|always|do not|don't|keep|answer|reply|respond|"
    r"stay|speak|use|write|greet|sign|today|the current|instructions|help|treat|ignore|conversation|channel)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Persona:
    """A name and a role (either may be empty), and the sentences that state facts."""

    name: str
    role: str
    facts: tuple[str, ...]

    @classmethod
    def of(cls, instructions: str) -> Persona:
        """Read instructions written for a model."""
        name, role = _first(NAME_PATTERNS, instructions, "name"), _first(ROLE_PATTERNS, instructions, "role")
        facts = tuple(sentence for sentence in sentences(instructions) if not ORDER.match(sentence))
        return cls(name, re.sub(rf"\s*\b(?:named|called) {re.escape(name)}.*", "", role) if name else role, facts)

    @property
    def introduction(self) -> str:
        """A clause for a greeting: `I'm Maya, customer support specialist`."""
        if self.name and self.role:
            return f"I'm {self.name}, {self.role}"
        return f"I'm {self.name}" if self.name else f"I'm your {self.role}" if self.role else "I'm your AI assistant"


def sentences(text: str) -> list[str]:
    """Sentences and list items, without their bullets."""
    lines = (re.sub(r"^[\s\-*•#>\d.)]*(?=[^\s\d])", "", line).strip() for line in text.splitlines())
    parts = (part.strip() for line in lines for part in re.split(r"(?<=[.!?])\s+(?=[A-Z\"“0-9])", line))
    return [part for part in parts if len(part.split()) > 2]


def _first(patterns: tuple[re.Pattern[str], ...], text: str, group: str) -> str:
    found = (match for pattern in patterns if (match := pattern.search(text)))
    match = next(found, None)
    return match[group].strip(" \"'*_") if match else ""
