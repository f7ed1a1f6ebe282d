"""dj-stripe's tables created in one step equal those its migrations create. Takes a minute: `make schema`."""

import os
import subprocess
import sys
from collections.abc import Iterator

import psycopg
import pytest

from config.local.embedded.postgres import Postgres, temporary_postgres
from config.local.run.backing import urls
from tests.config.test_environment import GOOD
from tests.stack import ROOT

pytestmark = [
    pytest.mark.skipif(not os.environ.get("SCHEMA"), reason="its migrations take a minute: `make schema` runs this"),
    pytest.mark.timeout(600),
]
QUICK = ("-m", "config.local.run.database")
SLOW = ("manage.py", "migrate", "--database", "owner", "--verbosity", "0")

CATALOGUES = {
    "tables": """
        SELECT relname, relkind::text, relrowsecurity, relforcerowsecurity, relowner::regrole::text,
               ARRAY(SELECT unnest(relacl)::text ORDER BY 1)::text
          FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'S')
    """,
    "columns": """
        SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity::text,
               pg_get_expr(d.adbin, d.adrelid), a.attcollation, ARRAY(SELECT unnest(a.attacl)::text ORDER BY 1)::text
          FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
          LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
         WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND a.attnum > 0
           AND NOT a.attisdropped
    """,
    "constraints": """
        SELECT conrelid::regclass::text, conname, convalidated, pg_get_constraintdef(oid)
          FROM pg_constraint WHERE connamespace = 'public'::regnamespace
    """,
    "indexes": "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
    "sequences": """
        SELECT sequencename, data_type::text, start_value, min_value, max_value, increment_by, cycle FROM pg_sequences
    """,
    "policies": "SELECT tablename, policyname, roles::text, cmd, qual, with_check FROM pg_policies",
    "triggers": "SELECT tgrelid::regclass::text, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal",
    "functions": "SELECT pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'public'::regnamespace",
    "migrations": "SELECT app, name FROM django_migrations",
    "permissions": """
        SELECT c.app_label, c.model, p.codename FROM auth_permission p JOIN django_content_type c
            ON c.id = p.content_type_id
    """,
}


@pytest.fixture
def server() -> Iterator[Postgres]:
    with temporary_postgres() as made:
        yield made


@pytest.fixture
def migrated() -> Iterator[Postgres]:
    """A database created by running every migration, as Django does."""
    with temporary_postgres() as made:
        run(made, "manage.py", "provision_database")
        run(made, *SLOW)
        yield made


def run(server: Postgres, *arguments: str) -> None:
    """A separate process on this server, which must succeed."""
    own = {"PATH": os.environ["PATH"], "ROSTER_DATA": "/nonexistent"}
    done = subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, env={**own, **GOOD, **urls(server)}, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode()


def catalogue(server: Postgres) -> dict[str, set[tuple[object, ...]]]:
    """Everything that defines a schema."""
    with psycopg.connect(server.url("owner")) as connection:
        return {name: set(connection.execute(query.encode()).fetchall()) for name, query in CATALOGUES.items()}


def test_both_ways_end_in_the_same_schema(server: Postgres, migrated: Postgres) -> None:
    run(server, *QUICK)

    quick, slow = catalogue(server), catalogue(migrated)
    assert [(name, row) for name in CATALOGUES for row in quick[name] ^ slow[name]] == []
    assert all(quick.values())
    assert len(quick["tables"]) > 150


def test_a_start_interrupted_before_the_mark_continues_from_there(server: Postgres) -> None:
    run(server, *QUICK)
    before = catalogue(server)
    with psycopg.connect(server.url("owner")) as connection:
        connection.execute("DELETE FROM django_migrations WHERE app = 'djstripe'")

    run(server, *QUICK)

    assert catalogue(server) == before
