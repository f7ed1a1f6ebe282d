"""The migration operation that puts a tenant's table under row-level security."""

from collections.abc import Iterator
from typing import Any

from django.apps.registry import Apps
from django.db import models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

MATCH = "tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid"


class ProtectTenantTable(Operation):
    """Force row-level security on a tenant's table and double its foreign keys by (tenant_id, id).

    Run it after the table is created, and again after adding a foreign key: it does what is missing. Leases of a job's
    table (tenants.models.Job) can then be renewed across tenants.

    sweeper_reads: columns that the role `sweeper` may read across tenants (ids, states, times; never content).
    is_append_only: rows may be added and read, never changed or deleted, by grant.
    """

    reversible = True
    reduces_to_sql = True

    def __init__(self, name: str, *, sweeper_reads: tuple[str, ...] = (), is_append_only: bool = False) -> None:
        self.name = name
        self.sweeper_reads = sweeper_reads
        self.is_append_only = is_append_only

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        return (
            type(self).__name__,
            [self.name],
            {"sweeper_reads": self.sweeper_reads, "is_append_only": self.is_append_only},
        )

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """Nothing: the models do not change."""

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        apps: Apps = to_state.apps
        model = apps.get_model(app_label, self.name)
        # Under FORCE the owner sees no rows, so a violated constraint would pass as valid: constraints come first.
        table = model._meta.db_table
        schema_editor.execute(f'ALTER TABLE "{table}" NO FORCE ROW LEVEL SECURITY')
        renewal = renewals(model) if is_job(model) else ()
        for statement in (*composite_foreign_keys(model), *policies(table), *self.grants(table), *renewal):
            schema_editor.execute(statement)

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        """Nothing: protection is only ever taken away with the table itself."""

    def describe(self) -> str:
        return f"Force row-level security on {self.name}"

    def grants(self, table: str) -> Iterator[str]:
        if self.is_append_only:
            yield f'REVOKE UPDATE, DELETE ON "{table}" FROM app, staff'
        if self.sweeper_reads:
            columns = ", ".join(f'"{column}"' for column in self.sweeper_reads)
            yield f'GRANT SELECT ({columns}) ON "{table}" TO sweeper'
            yield f'DROP POLICY IF EXISTS sweeper_reads ON "{table}"'
            # By name as well: a role that inherits from sweeper must not see more for it.
            yield f"CREATE POLICY sweeper_reads ON \"{table}\" FOR SELECT TO sweeper USING (current_user = 'sweeper')"


class AllowRenewals(Operation):
    """Let the role `sweeper` renew leases in the table of a job that became one later, or that belongs to no tenant."""

    reversible = True
    reduces_to_sql = True

    def __init__(self, name: str) -> None:
        self.name = name

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        return type(self).__name__, [self.name], {}

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """Nothing: the models do not change."""

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        for statement in renewals(to_state.apps.get_model(app_label, self.name)):
            schema_editor.execute(statement)

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        for statement in no_renewals(from_state.apps.get_model(app_label, self.name)):
            schema_editor.execute(statement)

    def describe(self) -> str:
        return f"Let leases of {self.name} be renewed"


JOB_COLUMNS = {"attempt", "failures", "leased_until", "retry_at"}


def is_job(model: type[models.Model]) -> bool:
    """Has this model, which may be a migration's, the columns of tenants.models.Job?"""
    return {field.name for field in model._meta.local_fields} >= JOB_COLUMNS


def renewals(model: type[models.Model]) -> Iterator[str]:
    """The statements that let `sweeper` find a job by its lease and prolong that, and change nothing else."""
    table, is_sweeper = model._meta.db_table, "current_user = 'sweeper'"
    seen = ("id", *(("tenant_id",) if is_tenant_table(model) else ()), "attempt", "leased_until", "retry_at")
    yield f'GRANT SELECT ({", ".join(seen)}), UPDATE (leased_until) ON "{table}" TO sweeper'
    if is_tenant_table(model):
        is_leased = f"{is_sweeper} AND leased_until IS NOT NULL"
        yield from _drop_renewal_policies(table)
        yield f'CREATE POLICY sweeper_finds_leases ON "{table}" FOR SELECT TO sweeper USING ({is_sweeper})'
        yield (
            f'CREATE POLICY sweeper_renews ON "{table}" FOR UPDATE TO sweeper '
            f"USING ({is_leased}) WITH CHECK ({is_leased})"
        )


def no_renewals(model: type[models.Model]) -> Iterator[str]:
    """The statements that take this back."""
    table = model._meta.db_table
    yield f'REVOKE UPDATE (leased_until) ON "{table}" FROM sweeper'
    yield from _drop_renewal_policies(table)


def _drop_renewal_policies(table: str) -> Iterator[str]:
    yield f'DROP POLICY IF EXISTS sweeper_finds_leases ON "{table}"'
    yield f'DROP POLICY IF EXISTS sweeper_renews ON "{table}"'


def policies(table: str) -> Iterator[str]:
    """The statements that let a tenant see and write its own rows only, the table's owner included."""
    yield f'DROP POLICY IF EXISTS tenant_rows ON "{table}"'
    yield f'CREATE POLICY tenant_rows ON "{table}" TO app, owner USING ({MATCH}) WITH CHECK ({MATCH})'
    yield f'ALTER TABLE "{table}" ENABLE ROW LEVEL SECURITY'
    yield f'ALTER TABLE "{table}" FORCE ROW LEVEL SECURITY'


def composite_foreign_keys(model: type[models.Model]) -> Iterator[str]:
    """A plain foreign key could point to another tenant's row; one on (tenant_id, id) cannot."""
    table = model._meta.db_table
    for field in model._meta.local_fields:
        target: Any = field.related_model
        if not isinstance(field, models.ForeignKey) or not is_tenant_table(target):
            continue
        name = f"{table}_{field.column}_tenant_fk"
        yield f'ALTER TABLE "{table}" DROP CONSTRAINT IF EXISTS "{name}"'
        yield (
            f'ALTER TABLE "{table}" ADD CONSTRAINT "{name}" FOREIGN KEY (tenant_id, "{field.column}") '
            f'REFERENCES "{target._meta.db_table}" (tenant_id, id) DEFERRABLE INITIALLY DEFERRED'
        )


def is_tenant_table(model: Any) -> bool:
    """Does this model's table hold rows of tenants under row-level security?"""
    return any(constraint.name.endswith("_tenant_row") for constraint in model._meta.constraints)
