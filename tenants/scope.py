"""Tenant scopes: one transaction, one tenant, set where the row-level policies read it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any
from uuid import UUID

from django.db import connection, transaction

_current: ContextVar[UUID | None] = ContextVar("tenant_id", default=None)


class NoTenantError(RuntimeError):
    """A tenant's row was touched outside a tenant_scope()."""


def current_tenant_id() -> UUID:
    """The tenant of the innermost open scope. Raises NoTenantError outside of one."""
    tenant_id = _current.get()
    if tenant_id is None:
        raise NoTenantError("No tenant is set: open `with tenant_scope(tenant_id):` around this.")
    return tenant_id


def is_scoped() -> bool:
    """Is a tenant's scope open?"""
    return _current.get() is not None


def _tell_postgres(tenant_id: UUID | None, lock: str = "") -> None:
    with connection.cursor() as cursor:
        if lock:
            locked = "SELECT set_config('app.tenant_id', %s, true), pg_advisory_xact_lock(hashtextextended(%s, 0))"
            cursor.execute(locked, [str(tenant_id or ""), lock])
        else:
            cursor.execute("SELECT set_config('app.tenant_id', %s, true)", [str(tenant_id or "")])


def hold_alone(name: str) -> None:
    """Wait until nobody else holds this name, and hold it until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [name])


@contextmanager
def tenant_scope(tenant_id: UUID, *, lock: str = "") -> Iterator[None]:
    """Open one transaction (or a savepoint) in which only this tenant's rows exist.

    The setting is local to the transaction, so no pool can carry it to another request. A nested scope of the same
    tenant costs nothing: if it raises, the whole transaction rolls back, and until then no more statements are taken.
    Whoever catches that error and goes on puts `transaction.atomic()` around what may fail.

    A nested scope of another tenant restores the outer one on success; on an error the savepoint's rollback has done so
    already.

    lock: a name that only one transaction holds at a time, as with `hold_alone`, in the same round trip.
    """
    outer = _current.get()
    is_nested = connection.in_atomic_block
    if is_nested and outer == tenant_id:
        with transaction.atomic(savepoint=False):
            if lock:
                hold_alone(lock)
            yield
        return
    token = _current.set(tenant_id)
    try:
        with transaction.atomic():
            _tell_postgres(tenant_id, lock)
            yield
            if is_nested and not transaction.get_rollback():
                _tell_postgres(outer)
    finally:
        _current.reset(token)


def give_back() -> None:
    """Give the connection back to the pool before something slow; inside a transaction it is kept."""
    if not connection.in_atomic_block:
        connection.close()


@contextmanager
def sweeper_scope() -> Iterator[None]:
    """One transaction as the role `sweeper`, which sees ids, states and times of all tenants and nothing else."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL ROLE sweeper")
        yield
        with connection.cursor() as cursor:
            cursor.execute("RESET ROLE")


def ask_as_sweeper(statements: Sequence[tuple[str, Sequence[Any]]]) -> list[list[Any]]:
    """Run these as the role `sweeper`, in one transaction and one round trip; the rows of each.

    Open no transaction around this. Several statements in one query are one transaction, whose end takes the role away.
    """
    if connection.in_atomic_block:
        raise RuntimeError("The role would last until the end of the open transaction: call this outside of it.")
    text = "; ".join(["SET LOCAL ROLE sweeper", *(statement for statement, _ in statements)])
    rows = []
    with connection.cursor() as cursor:
        cursor.execute(text, [value for _, values in statements for value in values])
        while cursor.nextset():
            rows.append(list(cursor.fetchall()) if cursor.description else [])
    return rows
