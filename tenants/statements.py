"""What saves time at Postgres: several writes in one statement, since a round trip costs more than most writes.

All writes but the last stand in WITH. They see the same snapshot and run in no certain order, so none may need what
another does, and no two may change the same row. Foreign keys are checked at the end of the transaction.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from django.db import connection
from django.db.backends.utils import CursorWrapper
from django.db.models import Model, QuerySet
from django.db.models.sql import InsertQuery, UpdateQuery


def preparing_cursor() -> CursorWrapper:
    """Unlike Django's own, one that prepares statements if OPTIONS have a prepare_threshold.

    For a long statement that every message needs: planning one takes Postgres longer than running it.
    """
    connection.ensure_connection()
    cursor: Any = psycopg.Cursor(connection.connection)
    return connection.make_debug_cursor(cursor) if connection.queries_logged else connection.make_cursor(cursor)


@dataclass(frozen=True)
class Write:
    """An INSERT or UPDATE as text with placeholders, and their values. rows: what it inserts."""

    text: str
    values: tuple[Any, ...]
    rows: tuple[Model, ...] = ()


def insert(*rows: Model) -> Write:
    """The INSERT of new rows of one table, with all their columns: row-level security looks at the tenant's."""
    model = type(rows[0])
    query = InsertQuery(model)
    query.insert_values(model._meta.local_concrete_fields, list(rows))
    ((text, values),) = query.get_compiler(connection=connection).as_sql()
    return Write(text, tuple(values), rows)


def update(rows: QuerySet[Any], **changes: object) -> Write:
    """The UPDATE of rows that a filter on their own columns finds."""
    query: Any = rows.query.chain(UpdateQuery)
    query.add_update_values(changes)
    text, values = query.get_compiler(connection=connection).as_sql()
    return Write(text, tuple(values))


def update_row(row: Model, columns: Sequence[str]) -> Write:
    """The UPDATE of these columns of a row to what they are in memory. A row that is gone stays so."""
    changes = {column: getattr(row, column) for column in columns}
    return update(type(row)._default_manager.filter(pk=row.pk), **changes)


def execute(*writes: Write) -> int:
    """Write all of it in one statement. Returns how many rows the last one wrote."""
    *others, last = writes
    named = ", ".join(f"write_{number} AS ({write.text})" for number, write in enumerate(others))
    with connection.cursor() as cursor:
        cursor.execute(f"WITH {named} {last.text}" if named else last.text, [v for each in writes for v in each.values])
        written: int = cursor.rowcount
    for write in writes:
        for row in write.rows:
            row._state.adding, row._state.db = False, connection.alias
    return written
