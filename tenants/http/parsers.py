"""Request bodies of the API."""

from collections.abc import Mapping
from typing import IO, Any

from django.conf import settings
from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser

from tenants import strict_json


class BoundedJSONParser(JSONParser):
    """JSON that strictjson cannot use is the caller's mistake (400)."""

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        try:
            parsed = super().parse(stream, media_type, parser_context)
            strict_json.check_depth(parsed, settings.JSON_MAX_DEPTH)
            strict_json.check_texts(parsed)
        except RecursionError as error:
            raise ParseError(strict_json.TOO_DEEP) from error
        except strict_json.UnusableError as error:
            raise ParseError(str(error)) from error
        return parsed
