"""The doctor's checks of Postgres, its roles and tables, and the secrets in it."""

import time
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

import psycopg
from django.conf import settings
from django.db import connection, connections
from django.db.migrations.executor import MigrationExecutor

from tenants import encryption, guard
from tenants.doctor.report import TIMEOUT_SECONDS, Finding, ok, problem, skipped, warning
from tenants.encryption import UndecryptableError
from tenants.incidents import recent as recent_incidents
from tenants.privacy import rotation

VARIABLES = {"default": "DATABASE_URL", "owner": "DATABASE_OWNER_URL", "staff": "DATABASE_STAFF_URL"}
NAMES = {"default": "Postgres as app", "owner": "Postgres as owner", "staff": "Postgres as staff"}
NEEDLESS = {
    "owner": "DATABASE_OWNER_URL is not set: only migrations need it.",
    "staff": "DATABASE_STAFF_URL is not set: only the staff's admin needs it.",
}
CAUSES = {
    "password authentication failed": "refuses the password: correct it in {}, or run `manage.py provision_database`",
    "no password supplied": "needs a password: put it into {}",
    "does not exist": "does not have that role or database: correct {}, or run `manage.py provision_database`",
    "Connection refused": "is not listening there: start it, or correct host and port in {}",
    "could not translate host name": "has a host name that cannot be resolved: correct the host in {}",
    "resolve": "has a host name that cannot be resolved: correct the host in {}",
    "timeout": "does not answer: check the host in {}, and the firewall",
    "SSL": "and this program do not agree on TLS: check sslmode in {}",
    "too many": "has no connection free: raise max_connections, or lower DATABASE_POOL_SIZE",
}
SKEW_SECONDS = 2.0

UNPROTECTED = """
    SELECT c.relname FROM pg_class c
      JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id' AND a.attnotnull
     WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
       AND EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conrelid = c.oid AND k.conname LIKE '%_tenant_row')
       AND NOT (c.relrowsecurity AND c.relforcerowsecurity)
"""
ROLES = """
    SELECT (SELECT array_agg(rolname::text) FROM pg_roles WHERE rolname IN ('owner', 'app', 'staff', 'sweeper')),
           CASE WHEN to_regrole('sweeper') IS NULL THEN true ELSE pg_has_role('sweeper', 'USAGE') END,
           CASE WHEN to_regrole('sweeper') IS NULL THEN false ELSE pg_has_role('sweeper', 'SET') END,
           EXISTS (SELECT 1 FROM pg_tables WHERE schemaname = 'public'
                    AND has_table_privilege(format('%I.%I', schemaname, tablename), 'TRUNCATE'))
"""


def databases() -> Iterator[Finding]:
    """Can each role log in to Postgres, and does it have the right powers?"""
    for alias, subject in NAMES.items():
        if alias not in settings.DATABASES:
            yield skipped(subject, NEEDLESS[alias])
            continue
        try:
            yield _role(alias, subject)
        except psycopg.Error as error:
            yield problem(subject, _cause(alias, error))


def _role(alias: str, subject: str) -> Finding:
    with _connect(alias) as session:
        row = session.execute(guard.POWERS.encode()).fetchone()
    name, is_superuser, bypasses, owns = row or ("", False, False, False)
    if alias == "default" and (reason := guard.refusal(is_superuser=is_superuser, bypasses=bypasses, owns=owns)):
        return problem(subject, guard.SENTENCES["default"].format(name=name, reason=reason))
    if alias == "staff" and (is_superuser or owns or not bypasses):
        return problem(
            subject,
            f"DATABASE_STAFF_URL logs in as {name!r}, whose powers are not those that `provision_database` gives.",
        )
    if alias == "owner" and is_superuser:
        return warning(subject, f"DATABASE_OWNER_URL logs in as {name!r}, a superuser: the role `owner` is enough.")
    return ok(subject, f"logged in as {name}.")


def _connect(alias: str) -> psycopg.Connection[Any]:
    """A connection outside Django's pool, which would wait longer."""
    given = connections[alias].get_connection_params()
    plain = {key: given[key] for key in ("dbname", "user", "password", "host", "port", "sslmode") if key in given}
    return psycopg.connect(**plain, connect_timeout=TIMEOUT_SECONDS)


def _cause(alias: str, error: psycopg.Error) -> str:
    text = str(error)
    for mark, cause in CAUSES.items():
        if mark in text:
            return f"Postgres {cause.format(VARIABLES[alias])}."
    return f"Postgres cannot be used ({type(error).__name__}): check {VARIABLES[alias]} and Postgres' log."


def migrations() -> Iterator[Finding]:
    """Are all migrations of this version applied?"""
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if plan:
        first = plan[0][0]
        yield problem(
            "Migrations", f"{len(plan)} are missing, first {first}: run `manage.py migrate --database owner`."
        )
    else:
        yield ok("Migrations", "all are applied.")


def protection() -> Iterator[Finding]:
    """Are tenants kept apart by roles, grants and policies?"""
    with connection.cursor() as cursor:
        cursor.execute(UNPROTECTED)
        bare = [name for (name,) in cursor.fetchall()]
        cursor.execute(ROLES)
        roles, inherits, may_sweep, may_truncate = cursor.fetchone()
    missing = {"owner", "app", "staff", "sweeper"} - set(roles or ())
    wrong = list(_wrong_grants(missing, inherits=inherits, may_sweep=may_sweep, may_truncate=may_truncate))
    if bare:
        yield problem("Row-level security", f"is not forced on {', '.join(bare)}: run the migrations.")
    if wrong:
        yield problem("Roles and grants", f"{'; '.join(wrong)}: run `manage.py provision_database`.")
    if not bare and not wrong:
        yield ok("Roles and grants", "are sound, and row-level security is forced on every tenant's table.")


def _wrong_grants(missing: set[str], *, inherits: bool, may_sweep: bool, may_truncate: bool) -> Iterator[str]:
    if missing:
        yield f"there is no role {', '.join(sorted(missing))}"
    if "sweeper" not in missing and inherits:
        yield "app inherits the rights of sweeper"
    if "sweeper" not in missing and not may_sweep:
        yield "app may not become sweeper"
    if may_truncate:
        yield "app may truncate tables"


def clock() -> Iterator[Finding]:
    """Leases, expiry and signatures compare this machine's clock with Postgres' and with the providers'."""
    before = time.time()
    with connection.cursor() as cursor:
        cursor.execute("SELECT extract(epoch FROM clock_timestamp())::float8")
        theirs = cursor.fetchone()[0]
    skew = theirs - (before + time.time()) / 2
    if abs(skew) > SKEW_SECONDS:
        yield problem("Clock", f"differs from Postgres' by {skew:.1f} s: set both machines by NTP.")
    else:
        yield ok("Clock", f"agrees with Postgres' within {SKEW_SECONDS:g} s.")


def secrets() -> Iterable[Finding]:
    """Can every stored secret be decrypted, and under which keys?"""
    closed: list[str] = []
    usage: Counter[str] = Counter()
    for place, row, raw in rotation.stored():
        ids = place.key_ids(raw)
        usage.update(ids)
        if not _opens(place, raw):
            closed.append(f"{place.name} of row {row} (key {', '.join(ids)})")
    return _judged(closed, usage)


def _opens(place: rotation.SealedColumn, raw: str) -> bool:
    try:
        for sealed in place.sealed_in(raw):
            encryption.decrypt(sealed)
    except UndecryptableError:
        return False
    return True


def _judged(closed: list[str], usage: Counter[str]) -> Iterator[Finding]:
    subject = "Encryption keys"
    for each in closed[:20]:
        yield problem(
            subject, f"No key opens {each}: put the key back into PLATFORM_ENCRYPTION_KEYS, or enter the secret again."
        )
    if len(closed) > 20:
        yield problem(subject, f"{len(closed) - 20} more secrets cannot be opened.")
    older = [f"{count} under {name}" for name, count in usage.items() if name != encryption.newest_key_id()]
    if closed:
        return
    if older:
        yield warning(subject, f"All secrets open, but {', '.join(older)}, an older key: run rotate_encryption_keys.")
    else:
        yield ok(subject, f"all {usage.total()} stored secrets open and are under the newest key.")


def incidents() -> Iterator[Finding]:
    """What failed on our own side within the last hour, while people waited for an answer."""
    found = list(recent_incidents())
    for each in found:
        since = f"{each.count} time{'' if each.count == 1 else 's'} since {each.first_at:%H:%M} UTC"
        yield warning("Our side", f"{each.detail} ({each.cause}, {since}, last at {each.last_at:%H:%M:%S})")
    if not found:
        yield ok("Our side", "nothing on our side kept an AI employee from answering within the last hour.")
