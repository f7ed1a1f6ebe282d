"""What a person with SQL access as one of the product's roles can do: every attack is tried and refused.

docs/security.md says what such a person can still do.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from django.db import connections
from psycopg import errors
from pytest_django import Settings

from config.local.embedded.postgres import Postgres
from tenants.privacy import deletion, grace
from tenants.scope import tenant_scope
from tests import factories
from tests.conftest import Cast
from tests.tenancy import attacks
from usage.models import Hold, Meter

INTO_ACME = "SET LOCAL app.tenant_id = '{acme}'; "


@pytest.fixture
def acme(committed_cast: Cast) -> UUID:
    """A workspace with an audit entry and some metered usage."""
    with tenant_scope(committed_cast.acme.id):
        factories.make_agent("Maya")
        meter = Meter.objects.create(key="trial", name="Trial", cap_usd=5, spent_usd=4)
        Hold.objects.create(meter=meter, reference=uuid4(), amount_usd=1, state="settled")
    return committed_cast.acme.id


def speak(postgres: Postgres, role: str, statements: str, **names: object) -> list[Any]:
    """Run statements as a role, several in one transaction; returns the last one's rows."""
    wanted = statements.format(**attacks.NAMES, **names).split(";")
    with psycopg.connect(postgres.url(role), autocommit=len(wanted) == 1) as session:
        cursor = session.cursor()
        for statement in wanted:
            cursor.execute(statement.encode())
        return cursor.fetchall() if cursor.description else []


def succeeded(postgres: Postgres, role: str, tried: Mapping[str, str], **names: object) -> dict[str, str]:
    """The attacks that were not refused, with their results."""
    through = {}
    for name, statements in tried.items():
        try:
            through[name] = str(speak(postgres, role, statements, **names))
        except errors.InsufficientPrivilege:
            continue
        except psycopg.Error as error:
            through[name] = f"{type(error).__name__}: {error}"  # only a permission error proves anything
    return through


def in_acme(tried: Mapping[str, str]) -> dict[str, str]:
    """The same statements in that workspace's scope."""
    return {name: INTO_ACME + statements for name, statements in tried.items()}


def trail_of(postgres: Postgres, tenant: UUID) -> int:
    counting = in_acme({"entries": "SELECT count(*) FROM tenants_auditevent"})["entries"]
    [(count,)] = speak(postgres, "app", counting, acme=tenant)
    return int(count)


def test_app_cannot_erase_a_workspaces_trail(postgres: Postgres, acme: UUID) -> None:
    before = trail_of(postgres, acme)

    assert before > 0
    assert succeeded(postgres, "app", in_acme(attacks.WIPING), acme=acme) == {}
    assert trail_of(postgres, acme) == before


def test_app_cannot_reduce_recorded_spending(postgres: Postgres, acme: UUID) -> None:
    assert succeeded(postgres, "app", in_acme(attacks.MONEY), acme=acme) == {}


def test_a_row_stays_with_its_tenant(postgres: Postgres, acme: UUID, committed_cast: Cast) -> None:
    tried = in_acme(attacks.MOVING)
    assert succeeded(postgres, "app", tried, acme=acme, globex=committed_cast.globex.id) == {}


@pytest.mark.parametrize("role", ["app", "staff"])
def test_a_role_cannot_gain_power(postgres: Postgres, acme: UUID, role: str) -> None:
    other = {"app": "staff", "staff": "app"}[role]
    assert succeeded(postgres, role, attacks.POWER, me=role, other=other, acme=acme) == {}


def test_the_sweeper_reads_states_and_deletes_nothing(postgres: Postgres, acme: UUID) -> None:
    tables = speak(postgres, "owner", "SELECT 'public.' || tablename FROM pg_tables WHERE schemaname = 'public'")
    tried = {
        f"{form} {table}": f"SET ROLE sweeper; {form} {table}"
        for (table,) in tables
        for form in ("DELETE FROM", "TRUNCATE", "SELECT * FROM")
    }
    ends = {"erase": "SET ROLE sweeper; {erase}", "end": "SET ROLE sweeper; SELECT erase_tenant()"}

    assert len(tried) > 100
    assert succeeded(postgres, "app", {**tried, **ends}) == {}


def test_staff_read_no_secret_and_write_no_trail_but_their_own(postgres: Postgres, acme: UUID) -> None:
    assert succeeded(postgres, "staff", attacks.STAFFS, acme=acme) == {}


def test_without_a_tenant_there_are_no_rows_whatever_the_session_sets(postgres: Postgres, acme: UUID) -> None:
    for statements in (
        "SELECT count(*) FROM usage_meter",
        "SET app.tenant_id = ''; SELECT count(*) FROM usage_meter",
        "SET ROLE sweeper; RESET ROLE; SELECT count(*) FROM usage_meter",
        "SELECT count(*) FROM pg_stats WHERE tablename = 'usage_meter'",
        "SELECT count(*) FROM pg_stat_activity WHERE usename <> 'app' AND query !~ '^(<insufficient privilege>)?$'",
    ):
        assert speak(postgres, "app", statements) == [(0,)], statements
    with pytest.raises(errors.InsufficientPrivilege, match="row-level security"):
        speak(postgres, "app", "SET row_security = off; SELECT * FROM usage_meter")


def test_an_erased_workspaces_id_is_not_reused(postgres: Postgres, acme: UUID) -> None:
    speak(postgres, "owner", "UPDATE tenants_tenant SET deletes_at = {due} WHERE id = '{acme}'", acme=acme)
    assert deletion.erase(acme)

    with pytest.raises(errors.InsufficientPrivilege, match="was erased: its id is not given again"):
        speak(postgres, "app", "{new} ('{acme}', 'A', 'a', 'UTC', 'en', '', now(), '{{}}', NULL)", acme=acme)


def test_the_grace_period_is_that_of_the_last_migration(acme: UUID, settings: Settings) -> None:
    """Postgres stores it, so that a changed environment can't shorten it."""
    settings.DELETION_GRACE_DAYS = 3
    assert grace.period().days == 14
    grace.keep(object(), "owner")
    try:
        assert grace.period().days == 3
    finally:
        settings.DELETION_GRACE_DAYS = 14
        grace.keep(object(), "owner")
        connections["owner"].close()


def test_functions_that_run_as_owner_name_their_schemas(postgres: Postgres, acme: UUID) -> None:
    """A name resolved through the caller's search path could be the caller's function."""
    loose = """
        SELECT p.proname FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace AND (
            NOT EXISTS (SELECT 1 FROM unnest(p.proconfig) c WHERE c ~ '^search_path=pg_catalog.*pg_temp$')
            OR (p.prosecdef AND has_function_privilege('public', p.oid, 'EXECUTE')))
    """
    assert speak(postgres, "owner", loose) == []


def test_no_foreign_key_deletes_rows_by_itself(postgres: Postgres, acme: UUID) -> None:
    cascading = "SELECT conname FROM pg_constraint WHERE contype = 'f' AND confdeltype NOT IN ('a', 'r')"
    assert speak(postgres, "owner", cascading) == []


def test_public_has_no_rights(postgres: Postgres, acme: UUID) -> None:
    """PUBLIC has no table, no writable schema, and no right to create temporary tables in the database."""
    assert speak(postgres, "app", "SELECT has_schema_privilege('public', 'CREATE')") == [(False,)]
    assert speak(postgres, "app", "SELECT has_database_privilege(current_database(), 'TEMP')") == [(False,)]
    everybodys = "SELECT relname FROM pg_class c, aclexplode(relacl) a WHERE grantee = 0 AND relnamespace = "
    assert speak(postgres, "owner", everybodys + "'public'::regnamespace") == []
