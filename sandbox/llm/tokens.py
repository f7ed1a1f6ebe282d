"""Token counts: simple, deterministic, and near enough to a real tokenizer's (about four characters a token)."""

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
    """A text as its tokens: at most four letters each, so at least one per word; joined they are the text."""
    pieces = PIECE.findall(text)
    rest = text[sum(map(len, pieces)) :]
    return [*pieces, rest] if rest else pieces


def of_messages(messages: Sequence[tuple[str, str]]) -> list[str]:
    """A prompt of (role, text) as its tokens, with what the chat format adds to each message and to the answer."""
    tokens: list[str] = []
    for role, text in messages:
        tokens += ["<message>"] * (PER_MESSAGE - 1) + [f"<{role}>", *split(text)]
    return tokens + ["<answer>"] * PER_REPLY


class PromptCache:
    """Which prompt beginnings have been seen: from 1,024 tokens on, in steps of 128, as OpenAI caches.

    https://platform.openai.com/docs/guides/prompt-caching
    """

    def __init__(self) -> None:
        self._seen: OrderedDict[str, None] = OrderedDict()

    def cached(self, owner: str, tokens: Sequence[str]) -> int:
        """How many leading tokens were seen before by this owner; remembers these for the next time."""
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
