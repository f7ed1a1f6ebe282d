"""Cursor pagination, newest first: ids are UUIDv7, so they sort by time."""

from rest_framework.pagination import CursorPagination


class NewestFirst(CursorPagination):
    """`?cursor=…&page_size=…`, at most 200 a page."""

    ordering = "-id"
    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 200


class OldestFirst(NewestFirst):
    """For what is read in the order in which it was said."""

    ordering = "id"
