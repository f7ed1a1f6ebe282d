"""Only a few passwords are hashed at a time, and timing doesn't reveal whether an account exists."""

from typing import Any

import pytest
from django.contrib.auth.hashers import check_password, identify_hasher, make_password
from pytest_django import Settings

from tenants.accounts import hashing
from tenants.accounts.hashing import LimitedHasher
from tenants.models import User
from tests.accounts.visitor import PASSWORD, Visitor, text

hashed: list[int] = []


class CountingHasher(LimitedHasher):
    """The product's hasher, made fast, with a counter."""

    iterations = 10

    def encode(self, password: str, salt: str, iterations: int | None = None) -> str:
        hashed.append(iterations or self.iterations)
        return super().encode(password, salt, iterations)


@pytest.fixture(autouse=True)
def _counted(settings: Settings) -> None:
    settings.PASSWORD_HASHERS = ["tests.accounts.test_hashing.CountingHasher"]
    settings.PASSWORD_HASHES_AT_ONCE, settings.PASSWORD_HASHES_WAITING = 1, 0
    settings.TRUSTED_PROXIES = 1
    hashed.clear()


def asked(path: str, **data: str) -> Any:
    return Visitor(**{"x-forwarded-for": "203.0.113.5"}).client.post(f"/accounts/{path}", data)


def test_what_is_stored_is_what_django_stores() -> None:
    stored = make_password(PASSWORD, hasher=LimitedHasher())
    assert stored.startswith("pbkdf2_sha256$")
    assert identify_hasher(stored).algorithm == "pbkdf2_sha256"
    assert check_password(PASSWORD, stored)


def test_known_and_unknown_addresses_are_hashed_alike(alice: User) -> None:
    alice.set_password(PASSWORD)
    alice.save()
    counts = []
    for email in (alice.email, "nobody@example.com"):
        hashed.clear()
        assert asked("login/", login=email, password="not the password").status_code == 200
        counts.append(list(hashed))
    assert counts == [[10], [10]]


def test_while_hashing_is_full_everyone_else_is_asked_to_retry(alice: User) -> None:
    ways = {
        "known": ("login/", {"login": alice.email, "password": PASSWORD}),
        "unknown": ("login/", {"login": "nobody@example.com", "password": PASSWORD}),
        "new": ("signup/", {"email": "new@example.com", "password1": "a calm and quiet harbour"}),
    }
    with hashing._turn():
        answers = {name: asked(path, **data) for name, (path, data) in ways.items()}
    assert {answer.status_code for answer in answers.values()} == {503}
    assert {answer.headers["Retry-After"] for answer in answers.values()} == {"5"}
    assert "Try again in a few seconds" in text(answers["known"])
    assert not User.objects.filter(email="new@example.com").exists()


def test_a_turned_away_log_in_does_not_count_as_failed(alice: User) -> None:
    with hashing._turn():
        assert [asked("login/", login=alice.email, password="x").status_code for _ in range(8)] == [503] * 8
    assert asked("login/", login=alice.email, password=PASSWORD).status_code == 302
