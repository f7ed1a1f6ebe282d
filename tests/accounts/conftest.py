"""People with confirmed addresses, and pages without hashed file names."""

import pytest
from pytest_django import Settings

from tenants.models import User
from tests.accounts.visitor import Visitor, confirmed
from tests.conftest import Cast


@pytest.fixture(autouse=True)
def _plain_static_files(settings: Settings) -> None:
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = {**settings.STORAGES, "staticfiles": plain}


@pytest.fixture
def alice(cast: Cast) -> User:
    return confirmed(cast.alice)


@pytest.fixture
def visitor(alice: User) -> Visitor:
    """Alice, logged in."""
    visitor = Visitor()
    visitor.log_in(alice.email)
    assert visitor.is_logged_in
    return visitor
