"""Cursor pagination: ids are UUIDv7, so they sort by time."""

from typing import Any

from django.core.exceptions import ValidationError as BadValueError
from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.views import APIView

INVALID_CURSOR = _("The API did not make this cursor: take it from next or previous, unchanged.")
INVALID_PAGE_SIZE = _("Give a whole number from 1 to 200.")


class NewestFirst(CursorPagination):
    """`?cursor=…&page_size=…`, at most 200 a page. Answers 400 naming the parameter that is not right."""

    ordering: str | tuple[str, ...] = "-id"
    page_size: int = 50
    page_size_query_param: str = "page_size"
    max_page_size: int = 200

    def get_page_size(self, request: Request) -> int | None:
        asked = request.query_params.get(self.page_size_query_param)
        if asked is None:
            return self.page_size
        if not (asked.isascii() and asked.isdigit() and 1 <= int(asked[:9]) <= self.max_page_size):
            raise ValidationError({self.page_size_query_param: [INVALID_PAGE_SIZE]})
        return int(asked)

    def get_schema_operation_parameters(self, view: APIView) -> list[dict[str, Any]]:
        parameters: list[dict[str, Any]] = super().get_schema_operation_parameters(view)
        for parameter in parameters:
            if parameter["name"] == self.page_size_query_param:
                parameter["schema"] |= {"minimum": 1, "maximum": self.max_page_size, "default": self.page_size}
        return parameters

    def paginate_queryset(self, queryset: Any, request: Request, view: APIView | None = None) -> list[Any] | None:
        try:
            return super().paginate_queryset(queryset, request, view)
        except (NotFound, BadValueError) as error:
            raise ValidationError({"cursor": [INVALID_CURSOR]}) from error


class OldestFirst(NewestFirst):
    """For conversations, which people read in the order in which they were said."""

    ordering = ("said_at", "id")
