"""A pooled connection that Postgres closed is replaced before anybody uses it, without asking about those that live."""

from collections.abc import Iterator

import psycopg
import pytest
from django.db import connection as default

from config.local.embedded.postgres import Postgres
from config.postgres.base import DatabaseWrapper, lives


@pytest.fixture
def pooled(committed: None) -> Iterator[DatabaseWrapper]:
    """As in production, with one connection."""
    options = {**default.settings_dict["OPTIONS"], "pool": {"min_size": 1, "max_size": 1, "timeout": 10}}
    wrapper = DatabaseWrapper({**default.settings_dict, "OPTIONS": options}, alias="default")
    yield wrapper
    wrapper.close()
    wrapper.close_pool()


def backend(wrapper: DatabaseWrapper) -> int:
    """The process that serves one request, in which the connection goes back to the pool."""
    with wrapper.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        pid = int(cursor.fetchone()[0])
    wrapper.close()
    return pid


def test_a_connection_that_postgres_closed_is_replaced(pooled: DatabaseWrapper, postgres: Postgres) -> None:
    before = backend(pooled)
    assert backend(pooled) == before
    for _ in range(2):
        with psycopg.connect(postgres.url("postgres"), autocommit=True) as superuser:
            superuser.execute("SELECT pg_terminate_backend(%s, 10000)", [before])
        after = backend(pooled)
        assert after != before
        before = after


def test_a_connection_with_something_to_read_is_asked(postgres: Postgres) -> None:
    """A notification is no end."""
    with (
        psycopg.connect(postgres.url("app"), autocommit=True) as idle,
        psycopg.connect(postgres.url("app"), autocommit=True) as other,
    ):
        idle.execute("LISTEN news")
        assert lives(idle)
        other.execute("NOTIFY news")
        assert lives(idle)
        assert lives(idle)


def test_the_product_uses_it() -> None:
    assert isinstance(default.copy(), DatabaseWrapper)
