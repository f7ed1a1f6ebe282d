"""A prompt that a model cannot read at once, made shorter: the newest of what was said stays."""

from collections.abc import Sequence
from dataclasses import replace

from agents.llm.request import Message, Prompt
from agents.runs.context import INDENT

KEPT = 4
"""One part of so many is kept: the model's limit is not known, and it is asked only once more."""
READABLE_BYTES = 4_000
"""Every model reads this much: who says otherwise was mistaken, and may answer the same."""
LEAST_BYTES = 2_000
"""Of a question so much is always kept; its instructions are cut before it is."""
GAP = f"\n{INDENT}[…]\n{INDENT}"
"""Indented, so that nothing of what a person wrote comes to stand at the margin."""


def shorter(prompt: Prompt) -> Prompt:
    """The same question with a quarter of what was said; where that is short already, with half of the instructions."""
    said = sum(_size(message.text) for message in prompt.messages)
    if said + _size(prompt.system) <= READABLE_BYTES:
        return prompt
    kept = _newest(prompt.messages, max(said // KEPT, LEAST_BYTES))
    if list(kept) != list(prompt.messages):
        return replace(prompt, messages=kept)
    return replace(prompt, system=_cut(prompt.system, _size(prompt.system) // 2))


def _newest(messages: Sequence[Message], room: int) -> Sequence[Message]:
    """The newest messages that fit; the last always, made shorter if it must be. The employee never begins."""
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
    """With the notes and without the background: the newest that fits of what was said, and the very last always."""
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
    """At most so many bytes, of its beginning and of its end."""
    raw = text.encode()
    if len(raw) <= room:
        return text
    half = (room - _size(GAP)) // 2
    return f"{raw[:half].decode(errors='ignore')}{GAP}{raw[-half:].decode(errors='ignore')}"


def _size(text: str) -> int:
    return len(text.encode())
