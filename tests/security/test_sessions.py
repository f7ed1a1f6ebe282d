"""A session ends after a week without a visit, and after a month at the latest."""

import time
from datetime import timedelta

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from config.http.sessions import BEGAN, SEEN

DAY = 24 * 60 * 60


def expires_in(client: Client) -> float:
    """Seconds until the session expires."""
    key = client.cookies[settings.SESSION_COOKIE_NAME].value
    return (Session.objects.get(session_key=key).expire_date - timezone.now()).total_seconds()


def age(client: Client, **changes: float) -> None:
    session = client.session
    session.update({name: int(time.time() - seconds) for name, seconds in changes.items()})
    session.save()


def test_a_visit_renews_the_week(alice: Client) -> None:
    alice.get("/t/acme/")
    Session.objects.update(expire_date=timezone.now() + timedelta(days=1))
    age(alice, **{SEEN: 2 * 60 * 60})
    Session.objects.update(expire_date=timezone.now() + timedelta(days=1))

    assert alice.get("/t/acme/").status_code == 200

    assert expires_in(alice) == pytest.approx(7 * DAY, abs=60)


def test_visits_within_the_hour_write_nothing(alice: Client) -> None:
    alice.get("/t/acme/")
    Session.objects.update(expire_date=timezone.now() + timedelta(days=1))

    alice.get("/t/acme/")

    assert expires_in(alice) == pytest.approx(DAY, abs=60)


def test_a_session_without_a_visit_ends(alice: Client) -> None:
    alice.get("/t/acme/")
    Session.objects.update(expire_date=timezone.now())

    assert alice.get("/t/acme/").headers["Location"].startswith("/accounts/login/")


def test_a_month_ends_even_a_session_in_use(alice: Client) -> None:
    alice.get("/t/acme/")
    age(alice, **{BEGAN: 30 * DAY + 1})

    assert alice.get("/t/acme/").headers["Location"].startswith("/accounts/login/")
    assert "_auth_user_id" not in alice.session


def test_the_month_counts_from_the_log_in(alice: Client) -> None:
    alice.get("/t/acme/")
    began = alice.session[BEGAN]
    age(alice, **{BEGAN: 29 * DAY})

    assert alice.get("/t/acme/").status_code == 200
    assert alice.session[BEGAN] < began


def test_scripts_cannot_read_the_cookies(alice: Client, settings: Settings) -> None:
    alice.get("/accounts/email/")

    for name in (settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME):
        assert alice.cookies[name]["httponly"]
        assert alice.cookies[name]["samesite"] == "Lax"
