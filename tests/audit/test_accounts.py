"""Account activity is recorded, names the right person, and is shown only to that person."""

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from django.core.cache import cache
from django.test import Client

from tenants.models import AccountEvent, ActorKind, User
from tests.accounts.test_second_steps import secret_on
from tests.accounts.visitor import Visitor, confirmed, totp
from tests.audit.conftest import browser_of
from tests.conftest import Cast

PASSWORD = "correct horse battery"
PATH = "/accounts/activity/"
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0"


@pytest.fixture
def visitor(cast: Cast) -> Client:
    """An anonymous visitor at the log-in page."""
    cache.clear()
    confirmed(cast.alice)
    return Client(headers={"User-Agent": FIREFOX}, REMOTE_ADDR="192.0.2.9")


def log_in(client: Client, password: str = PASSWORD, email: str = "alice@acme.example") -> int:
    return client.post("/accounts/login/", {"login": email, "password": password}).status_code


def actions(user: User) -> list[str]:
    """The recorded actions, oldest first."""
    events = AccountEvent.objects.filter(account_id=user.id).order_by("id")
    return [event.action.removeprefix("account.") for event in events]


def last(user: User) -> AccountEvent:
    return AccountEvent.objects.filter(account_id=user.id).latest("id")


def test_a_log_in_names_the_person_and_not_the_visitor_from_before(visitor: Client, cast: Cast) -> None:
    assert log_in(visitor) == 302
    event = last(cast.alice)
    assert (event.action, str(event.detail)) == ("account.logged_in", "With a password.")
    assert (event.actor_kind, event.actor_id, event.actor_name) == (ActorKind.MEMBER, cast.alice.id, cast.alice.email)
    assert (event.ip, event.user_agent) == ("192.0.2.9", FIREFOX)


def test_a_failed_log_in_names_the_account(visitor: Client, cast: Cast) -> None:
    log_in(visitor, "wrong")
    event = last(cast.alice)
    assert (event.action, str(event.detail), event.ip) == ("account.log_in_failed", "Wrong password.", "192.0.2.9")
    assert (event.actor_kind, event.actor_id, event.actor_name) == (ActorKind.SYSTEM, None, "Somebody")
    assert "wrong" not in str({**event.__dict__, "detail": ""})


def test_a_failed_log_in_to_an_unknown_account_names_nobody(visitor: Client) -> None:
    log_in(visitor, "wrong", "nobody@acme.example")
    assert not AccountEvent.objects.exists()


def test_logging_out(visitor: Client, cast: Cast) -> None:
    log_in(visitor)
    visitor.post("/accounts/logout/")
    assert actions(cast.alice) == ["logged_in", "logged_out"]
    assert last(cast.alice).actor_id == cast.alice.id


def test_changing_the_password(visitor: Client, cast: Cast) -> None:
    log_in(visitor)
    new = {"oldpassword": PASSWORD, "password1": "a calm and quiet harbour", "password2": "a calm and quiet harbour"}
    visitor.post("/accounts/password/change/", new)
    assert "password_changed" in actions(cast.alice)


def test_a_second_step_and_its_codes(committed_cast: Cast) -> None:
    """Allauth sends its signal after the commit."""
    cache.clear()
    person = Visitor()
    person.log_in(confirmed(committed_cast.alice).email)
    person.proves(person.client.get("/accounts/2fa/totp/activate/", follow=True))
    person.post("2fa/totp/activate/", code=totp(secret_on(person.get("2fa/totp/activate/"))))
    added = AccountEvent.objects.filter(action="account.second_step_added", account_id=committed_cast.alice.id)
    assert set(map(str, added.values_list("detail", flat=True))) == {"Authenticator app.", "Recovery codes."}


def test_a_wrong_second_step_and_a_recovery_code(visitor: Client, cast: Cast) -> None:
    TOTP.activate(cast.alice, "JBSWY3DPEHPK3PXP")
    RecoveryCodes.activate(cast.alice)
    codes = Authenticator.objects.get(user=cast.alice, type=Authenticator.Type.RECOVERY_CODES).wrap()
    log_in(visitor)
    visitor.post("/accounts/2fa/authenticate/", {"code": "000000"})
    assert str(last(cast.alice).detail) == "Wrong second step."
    visitor.post("/accounts/2fa/authenticate/", {"code": codes.get_unused_codes()[0]})
    assert actions(cast.alice)[-2:] == ["recovery_code_used", "logged_in"]
    assert str(last(cast.alice).detail) == "With a password and a recovery code."


def test_signing_up(client: Client, cast: Cast) -> None:
    cache.clear()
    client.post("/accounts/signup/", {"email": "new@acme.example", "password1": "a calm and quiet harbour"})
    user = User.objects.get(email="new@acme.example")
    assert actions(user)[0] == "signed_up"
    assert AccountEvent.objects.get(account_id=user.id, action="account.signed_up").actor_id == user.id


def test_the_page_shows_only_your_own_activity(visitor: Client, cast: Cast) -> None:
    log_in(visitor, "wrong")
    log_in(visitor)
    page = visitor.get(PATH).content.decode()
    told = ("A log-in failed", "by somebody unknown", "Logged in", "With a password.", "Firefox on Windows")
    for text in (*told, "192.0.2.9"):
        assert text in page
    others = browser_of(cast.bob).get(PATH).content.decode()
    assert "A log-in failed" not in others
    assert "192.0.2.9" not in others


def test_older_activity_is_on_the_next_page(visitor: Client, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tenants.web.views.activity.PAGE", 2)
    client = browser_of(cast.alice)
    for _ in range(2):
        client.force_login(cast.alice)
    first = client.get(PATH)
    assert first.content.decode().count("Logged in</b>") == 2
    older = client.get(f"{PATH}?before={first.context['older']}")
    assert older.content.decode().count("Logged in</b>") == 1
    assert older.context["older"] is None


def test_strangers_are_asked_to_log_in(client: Client, cast: Cast) -> None:
    assert client.get(PATH).headers["Location"].startswith("/accounts/login/")
