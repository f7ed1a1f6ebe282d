"""What one request to an LLM consists of, whoever the provider is."""

from collections.abc import Sequence
from dataclasses import dataclass

MESSAGE_OVERHEAD = 16
"""Tokens that a message costs beyond its text, counted from above."""


@dataclass(frozen=True)
class Message:
    """One message for the LLM, from a person or from the employee.

    said: what was said one after the other. notes, background: what stands before it, of ours and of what people said
    to each other.
    """

    is_from_employee: bool
    said: tuple[str, ...]
    notes: str = ""
    background: str = ""

    @property
    def text(self) -> str:
        """All of it."""
        before = "\n".join(filter(None, (self.notes, self.background)))
        return "\n\n".join(filter(None, (before, *self.said)))


@dataclass(frozen=True)
class Prompt:
    """All that one request to an LLM needs, detached from the database."""

    provider: str
    model: str
    system: str
    messages: Sequence[Message]
    max_output_tokens: int

    def most_input_tokens(self) -> int:
        """A true upper bound: byte-pair tokens are never shorter than a byte."""
        texts = [self.system, *(message.text for message in self.messages)]
        return sum(len(text.encode()) + MESSAGE_OVERHEAD for text in texts)
