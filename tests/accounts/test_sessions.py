"""Where a person is logged in, and how they end those sessions."""

from datetime import timedelta

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.utils import timezone

from tenants.accounts.sessions import device
from tenants.models import User
from tenants.tasks import forget_sessions
from tests.accounts.visitor import Visitor, text
from tests.conftest import Cast

PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.0 Safari/604.1"  # fmt: skip  # noqa: E501


@pytest.fixture
def phone(alice: User) -> Visitor:
    """Alice on her phone."""
    phone = Visitor(user_agent=PHONE)
    phone.log_in(alice.email)
    return phone


def session_of(visitor: Visitor) -> UserSession:
    found: UserSession = UserSession.objects.get(session_key=visitor.client.session.session_key)
    return found


def test_the_page_names_each_browser_and_which_one_is_this(visitor: Visitor, phone: Visitor) -> None:
    page = text(visitor.get("sessions/"))

    assert "Safari on iPhone" in page
    assert "This browser" in page
    assert "Last seen now from 127.0.0.1" in page


def test_one_is_ended_after_proof(visitor: Visitor, phone: Visitor) -> None:
    asked = visitor.post(f"sessions/{session_of(phone).pk}/end/")
    before = [visitor.is_logged_in, phone.is_logged_in]
    visitor.proves(asked)

    assert before == [True, True]
    assert [visitor.is_logged_in, phone.is_logged_in] == [True, False]


def test_log_out_everywhere_else_keeps_this_one(alice: User, visitor: Visitor, phone: Visitor) -> None:
    other = Visitor()
    other.log_in(alice.email)
    visitor.proves(visitor.post("sessions/"))

    assert visitor.is_logged_in
    assert [phone.is_logged_in, other.is_logged_in] == [False, False]


def test_nobody_can_end_someone_elses_session(cast: Cast, visitor: Visitor) -> None:
    theirs = UserSession.objects.create(user=cast.bob, session_key="somebody-elses", ip="127.0.0.1", user_agent="")
    answer = visitor.proves(visitor.post(f"sessions/{theirs.pk}/end/"))

    assert answer.status_code == 404
    assert UserSession.objects.filter(pk=theirs.pk).exists()


def test_last_seen_is_stored_every_five_minutes_and_not_on_each_request(visitor: Visitor) -> None:
    session = session_of(visitor)
    just_now = session.last_seen_at
    visitor.get("email/")
    assert session_of(visitor).last_seen_at == just_now
    UserSession.objects.update(last_seen_at=timezone.now() - timedelta(minutes=6))
    visitor.get("email/")

    assert session_of(visitor).last_seen_at > just_now


@pytest.mark.parametrize(
    ("user_agent", "words"),
    [
        (PHONE, "Safari on iPhone"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"),
        (
            "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/149.0.0.0 Safari/537.36 Edg/149.0",
            "Edge on Windows",
        ),
        ("Mozilla/5.0 (Linux; Android 16) AppleWebKit/537.36 Chrome/149.0 Mobile Safari/537.36", "Chrome on Android"),
        ("curl/8.1", "Unknown browser"),
        ("", "Unknown browser"),
    ],
)
def test_a_browser_is_shown_by_name(user_agent: str, words: str) -> None:
    assert device(user_agent) == words


def test_expired_sessions_are_deleted_each_night(alice: User, visitor: Visitor, phone: Visitor) -> None:
    Visitor().client.get("/invitations/somebody-guesses/")  # a stranger's session
    week_ago = timezone.now() - timedelta(days=7, minutes=1)
    Session.objects.exclude(session_key=visitor.client.session.session_key).update(expire_date=week_ago)
    UserSession.objects.filter(pk=session_of(phone).pk).update(last_seen_at=week_ago)
    assert Session.objects.count() == 3
    forget_sessions()

    assert visitor.is_logged_in
    assert [each.session_key for each in Session.objects.all()] == [visitor.client.session.session_key]
    assert UserSession.objects.get() == session_of(visitor)
