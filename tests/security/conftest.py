"""Callers that get every response, even a 500, instead of the exception behind it."""

from collections.abc import Iterator

import pytest
from django.core.cache import cache
from django.test import Client
from pytest_django import Settings

from tenants.models import ApiToken, Role
from tests.conftest import Cast


@pytest.fixture(autouse=True)
def _memory_cache(settings: Settings) -> Iterator[None]:
    """Rate limits need a cache, and each test a new one."""
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    yield
    cache.clear()


@pytest.fixture
def stranger() -> Client:
    """An anonymous visitor."""
    return Client(raise_request_exception=False)


@pytest.fixture
def alice(cast: Cast) -> Client:
    """The owner of Acme, logged in."""
    client = Client(raise_request_exception=False, headers={"Roster-Workspace": "acme"})
    client.force_login(cast.alice)
    return client


@pytest.fixture
def program(cast: Cast) -> Client:
    """A program with an owner's API token for Acme."""
    _, plain = ApiToken.issue(cast.acme, "Tests", Role.OWNER)
    return Client(raise_request_exception=False, headers={"Authorization": f"Bearer {plain}"})
