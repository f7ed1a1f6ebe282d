"""Finds out whether stored JSON mentions an id: the id itself, not a longer one that contains it."""

import json
import re
from collections.abc import Iterator


def names(text: str, external_id: str) -> bool:
    """Is the id a value, a key, or a word of a string in this JSON? Text that is not JSON is searched as it is."""
    word = re.compile(rf"(?<![0-9A-Za-z_]){re.escape(external_id)}(?![0-9A-Za-z_])")
    try:
        return any(word.search(each) for each in _texts(json.loads(text)))
    except (ValueError, RecursionError):
        return bool(word.search(text))


def _texts(value: object) -> Iterator[str]:
    """All strings of a JSON value, level by level, so that no nesting is too deep."""
    level = [value]
    while level:
        yield from (each for each in level if isinstance(each, str))
        pairs = [part for each in level if isinstance(each, dict) for pair in each.items() for part in pair]
        level = [*pairs, *(part for each in level if isinstance(each, list) for part in each)]
