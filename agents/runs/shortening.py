"""Makes a prompt shorter that a model cannot read at once: the newest messages stay."""

from collections.abc import Sequence
from dataclasses import replace

from agents.llm.request import Message, Prompt
from agents.runs.context import INDENT

KEPT = 4
"""A quarter is kept: the model's limit is not known, and it is asked only once more."""
READABLE_BYTES = 4_000
"""Every model reads this much: one that says otherwise is wrong, and is asked the same again."""
LEAST_BYTES = 2_000
"""At least this much of a question is kept; the instructions are cut first."""
GAP = f"\n{INDENT}[…]\n{INDENT}"
"""Indented, so that nothing that a person wrote stands at the margin."""


def shorter(prompt: Prompt) -> Prompt:
    """The same question with a quarter of the messages; if those are short already, with half of the instructions."""
    said = sum(_size(message.text) for message in prompt.messages)
    if said + _size(prompt.system) <= READABLE_BYTES:
        return prompt
    kept = _newest(prompt.messages, max(said // KEPT, LEAST_BYTES))
    if list(kept) != list(prompt.messages):
        return replace(prompt, messages=kept)
    return replace(prompt, system=_cut(prompt.system, _size(prompt.system) // 2))


def _newest(messages: Sequence[Message], room: int) -> Sequence[Message]:
    """The newest messages that fit. The last is always among them, cut if need be. The employee never begins."""
    kept: list[Message] = []
    for each in reversed(messages):
        message = each if kept else _last(each, room)
        room -= _size(message.text)
        if kept and room < 0:
            break
        kept.insert(0, message)
    while len(kept) > 1 and kept[0].is_from_employee:
        kept.pop(0)
    return kept


def _last(message: Message, room: int) -> Message:
    """The notes and the newest texts that fit, without the background. The very last text is always among them."""
    left = max(room - _size(message.notes), LEAST_BYTES // 2)
    kept: list[str] = []
    for each in reversed(message.said):
        text = each if kept else _cut(each, left)
        left -= _size(text)
        if kept and left < 0:
            break
        kept.insert(0, text)
    return replace(message, said=tuple(kept), background="")


def _cut(text: str, room: int) -> str:
    """At most this many bytes, from its beginning and its end."""
    raw = text.encode()
    if len(raw) <= room:
        return text
    half = (room - _size(GAP)) // 2
    return f"{raw[:half].decode(errors='ignore')}{GAP}{raw[-half:].decode(errors='ignore')}"


def _size(text: str) -> int:
    return len(text.encode())
