"""The cast, a private database with `app` as its user, and the whole product as a process tree."""

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

import psycopg
import pytest
from django.core.cache import cache
from django.db import connections
from pytest_django import DjangoDbBlocker, Settings

from config.local import schema
from config.local.embedded.postgres import Postgres, temporary_postgres
from tenants import database_roles
from tenants.models import Tenant, User
from tests import factories
from tests.stack import QUIET_SECONDS, ROOT, Stack

LONGEST_FIRST = ("isolation", "browser", "flow", "fuzz", "accounts", "secrets", "security")
"""Folders under tests/ with slow files. Starting them first lets two processes finish at about the same time."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Start with the slowest files."""
    folders = {name: place for place, name in enumerate(LONGEST_FIRST)}
    items.sort(key=lambda item: folders.get(item.path.relative_to(ROOT / "tests").parts[0], len(folders)))


@pytest.fixture(autouse=True)
def _quick_passwords(settings: Settings) -> None:
    """Use fast password hashing: slow hashing only matters against attackers."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(autouse=True)
def _plain_static_files(settings: Settings) -> None:
    """Render pages without `collectstatic`, and don't scan all static files before each client's first request."""
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = {**settings.STORAGES, "staticfiles": plain}
    settings.WHITENOISE_AUTOREFRESH = True


@pytest.fixture(autouse=True)
def _empty_cache() -> None:
    """Reset rate limits."""
    cache.clear()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A Postgres for this run, with the platform's roles."""
    with temporary_postgres() as server:
        passwords = {role: _password(server.url(role)) for role in ("owner", "app", "staff")}
        with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
            database_roles.provision(connection, "roster", passwords)
            database_roles.grant(connection)
        yield server


def _password(url: str) -> str:
    return unquote(urlsplit(url).password or "")


@pytest.fixture(scope="session")
def django_db_setup(postgres: Postgres, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Migrate as `owner`, connect as `app`: otherwise row-level security isn't tested."""
    for alias, role in (("default", "app"), ("owner", "owner"), ("staff", "staff")):
        url = urlsplit(postgres.url(role))
        connections[alias].settings_dict.update(
            HOST=url.hostname, PORT=url.port, NAME=url.path[1:], USER=role, PASSWORD=_password(postgres.url(role))
        )
    with django_db_blocker.unblock():
        schema.migrate()
        yield
        connections.close_all()


FILLED = """
    SELECT relname FROM pg_class
     WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND pg_relation_size(oid) > 0
"""
KEPT_TABLES = {"django_migrations", "django_content_type", "auth_permission"}


@pytest.fixture
def committed(django_db_setup: None, postgres: Postgres, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Real transactions, including from threads; the owner empties the tables afterwards."""
    with django_db_blocker.unblock():
        yield
        connections.close_all()
    empty(postgres)


def empty(postgres: Postgres) -> None:
    """Delete all rows of all tables. Skips tables without data pages, since truncating all of them is much slower."""
    with psycopg.connect(postgres.url("owner")) as connection:
        tables = connection.execute(FILLED).fetchall()
        names = ", ".join(f'"{name}"' for (name,) in tables if name not in KEPT_TABLES)
        if names:
            connection.execute(f"TRUNCATE {names} CASCADE".encode())


@dataclass(frozen=True)
class Cast:
    """Two workspaces with their owners, and an outsider who belongs to neither."""

    acme: Tenant
    globex: Tenant
    alice: User
    bob: User
    outsider: User


def _cast() -> Cast:
    alice, bob = factories.make_user("alice@acme.example"), factories.make_user("bob@globex.example")
    acme = factories.make_tenant("acme", owner=alice)
    globex = factories.make_tenant("globex", owner=bob)
    return Cast(acme, globex, alice, bob, factories.make_user("outsider@example.com"))


@pytest.fixture
def cast(db: None) -> Cast:
    """The cast, in a transaction that is rolled back."""
    return _cast()


@pytest.fixture
def committed_cast(committed: None) -> Cast:
    """The cast, committed: for threads and for code that opens its own transactions."""
    return _cast()


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The whole product, started once for all tests that use it from outside."""
    stack = Stack(tmp_path_factory.mktemp("stack"), {"QUIET_SECONDS": str(QUIET_SECONDS), "SANDBOX_LLM_LATENCY": "0.1"})
    stack.start()
    yield stack
    assert stack.stop() == 0
