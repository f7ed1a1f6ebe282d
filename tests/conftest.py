"""The cast, a private database with `app` as its user, and the whole product as a process tree."""

import gc
import tempfile
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import psycopg
import pytest
from django.core.cache import cache
from django.db import connections
from psycopg import sql
from pytest_django import DjangoDbBlocker, Settings
from xdist.remote import Producer
from xdist.workermanage import WorkerController

from config.local.embedded.postgres import Postgres
from tenants.models import Tenant, User
from tests import factories, static
from tests.cluster import Cluster
from tests.sharing import Sharing, longest_first
from tests.stack import QUIET_SECONDS, Stack

CLUSTER = pytest.StashKey[Cluster]()


def pytest_configure(config: pytest.Config) -> None:
    """The main process chooses the cluster's folder; xdist's workers are given it."""
    told = getattr(config, "workerinput", {}).get("cluster")
    config.stash[CLUSTER] = Cluster(Path(told)) if told else Cluster.in_new_folder()


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: WorkerController) -> None:
    node.workerinput["cluster"] = str(node.config.stash[CLUSTER].folder)


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        config.stash[CLUSTER].remove()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Sharing:
    return Sharing(config, log)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, Any, Any]:
    """Collected tests stay until the end: don't search them for garbage, now or later."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()
        gc.freeze()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Start with the slowest files (sharing.py)."""
    items.sort(key=lambda item: longest_first(item.nodeid))


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
def cluster(pytestconfig: pytest.Config) -> Cluster:
    """A cluster with roles and tables, to copy."""
    return pytestconfig.stash[CLUSTER]


@pytest.fixture(scope="session")
def postgres(cluster: Cluster) -> Iterator[Postgres]:
    """This worker's Postgres, with the platform's roles and tables."""
    with tempfile.TemporaryDirectory(prefix="roster-") as name:
        cluster.copy_to(Path(name) / "postgres")
        with Postgres(Path(name) / "postgres", durable=False) as server:
            yield server


def _password(url: str) -> str:
    return unquote(urlsplit(url).password or "")


@pytest.fixture(scope="session")
def django_db_setup(postgres: Postgres, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Made by `owner`, used as `app`: otherwise row-level security proves nothing."""
    for alias, role in (("default", "app"), ("owner", "owner"), ("staff", "staff")):
        url = urlsplit(postgres.url(role))
        connections[alias].settings_dict.update(
            HOST=url.hostname, PORT=url.port, NAME=url.path[1:], USER=role, PASSWORD=_password(postgres.url(role))
        )
    with django_db_blocker.unblock():
        yield
        connections.close_all()


FILLED = """
    SELECT relname FROM pg_class
     WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND pg_relation_size(oid) > 0
"""
KEPT_TABLES = {"django_migrations", "django_content_type", "auth_permission"}


@pytest.fixture
def committed(django_db_setup: None, postgres: Postgres, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Real transactions, including from threads; the tables are emptied afterwards."""
    with django_db_blocker.unblock():
        yield
        connections.close_all()
    empty(postgres)


def empty(postgres: Postgres) -> None:
    """Delete all rows of all tables that ever had some. TRUNCATE makes new files, and takes five times as long.

    The superuser does so without triggers, which check foreign keys and guard the trails.
    """
    with psycopg.connect(postgres.url("postgres")) as connection:
        connection.execute("SET session_replication_role = replica")
        names = [name for (name,) in connection.execute(FILLED).fetchall() if name not in KEPT_TABLES]
        for name in names:
            connection.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(name)))


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


@contextmanager
def stack_with(folder: Path, cluster: Cluster, **extra: str) -> Iterator[Stack]:
    """The whole product with these variables, with existing tables and static files."""
    stack = Stack(folder, extra)
    data = stack.folder / "data"
    cluster.copy_to(data / "postgres")
    static.collect_for(data)
    stack.start()
    yield stack
    assert stack.stop() == 0
    stack.remove_database()


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory, cluster: Cluster) -> Iterator[Stack]:
    """The whole product, started once for all tests that use it from outside."""
    told = {"QUIET_SECONDS": str(QUIET_SECONDS), "SANDBOX_LLM_LATENCY": "0.1"}
    with stack_with(tmp_path_factory.mktemp("stack"), cluster, **told) as stack:
        yield stack
