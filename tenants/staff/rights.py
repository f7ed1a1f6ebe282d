"""What the role `staff` may read and write, by column: what the admin names, and nothing else.

The grants are renewed after each migration, so a new column is out of reach until an admin names it. That is why no
page here can read a secret, a message or a session.
"""

from collections.abc import Iterator
from typing import Any

from django.db import connections, models
from django.db.backends.utils import CursorWrapper

from tenants.models import AccountEvent, AuditEvent
from tenants.staff.rows import StaffAdmin
from tenants.staff.site import site

GROWS: tuple[type[models.Model], ...] = (AuditEvent, AccountEvent)
"""Where staff's own actions are recorded."""

COLUMNS = """
    SELECT c.relname, a.attname FROM pg_class c
      JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
     WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
       AND c.relowner = (SELECT oid FROM pg_roles WHERE rolname = current_user)
"""


def grant(sender: object, using: str, **kwargs: Any) -> None:
    """After migrations by the alias `owner`: take everything from `staff`, then give what is named."""
    if using != "owner":
        return
    with connections[using].cursor() as cursor:
        for statement in list(_statements(_columns(cursor))):
            cursor.execute(statement)


def _columns(cursor: CursorWrapper) -> dict[str, set[str]]:
    """The columns that exist, by table: after a partial migration some of the models' are missing."""
    cursor.execute(COLUMNS)
    found: dict[str, set[str]] = {}
    for table, column in cursor.fetchall():
        found.setdefault(table, set()).add(column)
    return found


def _statements(there: dict[str, set[str]]) -> Iterator[str]:
    tables = ", ".join(f'"{table}"' for table in there)
    yield f"REVOKE ALL ON {tables} FROM staff"
    for model in GROWS:
        if model._meta.db_table in there:
            yield f'GRANT INSERT ON "{model._meta.db_table}" TO staff'
    for right, model, names in _named():
        table = model._meta.db_table
        columns = [str(model._meta.get_field(name).column) for name in names]  # type: ignore[union-attr]
        known = ", ".join(f'"{column}"' for column in columns if column in there.get(table, ()))
        if known:
            yield f'GRANT {right} ({known}) ON "{table}" TO staff'


def _named() -> Iterator[tuple[str, type[models.Model], tuple[str, ...]]]:
    for model in site._registry:  # noqa: SLF001 - Django offers no list of what is registered
        its = site.get_model_admin(model)
        if isinstance(its, StaffAdmin):
            yield "SELECT", model, its.columns()
            yield "UPDATE", model, its.writes
