"""Who gets into the admin: staff with a second step in this session; for everyone else it doesn't exist."""

import time
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from allauth.account.authentication import AUTHENTICATION_METHODS_SESSION_KEY
from django.conf import settings as django_settings
from django.core.management import call_command
from django.db import connections
from django.test import Client
from pytest_django import Settings

from config.local.embedded.postgres import Postgres
from tenants.models import User
from tests.conftest import Cast
from tests.factories import make_user
from tests.staff.people import Person, code, make_staff, person

pytestmark = pytest.mark.usefixtures("committed_cast")


def test_staff_with_a_second_step_see_the_admin(staff: Person) -> None:
    page = staff.get("/admin/")
    assert page.status_code == 200
    assert "Roster staff" in page.content.decode()
    assert "Times in UTC" in page.content.decode()


def test_strangers_are_redirected_to_our_own_log_in() -> None:
    for address in ("/admin/", "/admin/tenants/tenant/", "/admin/login/", "/admin/nothing/"):
        answer = Client().get(address)
        assert answer.status_code == 302
        assert answer.headers["Location"].startswith("/accounts/login/?next=/admin/")


@pytest.mark.parametrize("address", ["/admin/", "/admin/tenants/tenant/", "/admin/login/", "/admin/nothing/"])
def test_members_get_the_same_answer_as_for_an_unknown_url(alice: Person, address: str) -> None:
    here, nowhere = alice.get(address), alice.get("/nowhere/")
    assert (here.status_code, nowhere.status_code) == (404, 404)
    assert _without_id(here) == _without_id(nowhere)


def test_staff_without_a_second_step_are_redirected_to_set_one_up() -> None:
    newcomer = person(_staff_user())
    newcomer.log_in()
    answer = newcomer.get("/admin/")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/accounts/2fa/")


def test_a_log_in_by_password_alone_does_not_count_when_the_second_step_came_later(staff: Person) -> None:
    _forget_second_step(staff)
    answer = staff.get("/admin/tenants/user/")
    assert answer.status_code == 302
    assert answer.headers["Location"] == "/accounts/2fa/reauthenticate/?next=%2Fadmin%2Ftenants%2Fuser%2F"


def test_the_second_step_is_asked_again_after_half_a_day(staff: Person) -> None:
    _age_second_step(staff, django_settings.STAFF_SECOND_STEP_SECONDS + 1)
    answer = staff.get("/admin/")
    assert answer.headers["Location"].startswith("/accounts/2fa/reauthenticate/")

    proven = staff.post(answer.headers["Location"], code=code(staff.secret, later=1), next="/admin/")
    assert (proven.status_code, proven.headers["Location"]) == (302, "/admin/")
    assert staff.get("/admin/").status_code == 200


def test_former_staff_are_out_at_the_next_request(staff: Person) -> None:
    assert staff.get("/admin/").status_code == 200
    User.objects.filter(pk=staff.user.pk).update(is_staff=False)
    assert staff.get("/admin/").status_code == 404


def test_without_its_database_the_admin_says_what_to_set(staff: Person, alice: Person, settings: Settings) -> None:
    settings.DATABASE_STAFF_URL = ""
    page = staff.get("/admin/")
    assert page.status_code == 503
    assert "set DATABASE_STAFF_URL to a postgres:// URL" in page.content.decode()
    assert alice.get("/admin/").status_code == 404


@pytest.mark.parametrize(
    ("role", "reason"),
    [("app", "lacks BYPASSRLS"), ("owner", "owns tables"), ("postgres", "is a superuser")],
)
def test_another_database_role_is_refused_with_a_message(
    staff: Person, postgres: Postgres, monkeypatch: pytest.MonkeyPatch, role: str, reason: str
) -> None:
    connections["staff"].close()
    password = unquote(urlsplit(postgres.url(role)).password or "")
    for name, value in (("USER", role), ("PASSWORD", password)):
        monkeypatch.setitem(connections["staff"].settings_dict, name, value)
    page = staff.get("/admin/tenants/tenant/")
    connections["staff"].close()
    assert page.status_code == 503
    assert f"DATABASE_STAFF_URL logs in as &#x27;{role}&#x27;, which {reason}" in page.content.decode()


def test_djangos_own_command_creates_the_first_superuser(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", "correct horse battery")
    call_command("createsuperuser", email="First@Roster.example", interactive=False, verbosity=0)
    first = User.objects.get(email="first@roster.example")
    assert (first.is_staff, first.is_superuser, first.is_active) == (True, True, True)
    root = person(first)
    root.log_in()
    assert root.get("/admin/").headers["Location"] == "/accounts/2fa/"


def test_a_failed_log_in_counts_for_staff_as_for_everyone(cast_staff: Person) -> None:
    answers = [
        cast_staff.client.post("/accounts/login/", {"login": cast_staff.user.email, "password": f"wrong {number}"})
        for number in range(6)
    ]
    assert answers[-1].status_code == 429


def test_logging_out_ends_the_session(staff: Person) -> None:
    assert staff.post("/admin/logout/").status_code == 302
    assert staff.get("/admin/").headers["Location"].startswith("/accounts/login/")


def test_a_link_from_another_site_logs_nobody_out(staff: Person) -> None:
    assert staff.get("/admin/logout/").status_code == 405
    assert staff.get("/admin/").status_code == 200


@pytest.fixture
def cast_staff(committed_cast: Cast) -> Person:
    staff = make_staff("rate@roster.example")
    staff.post("/admin/logout/")
    return staff


def _staff_user() -> User:
    user = make_user("new@roster.example")
    user.is_staff = True
    user.save()
    return user


def _forget_second_step(staff: Person) -> None:
    _records(staff, lambda each: each["method"] != "mfa", 0)


def _age_second_step(staff: Person, seconds: int) -> None:
    _records(staff, lambda each: True, seconds)


def _records(staff: Person, kept: Any, seconds: int) -> None:
    session = staff.client.session
    records = session[AUTHENTICATION_METHODS_SESSION_KEY]
    assert all(each["at"] <= time.time() for each in records)
    session[AUTHENTICATION_METHODS_SESSION_KEY] = [
        {**each, "at": each["at"] - seconds} for each in records if kept(each)
    ]
    session.save()


def _without_id(answer: Any) -> str:
    return str(answer.content.decode()).replace(answer.headers["X-Request-ID"], "")
