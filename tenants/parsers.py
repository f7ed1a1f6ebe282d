"""Request bodies of the API."""

from collections.abc import Mapping
from typing import IO, Any

from django.conf import settings
from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser

TOO_DEEP = "The JSON is nested too deeply: send a plain object."


class BoundedJSONParser(JSONParser):
    """JSON that is nested beyond all sense, or has text that Postgres cannot store, is the caller's mistake (400)."""

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        try:
            parsed = super().parse(stream, media_type, parser_context)
        except RecursionError as error:
            raise ParseError(TOO_DEEP) from error
        _check(parsed, settings.JSON_MAX_DEPTH)
        return parsed


def _check(value: Any, depth: int) -> None:
    if isinstance(value, str):
        _check_text(value)
    elif isinstance(value, dict | list) and depth == 0:
        raise ParseError(TOO_DEEP)
    elif isinstance(value, dict):
        for name, each in value.items():
            _check_text(name)
            _check(each, depth - 1)
    elif isinstance(value, list):
        for each in value:
            _check(each, depth - 1)


def _check_text(text: str) -> None:
    if "\0" in text or not _is_unicode(text):
        raise ParseError("A text has a NUL character or half of a surrogate pair in it: leave it out.")


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
