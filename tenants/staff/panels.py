"""What each app shows staff about a workspace: columns in the list of workspaces, tables on a workspace's page."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.db.models import Model, QuerySet
from django.urls import reverse
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from tenants.models import Tenant

MOST_ROWS = 50
"""Rows of a table on a workspace's page."""
NOTHING_THERE = _("Nothing.")


@dataclass(frozen=True)
class Table:
    """A table on a workspace's page; `empty` is shown when it has no rows.

    found: rows, or the query for them, of which the first are shown. every: the address of the full list.
    """

    title: StrOrPromise
    head: Sequence[StrOrPromise]
    found: Sequence[Sequence[object]] | QuerySet[Any, Any]
    empty: StrOrPromise = NOTHING_THERE
    every: str = ""

    @cached_property
    def _first(self) -> list[Sequence[object]]:
        return list(self.found[: MOST_ROWS + 1])

    @property
    def rows(self) -> list[Sequence[object]]:
        """Those that are shown."""
        return self._first[:MOST_ROWS]

    @property
    def has_more(self) -> bool:
        """Are there others?"""
        return len(self._first) > MOST_ROWS


def every(model: type[Model], **of: object) -> str:
    """The address of the staff's list of these rows, such as `every(Membership, tenant__id__exact=…)`."""
    address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    return f"{address}?{urlencode(of)}"


class Panel:
    """An app's part of the staff's pages, named in settings.STAFF_PANELS. It reads by the alias `staff` only.

    titles: the columns that it adds to the list of workspaces.
    """

    titles: ClassVar[tuple[StrOrPromise, ...]] = ()

    def summaries(self, tenants: Collection[UUID]) -> Mapping[str, Mapping[UUID, object]]:
        """What these workspaces have, by str(title), in one or two queries for all of them."""
        return {}

    def tables(self, tenant: Tenant) -> Iterable[Table]:
        """What a workspace's page shows."""
        return ()

    def find(self, words: str) -> Iterable[UUID]:
        """Workspaces that match a search by something other than their names and members."""
        return ()


def panels() -> list[Panel]:
    """All of them, in the order of settings.STAFF_PANELS."""
    return [import_string(path)() for path in settings.STAFF_PANELS]
