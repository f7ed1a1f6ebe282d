"""Numbered pages of a list that is read in any order; what is read by time alone has tenants/paging/keyset.py."""

from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import HttpRequest

SIZE = 25


def page_of(request: HttpRequest, found: QuerySet[Any], name: str = "page", size: int = SIZE) -> "Page[Any]":
    """The page that the parameter `name` of the address asks for; the nearest one for what is no page."""
    return Paginator(found, size).get_page(request.GET.get(name))
