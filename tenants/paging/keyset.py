"""Pages of rows ordered by time, each found by the row next to it.

Rows that are added or deleted meanwhile shift nothing, and the last page costs no more than the first.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.db.models import Model, Q, QuerySet

Row = TypeVar("Row", bound=Model)

BEFORE, AFTER, AT = "before", "after", "at"
"""Query parameters with the id of a row: what is older, what is newer, or the page that ends with it."""


@dataclass(frozen=True)
class Asked:
    """Which page: next to which row, on which side. Without a row, the newest page."""

    id: UUID | None = None
    side: str = BEFORE

    @classmethod
    def of(cls, query: Mapping[str, str]) -> "Asked":
        """The page that a query asks for; anything that is not an id is ignored."""
        for side in (AT, AFTER, BEFORE):
            try:
                return cls(UUID(query[side]), side)
            except (KeyError, ValueError):
                continue
        return cls()


@dataclass(frozen=True)
class Slice(Generic[Row]):
    """Rows from new to old. older, newer: the ids for the next pages; None if there is nothing more.

    beside: the row that was asked for, if it exists.
    """

    rows: list[Row]
    older: UUID | None = None
    newer: UUID | None = None
    beside: Row | None = None


def look(
    found: QuerySet[Row],
    moment: str,
    asked: Asked,
    *,
    size: int,
    weight: Callable[[Row], int] = lambda row: 0,
    most: int = 0,
) -> Slice[Row]:
    """At most `size` rows, ordered by the column `moment` and the id, in at most three statements.

    weight, most: rows weigh together no more than this either, such as in characters, unless one alone does.
    """
    beside = found.filter(pk=asked.id).first() if asked.id else None
    if beside is not None and asked.side == AFTER:
        rows = list(_later(found, moment, beside).order_by(moment, "pk")[: size + 1])
        fitting = _fitting(rows, size, weight, most)
        if fitting:
            shown = fitting[::-1]
            newer = shown[0].pk if len(rows) > len(fitting) else None
            return Slice(shown, older=shown[-1].pk, newer=newer, beside=beside)
        beside = None  # nothing is newer: the newest page
    return _backwards(found, moment, asked, beside, lambda rows: _fitting(rows, size, weight, most), size)


def _backwards(
    found: QuerySet[Row],
    moment: str,
    asked: Asked,
    beside: Row | None,
    fit: Callable[[Sequence[Row]], list[Row]],
    size: int,
) -> Slice[Row]:
    earlier = found if beside is None else _earlier(found, moment, beside, is_included=asked.side == AT)
    rows = list(earlier.order_by(f"-{moment}", "-pk")[: size + 1])
    shown = fit(rows)
    is_followed = bool(beside and shown) and (asked.side != AT or _later(found, moment, shown[0]).exists())
    older = shown[-1].pk if len(rows) > len(shown) else None
    return Slice(shown, older=older, newer=shown[0].pk if is_followed else None, beside=beside)


def _fitting(rows: Sequence[Row], size: int, weight: Callable[[Row], int], most: int) -> list[Row]:
    fitting: list[Row] = []
    total = 0
    for row in rows[:size]:
        total += weight(row)
        if fitting and total > most:
            break
        fitting.append(row)
    return fitting


def _earlier(found: QuerySet[Row], moment: str, beside: Row, *, is_included: bool) -> QuerySet[Row]:
    # The first condition alone says where an index is entered; of the same moment the ids decide.
    at: Any = getattr(beside, moment)
    same = Q(pk__lte=beside.pk) if is_included else Q(pk__lt=beside.pk)
    return found.filter(**{f"{moment}__lte": at}).filter(Q(**{f"{moment}__lt": at}) | same)


def _later(found: QuerySet[Row], moment: str, beside: Row) -> QuerySet[Row]:
    at: Any = getattr(beside, moment)
    return found.filter(**{f"{moment}__gte": at}).filter(Q(**{f"{moment}__gt": at}) | Q(pk__gt=beside.pk))
