"""Postgres is down: pages say so in our own words, and nothing hangs."""

from collections.abc import Iterator

import pytest
from django.conf import settings
from django.db import connections
from django.test import Client
from pytest_django import DjangoDbBlocker

from tests.waiting import free_ports


@pytest.fixture
def postgres_is_down(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Point the connection to an address where nothing listens."""
    with django_db_blocker.unblock():
        connection = connections["default"]
        connection.close()
        port = connection.settings_dict["PORT"]
        connection.settings_dict["PORT"] = free_ports(1)
        yield
        connection.close()
        connection.settings_dict["PORT"] = port


@pytest.mark.parametrize("path", ["/", "/t/acme/", "/accounts/email/"])
def test_the_page_that_says_so_needs_no_database(postgres_is_down: None, stranger: Client, path: str) -> None:
    stranger.cookies[settings.SESSION_COOKIE_NAME] = "a" * 32

    answer = stranger.get(path)

    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "5"
    assert "Roster is busy or restarting" in answer.content.decode()
    assert answer.headers["X-Request-ID"] in answer.content.decode()


def test_the_apis_answer_needs_no_database_either(postgres_is_down: None, stranger: Client) -> None:
    answer = stranger.get("/api/v1/agents/", headers={"Authorization": "Bearer rst_unknown"})

    assert answer.status_code == 503
    assert answer.json()["request_id"] == answer.headers["X-Request-ID"]


def test_error_pages_without_a_session_work_as_usual(postgres_is_down: None, stranger: Client) -> None:
    assert stranger.get("/nowhere/").status_code == 404
    assert stranger.get("/livez").status_code == 200
    assert stranger.get("/readyz").status_code == 503
