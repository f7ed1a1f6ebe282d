"""Cursor pagination: ids are UUIDv7, so they sort by time."""

from typing import Any

from django.core.exceptions import ValidationError as BadValueError
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.views import APIView

INVALID_CURSOR = "This cursor is not one that the API made: take it from next or previous, unchanged."


class NewestFirst(CursorPagination):
    """`?cursor=…&page_size=…`, at most 200 a page. Answers 400 naming `cursor` where it was tampered with."""

    ordering: str | tuple[str, ...] = "-id"
    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 200

    def paginate_queryset(self, queryset: Any, request: Request, view: APIView | None = None) -> list[Any] | None:
        try:
            return super().paginate_queryset(queryset, request, view)
        except (NotFound, BadValueError) as error:
            raise ValidationError({"cursor": [INVALID_CURSOR]}) from error


class OldestFirst(NewestFirst):
    """For what is read in the order in which it was said."""

    ordering = ("said_at", "id")
