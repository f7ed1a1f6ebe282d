"""Numbered pages of a list in any order; lists by time use tenants/paging/keyset.py."""

from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import HttpRequest

SIZE = 25


def page_of(request: HttpRequest, found: QuerySet[Any], name: str = "page", size: int = SIZE) -> "Page[Any]":
    """The page that the query parameter `name` asks for, or the nearest one that exists."""
    return Paginator(found, size).get_page(request.GET.get(name))
