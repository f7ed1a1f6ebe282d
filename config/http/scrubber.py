"""Removes secrets from log lines and error reports.

It uses three methods, because none is complete: the name of a value, the format of a provider's secrets, and the exact
values that this process is configured with. It has no state: text and values go in, and come out without secrets.
"""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import quote, unquote, urlsplit

MASK = "[hidden]"
SHORTEST_SECRET = 8
LONGEST_TEXT = 60_000
DEEPEST = 12

ANYWHERE = (
    r"passw(?:or)?d|passphrase|secret|authori[sz]ation|cookie|csrf|api[_-]?key|credential|private[_-]?key"
    r"|encryption[_-]?key"
)
AT_THE_END = (
    r"token|session(?:[_-]?(?:id|key))?|signature|dsn|seed|\botp|_otp|recovery[_-]?codes?|(?:base|mail|admin)_url"
)
SENSITIVE_NAME = re.compile(rf"(?:{ANYWHERE})|(?:{AT_THE_END})$", re.IGNORECASE)
NAME_MARKS = (
    "pass", "secret", "authori", "cookie", "csrf", "api", "credential", "private", "encryption", "token", "session",
    "signature", "dsn", "seed", "otp", "recovery", "_url",
)  # fmt: skip
"""Every sensitive name contains one of these. Looking for them first is ten times faster than the expressions."""

SHAPES = {
    "xox": r"xoxe\.[\w.-]{8,}|xox[a-z]-[\w-]{6,}",
    "xapp-": r"xapp-[\w-]{6,}",
    "sk": r"(?<![\w-])sk(?:-|_(?:live|test)_)[\w-]{6,}",
    "rk_": r"(?<![\w-])rk_(?:live|test)_\w{6,}",
    "whsec_": r"whsec_[\w+/=]{6,}",
    "AIza": r"AIza[\w-]{30,}",
    "EAA": r"(?<![\w-])EAA[A-Za-z0-9]{16,}",
    "rs": r"(?<![\w-])rs[a-z]_[\w-]{20,}",
    "gAAAA": r"gAAAA[\w-]{16,}={0,2}",
    "eyJ": r"(?<![\w-])eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*",
    "PRIVATE KEY": r"(?s)-----BEGIN [A-Z ]{0,20}PRIVATE KEY-----.*?(?:-----END [A-Z ]{0,20}PRIVATE KEY-----|\Z)",
}
"""Text that the secret contains, and its format: Slack, Stripe, OpenAI, Google, Meta, our own tokens, Fernet, JSON Web
Tokens, PEM."""
COMPILED = tuple((mark, re.compile(shape)) for mark, shape in SHAPES.items())
RANDOM_PART = re.compile(r"/([\w-]{32,}+)(?!\.)")
BEARER = re.compile(r"\b(bearer|basic)\s{1,4}[\w.~+/=-]{6,}", re.IGNORECASE)
USER_INFO = re.compile(r"(://[^\s:/@'\"]*):[^\s/'\"]+@")
IN_QUERY = re.compile(r"([?&](?:code|state|key|sig))=[^&\s\"']+")
HEADER = re.compile(r"\b(cookie|authorization)(\s?[:=]\s?)(?![\"'\s])[^\r\n\"']+", re.IGNORECASE)
NAMED = re.compile(
    rf"""(?P<name>(?:{ANYWHERE})[\w-]{{0,20}}|(?:{AT_THE_END})(?![\w-]))
         (?P<is>\\*["']?\s{{0,2}}[=:]\s{{0,2}}(?:b(?=["']))?)
         (?P<value>"(?:[^"\\]|\\.){{0,2000}}"|'(?:[^'\\]|\\.){{0,2000}}'|\\+["'][^"'\\]*|["']?[^\s"'&;,)}}\]]+)""",
    re.VERBOSE | re.IGNORECASE,
)
HARMLESS = re.compile(r"(?:None|True|False|null|true|false|\d{1,3})\Z|\[hidden|<|\Z")


@lru_cache(maxsize=4_096)
def is_sensitive(name: str) -> bool:
    """Must a value with this name always be hidden?"""
    return SENSITIVE_NAME.search(name) is not None


class Scrubber:
    """Masks secrets. `secrets`: exact values to hide wherever they appear; very short ones are ignored."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        known = {form for each in secrets if len(each) >= SHORTEST_SECRET for form in _forms(each)}
        self._known = sorted(known, key=len, reverse=True)

    def text(self, text: str) -> str:
        """The text with secrets masked, cut at 60,000 characters."""
        if len(text) > LONGEST_TEXT:
            text = f"{text[:LONGEST_TEXT]} [cut]"
        for secret in self._known:
            if secret in text:
                text = text.replace(secret, MASK)
        return _by_name(_by_shape(text))

    def value(self, value: Any, name: str = "", depth: int = 0) -> Any:
        """The value with secrets masked, nested ones included. Types that JSON does not have become text."""
        if value is None or isinstance(value, bool):
            return value
        if name and is_sensitive(name):
            return MASK if value or value == 0 else value
        if isinstance(value, int | float):
            return value
        if isinstance(value, str):
            return self.text(value)
        return self._composite(value, depth)

    def _composite(self, value: Any, depth: int) -> Any:
        if depth >= DEEPEST:
            return "[too deep]"
        if isinstance(value, Mapping):
            return {self.text(str(key)): self.value(each, str(key), depth + 1) for key, each in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [self.value(each, "", depth + 1) for each in _with_names(value)]
        return self.text(str(value))

    def __call__(self, logger: object, method: str, event: Mapping[str, Any]) -> dict[str, Any]:
        """A structlog processor. It never raises: a line that cannot be scrubbed is replaced by one that says so."""
        try:
            return {str(name): self.value(each, str(name)) for name, each in event.items()}
        except Exception as error:  # noqa: BLE001 - an object's __str__ may raise anything
            return {
                "event": "A log line was left out: it could not be searched for secrets.",
                "error": type(error).__name__,
            }


def _forms(secret: str) -> tuple[str, ...]:
    """A secret as it is, inside a URL, and quoted by Python or JSON."""
    escaped = secret.replace("\\", "\\\\")
    return (secret, quote(secret, safe=""), escaped.replace("'", "\\'"), escaped.replace('"', '\\"'))


def secrets_of(environment: Mapping[str, str]) -> set[str]:
    """The secrets in an environment: the values of sensitive names, split at commas, and the passwords in URLs."""
    found: set[str] = set()
    for name, value in environment.items():
        if is_sensitive(name) and "://" not in value:
            found.update(item.strip() for item in value.split(","))
        elif "://" in value:
            found.update(_password_of(value))
    return found


def _password_of(url: str) -> set[str]:
    try:
        password = urlsplit(url).password or ""
    except ValueError:  # settings refuse a malformed URL elsewhere
        return set()
    return {password, unquote(password)}


def _with_names(values: Iterable[Any]) -> Iterable[Any]:
    """Headers come as pairs of name and value: mask by the name."""
    for each in values:
        is_pair = isinstance(each, list | tuple) and len(each) == 2 and isinstance(each[0], str)
        yield [each[0], MASK] if is_pair and each[1] and is_sensitive(each[0]) else each


def _by_shape(text: str) -> str:
    for mark, shape in COMPILED:
        if mark in text:
            text = shape.sub(MASK, text)
    if "/" in text:
        text = RANDOM_PART.sub(_masked_if_random, text)
    if "://" in text:
        text = USER_INFO.sub(rf"\1:{MASK}@", text)
    return text


def _masked_if_random(match: re.Match[str]) -> str:
    """Mask a part of a URL with digits and letters of both cases: it is a token rather than a name or a UUID."""
    part = match[1]
    is_random = any(map(str.isdigit, part)) and part != part.lower() and part != part.upper()
    return f"/{MASK}" if is_random else match[0]


def _by_name(text: str) -> str:
    lower = text.lower()
    if "bearer" in lower or "basic" in lower:
        text = BEARER.sub(rf"\1 {MASK}", text)
    if "=" not in text and ":" not in text:
        return text
    if "?" in text or "&" in text:
        text = IN_QUERY.sub(rf"\1={MASK}", text)
    if any(mark in lower for mark in NAME_MARKS):
        text = NAMED.sub(_masked, HEADER.sub(rf"\1\2{MASK}", text))
    return text


def _masked(match: re.Match[str]) -> str:
    if HARMLESS.match(match["value"].strip("\"'\\")):
        return match[0]
    return f"{match['name']}{match['is']}{MASK}"
