"""Authenticator app and recovery codes: when they are required, and what the database stores."""

import re

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.sessions.models import Session
from django.core.management import CommandError, call_command

from tenants.models import AccountEvent, User
from tests.accounts.visitor import Visitor, code_for, mails_to, text, totp

PHRASE = "a calm and quiet harbour"


def secret_on(page: object) -> str:
    found = re.search(r'<copy-button[^>]* value="([A-Z2-7=]+)"', page.content.decode())  # type: ignore[attr-defined]
    assert found
    return found[1]


@pytest.fixture
def secret(visitor: Visitor) -> str:
    """The key of the app that Alice set up."""
    visitor.proves(visitor.client.get("/accounts/2fa/totp/activate/", follow=True))
    page = visitor.get("2fa/totp/activate/")
    secret = secret_on(page)
    answer = visitor.post("2fa/totp/activate/", code=totp(secret))
    assert "Recovery codes" in text(answer)
    return secret


def recovery_codes(visitor: Visitor) -> list[str]:
    return re.findall(r"<li>(\d{8})</li>", visitor.get("2fa/recovery-codes/").content.decode())


def test_with_an_app_the_password_alone_does_not_log_in(alice: User, secret: str) -> None:
    again = Visitor()
    asked = again.log_in(alice.email)
    assert "Second step" in text(asked)
    assert not again.is_logged_in
    again.post("2fa/authenticate/", code=next(iter({f"{n:06}" for n in range(3)} - {totp(secret)})))
    assert not again.is_logged_in


def test_the_apps_code_logs_in_once(alice: User, secret: str, monkeypatch: pytest.MonkeyPatch) -> None:
    code = totp(secret)
    first, second = Visitor(), Visitor()
    first.log_in(alice.email)
    first.post("2fa/authenticate/", code=code)
    forgets = "allauth.mfa.totp.internal.auth.TOTP._mark_code_used"  # as allauth does after half a minute
    monkeypatch.setattr(forgets, lambda *_: True)
    second.log_in(alice.email)
    second.post("2fa/authenticate/", code=code)

    assert first.is_logged_in
    assert not second.is_logged_in, "a code works only once"


def test_a_log_in_by_mailed_code_needs_the_second_step_too(alice: User, secret: str) -> None:
    again = Visitor()
    again.post("login/code/", email=alice.email)
    code = code_for(alice.email)
    asked = again.post("login/code/confirm/", code=code)

    assert "Second step" in text(asked)
    assert not again.is_logged_in


def test_each_recovery_code_logs_in_once(alice: User, visitor: Visitor, secret: str) -> None:
    codes = recovery_codes(visitor)
    assert len(codes) == 10
    first, second = Visitor(), Visitor()
    for each in (first, second):
        each.log_in(alice.email)
        each.post("2fa/authenticate/", code=codes[0])

    assert first.is_logged_in
    assert not second.is_logged_in
    assert len(recovery_codes(visitor)) == 9


def test_recovery_codes_are_downloaded_and_regenerated(alice: User, visitor: Visitor, secret: str) -> None:
    old = recovery_codes(visitor)
    file = visitor.get("2fa/recovery-codes/download/")
    visitor.post("2fa/recovery-codes/generate/")

    assert "attachment" in file["Content-Disposition"]
    assert all(code in file.content.decode() for code in old)
    assert not set(old) & set(recovery_codes(visitor))


def test_secrets_of_second_steps_are_not_readable_in_the_database(visitor: Visitor, secret: str) -> None:
    kept = " ".join(str(each.data) for each in Authenticator.objects.all())
    sessions = " ".join(str(each.get_decoded()) for each in Session.objects.all())

    assert secret not in kept
    assert secret not in sessions
    for each in Authenticator.objects.all():
        sealed = each.data["secret" if each.type == Authenticator.Type.TOTP else "seed"]
        assert re.match(r"^[0-9a-f]{8}:gAAAA", sealed), sealed


def test_while_the_app_is_being_set_up_its_key_is_not_readable_either(visitor: Visitor) -> None:
    visitor.proves(visitor.client.get("/accounts/2fa/totp/activate/", follow=True))
    secret = secret_on(visitor.get("2fa/totp/activate/"))

    assert secret not in " ".join(str(each.get_decoded()) for each in Session.objects.all())


def test_it_is_switched_off_and_a_mail_says_so(alice: User, visitor: Visitor, secret: str) -> None:
    visitor.post("2fa/totp/deactivate/")

    assert not Authenticator.objects.exists()
    assert mails_to(alice.email)[-1].subject == "Your authenticator app was turned off"


def test_setting_it_up_requires_proof_of_identity(visitor: Visitor) -> None:
    for path in ("2fa/totp/activate/", "2fa/webauthn/add/", "2fa/recovery-codes/generate/"):
        assert "Is this you?" in text(visitor.client.get(f"/accounts/{path}", follow=True))


def test_without_a_password_a_mailed_code_is_the_proof(alice: User, visitor: Visitor) -> None:
    alice.set_unusable_password()
    alice.save()
    visitor = Visitor()
    visitor.client.force_login(alice, backend="allauth.account.auth_backends.AuthenticationBackend")
    asked = visitor.client.get("/accounts/2fa/totp/activate/", follow=True)
    assert "we first send a code to" in text(asked)
    visitor.post("reauthenticate/code/?next=/accounts/2fa/totp/activate/")
    code = code_for(alice.email)
    wrong = visitor.post("reauthenticate/code/?next=/accounts/2fa/totp/activate/", code="WRON-GONE")
    assert "not the right code" in text(wrong)
    page = visitor.post("reauthenticate/code/?next=/accounts/2fa/totp/activate/", code=code)

    assert "Set up an authenticator app" in text(page)


def test_a_session_alone_cannot_set_a_first_password(alice: User) -> None:
    alice.set_unusable_password()
    alice.save()
    visitor = Visitor()
    visitor.client.force_login(alice, backend="allauth.account.auth_backends.AuthenticationBackend")
    asked = visitor.post("password/set/", password1=PHRASE, password2=PHRASE)
    assert PHRASE not in str(dict(visitor.client.session)), "which would be readable in the database"
    alice.refresh_from_db()
    assert "we first send a code to" in text(asked)
    assert not alice.has_usable_password()
    way = "reauthenticate/code/?next=/accounts/password/set/"
    visitor.post(way)
    visitor.post(way, code=code_for(alice.email))
    visitor.post("password/set/", password1=PHRASE, password2=PHRASE)
    alice.refresh_from_db()
    assert alice.check_password(PHRASE)


def test_the_operator_lets_in_a_person_who_lost_every_second_step(
    alice: User, visitor: Visitor, secret: str, capsys: pytest.CaptureFixture[str]
) -> None:
    stuck = Visitor()
    assert "Contact Roster support" in text(stuck.log_in(alice.email))
    call_command("remove_second_steps", "Alice@acme.example")
    assert "logs in without a second step now" in capsys.readouterr().out
    assert not visitor.is_logged_in, "nor is whoever may have taken the phone"
    assert mails_to(alice.email)[-1].subject == "Your two-step verification was turned off"
    again = Visitor()
    again.log_in(alice.email)
    assert again.is_logged_in
    removed = AccountEvent.objects.get(account_id=alice.id, action="account.second_step_removed")
    assert (removed.actor_kind, removed.actor_name) == ("system", "Roster")


@pytest.mark.parametrize(
    ("email", "why"), [("alice@acme.example", "no second step"), ("nobody@x.example", "No account")]
)
def test_the_command_says_what_it_left_unchanged(alice: User, email: str, why: str) -> None:
    with pytest.raises(CommandError, match=why):
        call_command("remove_second_steps", email)
