"""Request bodies of the API."""

from collections.abc import Mapping
from typing import IO, Any

from django.conf import settings
from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser

from tenants import strictjson


class BoundedJSONParser(JSONParser):
    """JSON that strictjson cannot use is the caller's mistake (400)."""

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        try:
            parsed = super().parse(stream, media_type, parser_context)
            strictjson.check_depth(parsed, settings.JSON_MAX_DEPTH)
            strictjson.check_texts(parsed)
        except RecursionError as error:
            raise ParseError(strictjson.TOO_DEEP) from error
        except strictjson.UnusableError as error:
            raise ParseError(str(error)) from error
        return parsed
