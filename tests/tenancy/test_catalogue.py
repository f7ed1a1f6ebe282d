"""Every tenant table has forced row-level security; checked in Postgres's catalog, so new tables are included."""

from typing import Any

import pytest
from django.apps import apps
from django.db import connection

from tenants.models import Job

OUTSIDE = {
    "tenants_user": "a person may belong to several workspaces",
    "tenants_tenant": "looked up by slug before any tenant is set; holds no content",
    "tenants_erasedtenant": "ids of workspaces that were erased, and when; nothing else",
    "tenants_membership": "decides which tenant may be set",
    "tenants_formerslug": "finds the workspace for an old URL",
    "tenants_invitation": "looked up by digest before the person belongs to the tenant; holds an address and a role",
    "tenants_accountevent": "a person's account activity; append-only",
    "tenants_incident": "platform failures: a cause and a count, of no workspace",
    "tenants_apitoken": "looked up by digest before any tenant is set",
    "tenants_user_groups": "Django's permissions, for staff",
    "tenants_user_user_permissions": "Django's permissions, for staff",
    "channels_route": "finds the tenant of an incoming event; holds no secret",
    "account_emailaddress": "allauth: belongs to a person",
    "account_emailconfirmation": "allauth: belongs to a person",
    "mfa_authenticator": "allauth: belongs to a person; its secrets are encrypted",
    "socialaccount_socialaccount": "allauth: belongs to a person",
    "socialaccount_socialapp": "allauth: empty, providers are configured by the environment",
    "socialaccount_socialtoken": "allauth: empty, log-in tokens are not stored",
    "usersessions_usersession": "allauth: belongs to a person",
    "django_admin_log": "Django's admin: what staff did",
    "auth_group": "Django's permissions, for staff",
    "auth_group_permissions": "Django's permissions, for staff",
    "auth_permission": "Django's permissions, for staff",
    "django_content_type": "Django's own",
    "django_migrations": "Django's own",
    "django_session": "a person's session, before any tenant is set",
}

MIRROR = "dj-stripe: copies of Stripe's objects without a tenant, reached only through the tenant's customer"
OUTSIDE |= {
    model._meta.db_table: MIRROR for model in apps.get_app_config("djstripe").get_models(include_auto_created=True)
}
OUTSIDE |= {
    "djstripe_apikey": "dj-stripe: a placeholder for the key that shows the mode; never the key",
    "djstripe_event": "dj-stripe: stored before its workspace is known",
    "djstripe_idempotencykey": "dj-stripe: unused",
    "djstripe_webhookendpoint": "dj-stripe: where Stripe's events arrive; the secret is encrypted",
    "djstripe_webhookeventtrigger": "dj-stripe: incoming events, stored before their workspace is known",
}

TABLES = """
    SELECT c.relname, c.relrowsecurity, c.relforcerowsecurity,
           EXISTS (SELECT 1 FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant_id' AND a.attnotnull)
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p')
"""
POLICIES = """
    SELECT tablename, policyname, roles::text[], cmd, qual, with_check FROM pg_policies WHERE schemaname = 'public'
"""
FOREIGN_KEYS = """
    SELECT f.conrelid::regclass::text, f.confrelid::regclass::text, f.condeferrable,
           array(SELECT a.attname::text FROM unnest(f.conkey) WITH ORDINALITY k(n, place) JOIN pg_attribute a
                  ON a.attrelid = f.conrelid AND a.attnum = k.n ORDER BY k.place)
      FROM pg_constraint f WHERE f.contype = 'f'
"""
IS_SWEEPER = "(CURRENT_USER = 'sweeper'::name)"
IS_LEASED = f"({IS_SWEEPER} AND (leased_until IS NOT NULL))"
MATCH = "(tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid)"


def rows(statement: str) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return list(cursor.fetchall())


@pytest.mark.django_db
def test_every_table_is_protected_or_listed_with_a_reason() -> None:
    protected = {name for name, enabled, forced, owned in rows(TABLES) if enabled and forced and owned}
    everything = {name for name, *_ in rows(TABLES)}
    assert everything - protected == set(OUTSIDE)
    assert len(protected) >= 16


@pytest.mark.django_db
def test_only_app_can_access_dj_stripes_tables() -> None:
    mirror = [name for name, *_ in rows(TABLES) if name.startswith("djstripe_")]
    assert len(mirror) > 60
    readable = """
        SELECT DISTINCT role, c.relname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid,
               unnest(ARRAY['staff', 'sweeper']) role
         WHERE c.relname LIKE 'djstripe%' AND c.relkind = 'r' AND a.attnum > 0
           AND has_column_privilege(role, c.oid, a.attnum, 'SELECT')
    """
    assert rows(readable) == []


@pytest.mark.django_db
def test_every_protected_table_shows_a_tenant_only_its_own_rows() -> None:
    by_table: dict[str, set[tuple[str, str]]] = {}
    for table, _name, roles, command, using, check in rows(POLICIES):
        if roles == ["sweeper"]:
            renews = {("UPDATE", IS_LEASED, IS_LEASED)} if table in job_tables() else set()
            assert (command, using, check) in {("SELECT", IS_SWEEPER, None), *renews}, table
            continue
        assert (command, using, check) == ("ALL", MATCH, MATCH), table
        by_table.setdefault(table, set()).update((role, command) for role in roles)
    protected = {name for name, enabled, *_ in rows(TABLES) if enabled}
    assert {table for table, roles in by_table.items() if roles == {("app", "ALL"), ("owner", "ALL")}} == protected


@pytest.mark.django_db
def test_every_foreign_key_between_tenant_tables_is_paired_with_one_on_the_tenant() -> None:
    protected = {name for name, enabled, *_ in rows(TABLES) if enabled}
    keys = [row for row in rows(FOREIGN_KEYS) if row[0] in protected and row[1] in protected]
    plain = {(source, target, columns[0]) for source, target, _, columns in keys if len(columns) == 1}
    doubled = {
        (source, target, columns[1]) for source, target, deferrable, columns in keys if len(columns) == 2 and deferrable
    }
    assert plain
    assert plain - doubled == set()


@pytest.mark.django_db
def test_the_sweeper_reads_only_ids_states_and_times() -> None:
    granted = rows("""
        SELECT DISTINCT a.attname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
         WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND a.attnum > 0
           AND has_column_privilege('sweeper', c.oid, a.attnum, 'SELECT')
    """)
    assert {name for (name,) in granted} == {
        "id", "tenant_id", "connection_id", "thread_id", "place_id", "state", "attempt", "due_at",
        "received_at", "leased_until", "retry_at", "next_attempt_at", "sending_since", "unknown_since", "expires_at",
        "customer_id", "synced_at", "requested_at", "sent_at", "held_until",
    }  # fmt: skip


def job_tables() -> set[str]:
    """Tables of all models that are jobs, also of those to come."""
    return {model._meta.db_table for model in apps.get_models() if issubclass(model, Job)}


@pytest.mark.django_db
def test_the_sweeper_prolongs_leases_of_jobs_and_changes_nothing_else() -> None:
    may_write = rows("""
        SELECT c.relname, a.attname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
         WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND a.attnum > 0
           AND NOT a.attisdropped
           AND (has_column_privilege('sweeper', c.oid, a.attnum, 'UPDATE')
                OR has_column_privilege('sweeper', c.oid, a.attnum, 'INSERT'))
    """)
    assert set(may_write) == {(table, "leased_until") for table in job_tables()}
    assert len(job_tables()) >= 5


@pytest.mark.django_db
def test_every_job_has_its_columns_and_its_leases_can_be_renewed() -> None:
    protected = {name for name, enabled, *_ in rows(TABLES) if enabled}
    policies = [(table, command) for table, _, roles, command, *_ in rows(POLICIES) if roles == ["sweeper"]]
    renewable, readable = ({table for table, command in policies if command == each} for each in ("UPDATE", "SELECT"))
    columns = rows("""
        SELECT table_name, column_name, data_type, is_nullable, column_default FROM information_schema.columns
         WHERE column_name IN ('attempt', 'failures', 'leased_until', 'retry_at')
    """)
    for table in job_tables():
        its = {name: (kind, null, default) for owner, name, kind, null, default in columns if owner == table}
        assert its["attempt"] == its["failures"] == ("integer", "NO", "0"), table
        assert its["leased_until"] == ("timestamp with time zone", "YES", None), table
        assert its["retry_at"][:2] == ("timestamp with time zone", "YES"), table
        for column in ("id", "attempt", "leased_until", "retry_at"):
            assert rows(f"SELECT has_column_privilege('sweeper', '{table}', '{column}', 'SELECT')") == [(True,)], table
    assert renewable == job_tables() & protected
    assert renewable <= readable


@pytest.mark.django_db
def test_app_owns_nothing_and_cannot_truncate_or_bypass() -> None:
    assert rows("SELECT current_user") == [("app",)]
    assert rows("SELECT pg_has_role('app', 'sweeper', 'USAGE'), pg_has_role('app', 'sweeper', 'SET')") == [
        (False, True)
    ]
    assert rows("SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = 'app'") == [(False, False)]
    assert rows("SELECT count(*) FROM pg_tables WHERE tableowner = 'app'") == [(0,)]
    truncatable = """
        SELECT tablename FROM pg_tables WHERE schemaname = 'public'
           AND has_table_privilege('app', quote_ident(schemaname) || '.' || quote_ident(tablename), 'TRUNCATE')
    """
    assert rows(truncatable) == []


@pytest.mark.django_db
def test_the_ledger_can_only_grow() -> None:
    for right, may in (("SELECT", True), ("INSERT", True), ("UPDATE", False), ("DELETE", False)):
        assert rows(f"SELECT has_table_privilege('app', 'usage_usagerecord', '{right}')") == [(may,)]
