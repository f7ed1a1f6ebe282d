"""Token counts: simple, deterministic, and close enough to a real tokenizer's (about four characters a token)."""

from __future__ import annotations

import hashlib
import re
from collections import OrderedDict
from collections.abc import Sequence
from typing import Final

PIECE: Final = re.compile(r"\s*(?:\w{1,4}|[^\w\s])")
PER_MESSAGE: Final = 3
PER_REPLY: Final = 3
CACHE_FROM: Final = 1024
CACHE_STEP: Final = 128
CACHE_SIZE: Final = 20_000


def split(text: str) -> list[str]:
    """Split a text into tokens of at most four letters, so at least one per word; joined, they give the text back."""
    pieces = PIECE.findall(text)
    rest = text[sum(map(len, pieces)) :]
    return [*pieces, rest] if rest else pieces


def of_messages(messages: Sequence[tuple[str, str]]) -> list[str]:
    """A prompt's tokens, from (role, text) pairs, with what the chat format adds per message and for the answer."""
    tokens: list[str] = []
    for role, text in messages:
        tokens += ["<message>"] * (PER_MESSAGE - 1) + [f"<{role}>", *split(text)]
    return tokens + ["<answer>"] * PER_REPLY


class PromptCache:
    """Which prompt prefixes have been seen: 1,024 tokens and more, in steps of 128, as OpenAI caches them.

    https://platform.openai.com/docs/guides/prompt-caching
    """

    def __init__(self) -> None:
        self._seen: OrderedDict[str, None] = OrderedDict()

    def cached(self, owner: str, tokens: Sequence[str]) -> int:
        """How many leading tokens this owner has sent before; remembers this prompt for next time."""
        longest = 0
        digest = hashlib.sha256(owner.encode())
        for end in range(0, len(tokens) + 1, CACHE_STEP):
            digest.update("\0".join(tokens[max(end - CACHE_STEP, 0) : end]).encode())
            if end >= CACHE_FROM:
                longest = end if self._remember(digest.hexdigest()) else longest
        return longest

    def _remember(self, key: str) -> bool:
        known = key in self._seen
        self._seen[key] = None
        self._seen.move_to_end(key)
        if len(self._seen) > CACHE_SIZE:
            self._seen.popitem(last=False)
        return known
