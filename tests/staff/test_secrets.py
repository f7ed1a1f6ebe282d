"""No secret and no message can be read in the admin: no page shows one, and Postgres refuses to return one."""

import re
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.sessions.models import Session
from django.db import connections
from django.db.utils import ProgrammingError

from tenants import incidents
from tenants.encryption import EncryptedField
from tenants.models import User
from tenants.scope import tenant_scope
from tenants.staff import STAFF, site
from tenants.team import support
from tenants.wordings import TOLD
from tests.conftest import Cast
from tests.staff.people import Person
from tests.staff.workplace import CANARY, fill

READABLE = """
    SELECT c.relname, a.attname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
     WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped
       AND has_column_privilege('staff', c.oid, a.attnum, %s)
"""
EMPTIABLE = """
    SELECT relname FROM pg_class c WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
       AND (has_table_privilege('staff', c.oid, 'DELETE') OR has_table_privilege('staff', c.oid, 'TRUNCATE'))
"""
SUSPICIOUS = re.compile(
    r"secret|token|digest|password|session|payload|content|text|data|answer|title$|instruct|key$|changes|author|address"
)
COUNTS = re.compile(r"(input|output|cached_read|cache_write|reasoning|max_output)_tokens$")
KNOWN = {
    ("usage_meter", "key"),
    ("agents_agent", "job_title"),
    ("agents_agent", "unanswered_since"),
    ("agents_agent", "unanswered_cause"),
}
"""Only the names are suspicious: a meter's key is a word such as `trial`, a cause one such as `no_seat`."""


def test_no_page_of_the_admin_shows_a_secret_or_a_message(committed_cast: Cast, superuser: Person) -> None:
    for tenant, team in ((committed_cast.acme, "T0ACME"), (committed_cast.globex, "T0GLOBEX")):
        fill(tenant, team)
        with tenant_scope(tenant.id):
            support.grant(committed_cast.alice, 4, "Look at the channel")
    incidents.report("llm_refused", TOLD(text="OpenAI does not accept the API key."))
    secrets = {CANARY, *_secrets_of(superuser)}
    pages = list(_pages(superuser))
    assert len(pages) >= 60
    shown = {(address, secret) for address, page in pages for secret in secrets if secret in page}
    assert shown == set()


def test_the_role_reads_no_column_that_could_hold_a_secret(db: None) -> None:
    readable = {(table, column) for table, column in _granted("SELECT") if not COUNTS.search(column)}
    assert ("tenants_tenant", "slug") in readable
    suspicious = {each for each in readable if SUSPICIOUS.search(each[1])}
    assert suspicious == KNOWN
    sealed = {
        (model._meta.db_table, field.column)
        for model in site._registry
        for field in model._meta.local_fields
        if isinstance(field, EncryptedField)
    }
    assert sealed
    assert readable & sealed == set()


@pytest.mark.parametrize(
    "address",
    [
        "/admin/tenants/user/?password__startswith=a",
        "/admin/tenants/user/?groups__id=1",
        "/admin/tenants/apitoken/?digest__startswith=a",
        "/admin/tenants/membership/?user__password__startswith=a",
    ],
)
def test_filters_cannot_guess_unreadable_columns(staff: Person, address: str) -> None:
    assert staff.get(address).status_code == 400


def test_the_role_writes_only_account_flags_and_its_own_trail(db: None) -> None:
    assert set(_granted("UPDATE")) == {("tenants_user", name) for name in ("is_active", "is_staff", "is_superuser")}
    assert {table for table, _ in _granted("INSERT")} == {"tenants_auditevent", "tenants_accountevent"}
    with connections["default"].cursor() as cursor:
        cursor.execute(EMPTIABLE)
        assert cursor.fetchall() == []


@pytest.mark.parametrize("query", ["password FROM tenants_user", "* FROM django_session", "text FROM agents_turn"])
def test_postgres_itself_refuses_staff_everything_the_admin_does_not_name(committed: None, query: str) -> None:
    with connections[STAFF].cursor() as cursor, pytest.raises(ProgrammingError, match="permission denied"):
        cursor.execute(f"SELECT {query}")


def test_dj_stripes_admin_is_not_registered(superuser: Person) -> None:
    """It shows keys and webhook secrets to anyone who opens it."""
    for each in (site, admin.site):
        assert [model for model in each._registry if model._meta.app_label == "djstripe"] == []
    assert "djstripe.admin" not in sys.modules
    for page in ("djstripe/", "djstripe/apikey/", "djstripe/webhookendpoint/add/"):
        assert superuser.get(f"/admin/{page}").status_code == 404


def _granted(right: str) -> list[tuple[str, str]]:
    with connections["default"].cursor() as cursor:
        cursor.execute(READABLE, [right])
        return list(cursor.fetchall())


def _secrets_of(person: Person) -> Iterator[str]:
    yield person.secret
    yield from (user.password for user in User.objects.all())
    yield from (session.session_key for session in Session.objects.all())


def _pages(person: Person) -> Iterator[tuple[str, str]]:
    """Each list, a search in it, and each row with its history."""
    yield _page(person, "/admin/")
    for model in site._registry:
        if not site.get_model_admin(model).get_urls():
            continue
        base = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
        yield _page(person, base)
        yield _page(person, base, q="a")
        rows: Any = model._default_manager.using(STAFF)
        keys = list(rows.values_list("pk", flat=True)[:4])
        assert keys, f"no row of {model.__name__} to look at"
        for key in keys:
            yield _page(person, f"{base}{key}/change/")
            yield _page(person, f"{base}{key}/history/")


def _page(person: Person, address: str, **query: str) -> tuple[str, str]:
    answer = person.get(address, **query)
    assert answer.status_code == 200, (address, answer.status_code, answer.headers.get("Location"))
    return f"{address}?{query}", answer.content.decode()
