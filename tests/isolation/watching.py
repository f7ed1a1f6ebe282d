"""Who wrote whose rows, as Postgres reports through triggers that bypass row-level security."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg
from django.db import connections
from psycopg import sql
from psycopg.pq import TransactionStatus

from config.local.embedded.postgres import Postgres

OWNERS = {
    "tenants_tenant": "id",
    "tenants_erasedtenant": "id",
    "tenants_user": "id",
    "tenants_accountevent": "account_id",
    "account_emailconfirmation": "",
    "tenants_incident": "",
    "djstripe_customer": "subscriber_id",
    "django_session": "",
}
"""Tables whose owner column isn't tenant_id or user_id; empty: they have none."""

INSTALL = """
    CREATE SCHEMA isolation;
    CREATE TABLE isolation.writes (place text, verb text, owners text[]);
    CREATE FUNCTION isolation.note() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
    BEGIN
        IF TG_OP <> 'UPDATE' OR to_jsonb(OLD) <> to_jsonb(NEW) THEN
            INSERT INTO isolation.writes VALUES (TG_TABLE_NAME, TG_OP, ARRAY[
                CASE WHEN TG_OP <> 'INSERT' THEN to_jsonb(OLD) ->> TG_ARGV[0] END,
                CASE WHEN TG_OP <> 'DELETE' THEN to_jsonb(NEW) ->> TG_ARGV[0] END]);
        END IF;
        RETURN NULL;
    END $$;
    CREATE FUNCTION isolation.noted() RETURNS SETOF isolation.writes LANGUAGE sql SECURITY DEFINER
        AS 'SELECT * FROM isolation.writes';
    GRANT USAGE ON SCHEMA isolation TO PUBLIC;
"""
TABLES = """
    SELECT c.relname::text, array_agg(a.attname::text) FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
     WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped
     GROUP BY c.relname ORDER BY c.relname
"""


@dataclass(frozen=True)
class Write:
    """A row that was really written: its table, INSERT, UPDATE or DELETE, and its owners (ids as text)."""

    table: str
    verb: str
    owners: frozenset[str]


def columns_by_table(connection: psycopg.Connection) -> dict[str, list[str]]:
    """All of the product's tables with their columns."""
    return dict(connection.execute(TABLES).fetchall())


def table_columns(postgres: Postgres) -> dict[str, list[str]]:
    """The same over a separate connection."""
    with psycopg.connect(postgres.url("postgres")) as admin:
        return columns_by_table(admin)


def owner_column(table: str, columns: list[str]) -> str:
    """The column with the owner of a table's rows; empty if there is none."""
    if table in OWNERS:
        return OWNERS[table]
    return next((name for name in ("tenant_id", "user_id") if name in columns), "")


@contextmanager
def watched(postgres: Postgres) -> Iterator[None]:
    """While open, Postgres records each write in its own transaction; see `writes`."""
    with psycopg.connect(postgres.url("postgres"), autocommit=True) as admin:
        admin.execute(INSTALL)
        for table, columns in columns_by_table(admin).items():
            column = owner_column(table, columns) or "none"
            admin.execute(
                sql.SQL(
                    "CREATE TRIGGER isolation AFTER INSERT OR UPDATE OR DELETE ON {} "
                    "FOR EACH ROW EXECUTE FUNCTION isolation.note({})"
                ).format(sql.Identifier("public", table), sql.Literal(column))
            )
        try:
            yield
        finally:
            admin.execute("DROP SCHEMA isolation CASCADE")


def writes(aliases: list[str]) -> list[Write]:
    """What these connections' open transactions have written so far, without rolled-back writes."""
    found = []
    for alias in filter(_has_asked, aliases):
        with connections[alias].cursor() as cursor:
            cursor.execute("SELECT place, verb, owners FROM isolation.noted()")
            found += [Write(place, verb, frozenset(filter(None, owners))) for place, verb, owners in cursor.fetchall()]
    return found


def _has_asked(alias: str) -> bool:
    """Has this connection's transaction run any statement? Most requests don't use the staff connection."""
    driver = connections[alias].connection
    return driver is not None and driver.info.transaction_status is not TransactionStatus.IDLE


def digests(postgres: Postgres, owners: list[str]) -> dict[str, str]:
    """A digest of these owners' committed rows, by table: equal before and after if nothing changed them."""
    found = {}
    with psycopg.connect(postgres.url("postgres")) as admin:
        for table, columns in columns_by_table(admin).items():
            column = owner_column(table, columns)
            if column:
                statement = sql.SQL(
                    "SELECT count(*) || ' ' || md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) "
                    "FROM {} t WHERE {}::text = ANY(%s)"
                ).format(sql.Identifier("public", table), sql.Identifier(column))
                row = admin.execute(statement, [owners]).fetchone()
                found[table] = str(row[0]) if row else ""
    return found
