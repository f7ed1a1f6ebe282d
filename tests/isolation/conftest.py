"""Two filled workspaces, committed, in a Postgres that records who writes what."""

import logging
import os
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.db import connections
from django.test import override_settings
from pytest_django import DjangoDbBlocker

from config.local.embedded.postgres import Postgres
from tests.conftest import empty
from tests.isolation.callers import everybody
from tests.isolation.furnishing import furnish
from tests.isolation.matrix import Matrix
from tests.isolation.watching import watched

PLAIN = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
QUIET = {
    "WHITENOISE_AUTOREFRESH": True,
    "STORAGES": {**settings.STORAGES, "staticfiles": PLAIN},
    "CACHES": {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}},
    "PASSWORD_HASHERS": ["django.contrib.auth.hashers.MD5PasswordHasher"],
    "EMAIL_BACKEND": "django.core.mail.backends.locmem.EmailBackend",
    "ACCOUNT_RATE_LIMITS": False,
    "ACCOUNT_REAUTHENTICATION_TIMEOUT": 24 * 60 * 60,
    "API_REQUESTS_PER_MINUTE": 10**6,
    "API_PROVIDER_REQUESTS_PER_MINUTE": 10**6,
    "API_UNKNOWN_REQUESTS_PER_MINUTE": 10**6,
}
"""Only permissions may refuse: rate limits would hide leaks."""


@pytest.fixture(scope="module")
def matrix(django_db_setup: None, postgres: Postgres, django_db_blocker: DjangoDbBlocker) -> Iterator[Matrix]:
    """The matrix of two workspaces; the owner empties the tables afterwards."""
    with django_db_blocker.unblock(), override_settings(**QUIET):
        home, neighbour = furnish("acme"), furnish("globex")
        callers = everybody(home)
        logging.disable(logging.CRITICAL)
        with watched(postgres):
            aliases = [alias for alias in settings.DATABASES if alias != "owner"]
            yield Matrix(home, neighbour, callers, aliases, is_whole=os.environ.get("ISOLATION") == "full")
        logging.disable(logging.NOTSET)
        connections.close_all()
    empty(postgres)
