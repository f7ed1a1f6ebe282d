"""Columns that hold a sentence as a code with parameters."""

from typing import Any

import psycopg
import pytest
from django.apps import apps
from django.db import connection, connections, models
from django.db.migrations.state import ModelState, ProjectState

from config.local.embedded.postgres import Postgres
from tenants.models.fields import ReasonField, StoreReason
from tenants.wordings import TOLD, as_json

STORED = [
    (model, field)
    for model in apps.get_models()
    for field in model._meta.local_fields
    if isinstance(field, ReasonField)
]
COLUMN = """
    SELECT c.data_type, c.is_nullable, c.column_default, pg_get_constraintdef(k.oid)
      FROM information_schema.columns c
      LEFT JOIN pg_constraint k ON k.conname = c.table_name || '_' || c.column_name || '_check'
     WHERE c.table_name = %s AND c.column_name = %s
"""


@pytest.mark.django_db
@pytest.mark.parametrize(("model", "field"), STORED, ids=lambda each: str(getattr(each, "__name__", each)))
def test_the_migrations_made_what_the_model_says(model: type[models.Model], field: Any, postgres: Postgres) -> None:
    with psycopg.connect(postgres.url("owner")) as owner:
        check = f"CHECK ({field.db_check(connection)})"
        owner.execute(f'CREATE TEMP TABLE wanted ("{field.column}" jsonb {check})'.encode())
        wanted = "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = 'wanted'::regclass"
        (expected,) = owner.execute(wanted).fetchall()
        found = owner.execute(COLUMN, [model._meta.db_table, field.column]).fetchall()

    assert found == [("jsonb", "NO", "'{}'::jsonb", expected[0])]


class Before(models.Model):
    said = models.CharField(max_length=40, blank=True)

    class Meta:
        app_label = "told"
        db_table = "told"


def test_sentences_that_are_there_stay_and_come_back(postgres: Postgres) -> None:
    before, operation = ProjectState(), StoreReason("before", "said")
    before.add_model(ModelState.from_model(Before))
    after = before.clone()
    operation.state_forwards("told", after)
    with psycopg.connect(postgres.url("owner")) as owner:
        owner.execute("CREATE TEMP TABLE told (id int, said varchar(40) NOT NULL)")
        owner.execute("INSERT INTO told VALUES (1, ''), (2, 'It broke: 100% of \"it\".')")
        for statement in _statements(operation.database_forwards, before, after):
            owner.execute(statement)
        kept = owner.execute("SELECT said FROM told ORDER BY id").fetchall()
        with pytest.raises(psycopg.errors.CheckViolation), owner.transaction():
            owner.execute("INSERT INTO told VALUES (4, '\"It broke.\"')")
        owner.execute("INSERT INTO told (id) VALUES (3)")
        owner.execute('INSERT INTO told VALUES (4, \'{"code": "agents.no_key", "details": {}}\')')
        for statement in _statements(operation.database_backwards, after, before):
            owner.execute(statement)
        returned = owner.execute("SELECT said FROM told ORDER BY id").fetchall()

    assert kept == [({},), (as_json(TOLD(text='It broke: 100% of "it".')),)]
    assert returned == [("",), ('It broke: 100% of "it".',), ("",), ("agents.no_key",)]


def _statements(move: Any, before: ProjectState, after: ProjectState) -> list[bytes]:
    with connections["owner"].schema_editor(collect_sql=True, atomic=False) as editor:
        move("told", editor, before, after)
    return [statement.encode() for statement in editor.collected_sql]
