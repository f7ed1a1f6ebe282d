"""Numbered pages of a list in any order; lists by time use tenants/paging/keyset.py."""

from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Count, QuerySet, Window
from django.http import HttpRequest

SIZE = 25
LAST = 1_000_000
"""Nobody turns as many pages; Postgres would refuse an offset beyond its numbers."""


def page_of(request: HttpRequest, found: QuerySet[Any], name: str = "page", size: int = SIZE) -> "Page[Any]":
    """The page that the query parameter `name` asks for, or the nearest one that exists."""
    return page_numbered(found, request.GET.get(name), size)


def page_numbered(found: QuerySet[Any], number: str | None, size: int = SIZE) -> "Page[Any]":
    """The page with this number, or the nearest one that exists. One statement finds its rows and counts all."""
    wanted = _number(number)
    if not 1 <= wanted <= LAST:
        return Paginator(found, size).get_page(number)
    first = (wanted - 1) * size
    rows = list(found.annotate(how_many=Window(Count("*")))[first : first + size])
    if not rows and wanted > 1:
        return Paginator(found, size).get_page(number)
    return Page(rows, wanted, _Counted(found, size, rows[0].how_many if rows else 0))


class _Counted(Paginator[Any]):
    """A paginator that knows how many rows there are."""

    def __init__(self, found: QuerySet[Any], size: int, count: int) -> None:
        super().__init__(found, size)
        self.count = count


def _number(given: str | None) -> int:
    """What is no number asks for the first page, as with Django's own."""
    try:
        return int(given or 1)
    except ValueError:
        return 1
