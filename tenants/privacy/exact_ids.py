"""Does a stored JSON text tell of somebody or something, by this very id and not by a longer one that has it in it?"""

import json
import re
from collections.abc import Iterator


def names(text: str, external_id: str) -> bool:
    """Is the id a value, a key, or a word of a text in this JSON? A text that is no JSON is looked through as it is."""
    word = re.compile(rf"(?<![0-9A-Za-z_]){re.escape(external_id)}(?![0-9A-Za-z_])")
    try:
        return any(word.search(each) for each in _texts(json.loads(text)))
    except (ValueError, RecursionError):
        return bool(word.search(text))


def _texts(value: object) -> Iterator[str]:
    """All strings of a JSON value, one level after the other, so that no depth is too deep."""
    level = [value]
    while level:
        yield from (each for each in level if isinstance(each, str))
        pairs = [part for each in level if isinstance(each, dict) for pair in each.items() for part in pair]
        level = [*pairs, *(part for each in level if isinstance(each, list) for part in each)]
