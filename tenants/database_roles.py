"""Postgres roles: `owner` migrates, `app` serves under row-level security, `sweeper` sees ids, `staff` supports."""

from collections.abc import Mapping

import psycopg
from psycopg import sql

ATTRIBUTES = {
    "owner": "LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEROLE CREATEDB",
    # NOINHERIT: a policy for `sweeper` would otherwise hold for `app` too; it has to SET ROLE first.
    "app": "LOGIN NOINHERIT NOSUPERUSER NOBYPASSRLS NOCREATEROLE NOCREATEDB",
    "staff": "LOGIN NOSUPERUSER BYPASSRLS NOCREATEROLE NOCREATEDB",
    "sweeper": "NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEROLE NOCREATEDB",
}


def provision(connection: psycopg.Connection, database: str, passwords: Mapping[str, str]) -> list[str]:
    """Create the roles, the database and the grants, or bring them up to date. Idempotent.

    connection: autocommit, as a role that may create roles. passwords: by role; roles without one keep theirs.
    Returns the names of the roles that were created. Raises psycopg.errors.InsufficientPrivilege.
    """
    made = [role for role in ATTRIBUTES if _ensure_role(connection, role, passwords.get(role, ""))]
    with connection.transaction():  # an older grant may have been made with inheritance
        connection.execute("REVOKE sweeper FROM app")
        connection.execute("GRANT sweeper TO app")
    _ensure_database(connection, database)
    return made


def _ensure_role(connection: psycopg.Connection, role: str, password: str) -> bool:
    exists = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone()
    name = sql.Identifier(role)
    verb = "ALTER" if exists else "CREATE"
    connection.execute(sql.SQL(verb + " ROLE {} " + ATTRIBUTES[role]).format(name))
    if password:
        connection.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(name, sql.Literal(password)))
    return not exists


def _ensure_database(connection: psycopg.Connection, database: str) -> None:
    name = sql.Identifier(database)
    if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database]).fetchone():
        connection.execute(sql.SQL("CREATE DATABASE {} OWNER owner").format(name))
    connection.execute(sql.SQL("ALTER DATABASE {} OWNER TO owner").format(name))
    connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(name))
    connection.execute(sql.SQL("GRANT CONNECT ON DATABASE {} TO app, staff").format(name))


def grant(connection: psycopg.Connection) -> None:
    """Grants inside the database: what there is, and by default what `owner` will make. No TRUNCATE for anyone else."""
    rights = "SELECT, INSERT, UPDATE, DELETE"
    for statement in (
        "REVOKE ALL ON SCHEMA public FROM PUBLIC",
        "ALTER SCHEMA public OWNER TO owner",
        "GRANT USAGE ON SCHEMA public TO app, staff, sweeper",
        f"ALTER DEFAULT PRIVILEGES FOR ROLE owner IN SCHEMA public GRANT {rights} ON TABLES TO app",
        "ALTER DEFAULT PRIVILEGES FOR ROLE owner IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO app",
        # What staff may read is granted by column, after each migration: tenants/staff/rights.py.
        "ALTER DEFAULT PRIVILEGES FOR ROLE owner IN SCHEMA public REVOKE ALL ON TABLES FROM staff",
        "ALTER DEFAULT PRIVILEGES FOR ROLE owner IN SCHEMA public REVOKE ALL ON SEQUENCES FROM staff",
    ):
        connection.execute(statement)
