"""Text from outside, made fit to keep and to show: what Postgres cannot store, keys, and a model's thoughts go out."""

import re
from collections.abc import Iterator

MOST_DETAILS = 300
KEY = re.compile(r"\b(?:(?:sk|pk|rk|xai|gsk)[-_]|AIza|Bearer )[\w*.-]{6,200}")
THOUGHT = re.compile(
    r"[<\u25c1](?P<close>/?)(?:seed:)?(?:think|thinking|thought|reasoning)\s{0,3}[>\u25b7]|\[(?P<shut>/?)THINK\]",
    re.IGNORECASE,
)
CHANNEL, FINAL = "<|channel|>", "<|channel|>final<|message|>"
"""OpenAI's harmony format, where a server did not take it apart: https://cookbook.openai.com/articles/openai-harmony"""


def storable(text: str) -> str:
    """Without NUL, which Postgres refuses, and lone surrogates, which are no text."""
    return text.replace("\0", "").encode("utf-8", "ignore").decode()


def identifier(text: object, longest: int) -> str:
    """An outside id as one short word; empty if it is none."""
    return "".join(each for each in storable(text[:longest]) if each.isprintable()) if isinstance(text, str) else ""


def details(words: str, secret: str = "") -> str:
    """A provider's own words for the log: one short line without keys."""
    plain = storable(words[: 10 * MOST_DETAILS])
    plain = plain.replace(secret, "[key]") if secret else plain
    return " ".join(KEY.sub("[key]", plain).split())[:MOST_DETAILS]


def is_visible(text: str) -> bool:
    """Does anybody see anything of it? Spaces, joiners and other marks without width are nothing."""
    return any(each.isprintable() and not each.isspace() for each in text)


def without_thoughts(text: str) -> str:
    """What a model says, without what it thinks aloud before: in tags (also ones that never end), or in a channel."""
    if CHANNEL in text:
        text = text.rpartition(FINAL)[2].partition("<|")[0] if FINAL in text else ""
    return "".join(_spoken(text)).strip()


def _spoken(text: str) -> Iterator[str]:
    """The parts outside of thoughts. A template may open the first thought itself: then only its end is here."""
    tags = list(THOUGHT.finditer(text))
    depth = 1 if tags and _closes(tags[0]) else 0
    begun = 0
    for tag in tags:
        if depth == 0:
            yield text[begun : tag.start()]
        depth = max(0, depth + (-1 if _closes(tag) else 1))
        begun = tag.end()
    if depth == 0:
        yield text[begun:]


def _closes(tag: "re.Match[str]") -> bool:
    return bool(tag["close"] or tag["shut"])
