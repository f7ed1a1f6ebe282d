"""JSON from outside: what is nested too deeply, or cannot be stored, is refused."""

import json
from typing import Any, NoReturn

from django.utils.translation import gettext_lazy as _

TOO_DEEP = _("The JSON is nested too deeply: send a plain object.")
NOT_TEXT = _("A text has a NUL character or half of a surrogate pair in it: leave it out.")
NO_JSON = _("The body is not JSON.")


class UnusableError(ValueError):
    """Why it cannot be used, in a sentence."""


def loads(text: str, levels: int) -> Any:
    """Parse JSON with at most so many levels of objects and lists. Raises UnusableError.

    Strings are not checked: call check_texts() before you store them.
    """
    try:
        value = json.loads(text, parse_constant=_refuse)
    except RecursionError as error:
        raise UnusableError(TOO_DEEP) from error
    except ValueError as error:  # also of a number with thousands of digits
        raise UnusableError(NO_JSON) from error
    check_depth(value, levels)
    return value


def _refuse(constant: str) -> NoReturn:
    """NaN and Infinity, which Python reads and JSON does not know (RFC 8259, 6)."""
    raise ValueError(constant)


def check_depth(value: Any, levels: int) -> None:
    """Are there at most so many levels of objects and lists in each other? Raises UnusableError."""
    if not isinstance(value, dict | list):
        return
    if levels == 0:
        raise UnusableError(TOO_DEEP)
    for each in value.values() if isinstance(value, dict) else value:
        check_depth(each, levels - 1)


def check_texts(value: Any) -> None:
    """Can Postgres store all texts in there, names too? For what is not too deep. Raises UnusableError."""
    if isinstance(value, str):
        _check_text(value)
    elif isinstance(value, dict):
        for name, each in value.items():
            _check_text(name)
            check_texts(each)
    elif isinstance(value, list):
        for each in value:
            check_texts(each)


def _check_text(text: str) -> None:
    if "\0" in text or not is_unicode(text):
        raise UnusableError(NOT_TEXT)


def is_unicode(text: str) -> bool:
    """Can it be written as UTF-8? Half of a surrogate pair cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
