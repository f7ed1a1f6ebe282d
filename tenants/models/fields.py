"""Fields of our own, and the migration operation that makes a column of sentences one of reasons."""

import json
from collections.abc import Mapping
from typing import Any

from django.db import migrations, models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import ProjectState
from django.db.models.expressions import Value
from django.utils.functional import Promise

from tenants.wordings import Reason, as_json, from_json


class ReasonField(models.JSONField):
    """A sentence as code and parameters: see tenants.wordings. The database refuses anything else.

    An empty Reason is kept as {}. Two are equal if code and parameters are.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("default", Reason)
        kwargs.setdefault("db_default", Value({}, models.JSONField()))
        kwargs.setdefault("blank", True)
        super().__init__(*args, **kwargs)

    def db_check(self, connection: BaseDatabaseWrapper) -> str:
        column = connection.ops.quote_name(str(self.column))
        return (
            f"jsonb_typeof({column}) = 'object' AND "
            f"({column} = '{{}}'::jsonb OR ({column} ->> 'code') ~ '^[a-z][a-z0-9_.]*$')"
        )

    def from_db_value(self, value: Any, expression: Any, connection: BaseDatabaseWrapper) -> Any:
        stored = super().from_db_value(value, expression, connection)
        return from_json(stored) if isinstance(stored, dict) or stored is None else stored

    def to_python(self, value: Any) -> Any:
        return from_json(value) if isinstance(value, dict) else value

    def get_prep_value(self, value: Any) -> Any:
        if isinstance(value, str | Promise):
            raise TypeError(f"{self.name} keeps a Reason, not a sentence: declare a Wording and call it.")
        return super().get_prep_value(as_json(value) if isinstance(value, Reason) else value)

    def get_db_prep_value(self, value: Any, connection: BaseDatabaseWrapper, prepared: bool = False) -> Any:
        return super().get_db_prep_value(
            as_json(value) if isinstance(value, Reason) else value, connection, prepared=prepared
        )

    def validate(self, value: Any, model_instance: models.Model | None) -> None:
        super().validate(as_json(value) if isinstance(value, Reason) else value, model_instance)

    def value_to_string(self, obj: models.Model) -> Any:
        return as_json(self.value_from_object(obj))


class StoreReason(migrations.AlterField):
    """Make a column of sentences a ReasonField. The sentences that are there stay, as TOLD.

    known: sentences that the code looks for, each with the code and parameters that it looks for from now on.
    """

    def __init__(
        self,
        model_name: str,
        name: str,
        field: ReasonField | None = None,
        preserve_default: bool = True,
        known: Mapping[str, Reason] | None = None,
    ):
        super().__init__(model_name, name, field or ReasonField(), preserve_default)
        self.known = known or {}

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        model = to_state.apps.get_model(app_label, self.model_name)
        if not self.allow_migrate_model(schema_editor.connection.alias, model):
            return
        field: Any = model._meta.get_field(self.name)
        column = f'"{field.column}"'
        words = f"jsonb_build_object('code', 'told', 'details', jsonb_build_object('text', {column}))"
        kept = {"": {}, **{sentence: as_json(reason) for sentence, reason in self.known.items()}}
        cases = " ".join(
            f"WHEN {_quoted(text)} THEN {_quoted(json.dumps(value))}::jsonb" for text, value in kept.items()
        )
        schema_editor.execute(
            f'ALTER TABLE "{model._meta.db_table}" ALTER COLUMN {column} DROP DEFAULT, '
            f"ALTER COLUMN {column} TYPE jsonb USING CASE {column} {cases} ELSE {words} END, "
            f"ALTER COLUMN {column} SET DEFAULT '{{}}'::jsonb, "
            f"ADD CHECK ({field.db_check(schema_editor.connection)})"
        )

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        """What was stored as TOLD becomes its sentence again, anything else its code."""
        model = to_state.apps.get_model(app_label, self.model_name)
        if not self.allow_migrate_model(schema_editor.connection.alias, model):
            return
        table, field = model._meta.db_table, model._meta.get_field(self.name)
        column, type_before = f'"{field.column}"', field.db_type(schema_editor.connection)
        words = f"COALESCE({column} #>> '{{details,text}}', {column} ->> 'code', '')"
        schema_editor.execute(
            f'ALTER TABLE "{table}" DROP CONSTRAINT "{table}_{self.name}_check", ALTER COLUMN {column} DROP DEFAULT, '
            f"ALTER COLUMN {column} TYPE {type_before} USING {words}::{type_before}"
        )


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
