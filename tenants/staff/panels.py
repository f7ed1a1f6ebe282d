"""What the apps show staff of a workspace: columns in the list of workspaces, tables on a workspace's page."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from django.conf import settings
from django.utils.module_loading import import_string

from tenants.models import Tenant


@dataclass(frozen=True)
class Table:
    """A table on a workspace's page; `empty` says it when there is nothing."""

    title: str
    head: Sequence[str]
    rows: Sequence[Sequence[object]]
    empty: str = "Nothing."


class Panel:
    """An app's part of the staff's pages, named in settings.STAFF_PANELS. It reads by the alias `staff` only.

    titles: the columns that it adds to the list of workspaces.
    """

    titles: ClassVar[tuple[str, ...]] = ()

    def summaries(self, tenants: Collection[UUID]) -> Mapping[str, Mapping[UUID, object]]:
        """For each title what these workspaces have, in one or two queries for all of them."""
        return {}

    def tables(self, tenant: Tenant) -> Iterable[Table]:
        """What a workspace's page shows."""
        return ()

    def find(self, words: str) -> Iterable[UUID]:
        """Workspaces that these words of a search mean, beyond their names and members."""
        return ()


def panels() -> list[Panel]:
    """All of them, in the order of settings.STAFF_PANELS."""
    return [import_string(path)() for path in settings.STAFF_PANELS]
