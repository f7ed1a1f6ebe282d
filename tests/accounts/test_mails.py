"""Every mail's headers, where its links lead, and the message when it can't be sent."""

from collections.abc import Sequence
from smtplib import SMTPRecipientsRefused

import pytest
from django.core import mail
from django.core.mail import EmailMessage
from django.core.mail.backends.locmem import EmailBackend
from pytest_django import Settings

from tenants.models import Role, User
from tests import factories
from tests.accounts.visitor import PASSWORD, Visitor, code_for, confirmed, mails_to, text
from tests.conftest import Cast
from tests.waiting import free_ports

NEW = "new@example.com"
NOBODY = "nobody@example.com"


class Picky(EmailBackend):
    """A mail server that rejects one recipient."""

    def send_messages(self, messages: Sequence[EmailMessage]) -> int:
        if messages[0].to == [NOBODY]:
            raise SMTPRecipientsRefused({NOBODY: (550, b"No such user")})
        return super().send_messages(messages)


@pytest.fixture
def picky(settings: Settings) -> None:
    settings.EMAIL_BACKEND = "tests.accounts.test_mails.Picky"


@pytest.fixture
def no_mail_server(settings: Settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", free_ports(1)


FORMS = [("signup/", {"password1": ""}), ("login/code/", {}), ("password/reset/", {})]


@pytest.mark.usefixtures("db")
def test_mails_are_marked_as_automatic_and_have_ids_of_our_host() -> None:
    for path, more in FORMS:
        Visitor().post(path, email=NEW, **more)
    ids = []
    for each in mail.outbox:
        head = each.message()
        assert head["Auto-Submitted"] == "auto-generated"
        assert head["Message-ID"].endswith("@testserver>")
        assert head["Date"]
        ids.append(head["Message-ID"])
    assert len(set(ids)) == len(FORMS)


@pytest.mark.usefixtures("db")
def test_links_in_mails_use_the_public_url_whatever_the_host_header_says() -> None:
    confirmed(factories.make_user(NEW))
    visitor = Visitor(host="testserver:4444")
    visitor.post("login/code/", email=NOBODY)
    visitor.post("signup/", email=NEW, password1="")
    bodies = [str(each.body) for each in mail.outbox]
    assert "http://testserver/accounts/signup/" in bodies[0]
    assert "http://testserver/accounts/password/reset/" in bodies[1]
    assert "4444" not in "".join(bodies)


def test_api_urls_never_use_the_port_of_a_host_header(cast: Cast) -> None:
    factories.make_member(cast.acme, Role.VIEWER)
    visitor = Visitor(host="testserver:4444")
    visitor.client.force_login(cast.alice, backend="allauth.account.auth_backends.AuthenticationBackend")
    answer = visitor.client.get(
        "/api/v1/members/?page_size=1", headers={"Roster-Workspace": "acme", "Host": "testserver:4444"}
    )
    assert answer.status_code == 200
    assert answer.json()["next"].startswith("http://testserver/api/v1/members/?")


@pytest.mark.usefixtures("db", "picky")
@pytest.mark.parametrize(("path", "more"), FORMS)
def test_an_address_that_the_mail_server_refuses_is_an_error_in_the_form(path: str, more: dict[str, str]) -> None:
    visitor = Visitor()
    said = text(visitor.post(path, email=NOBODY, **more))
    assert f"The mail server refuses mail to {NOBODY}: check the address" in said
    assert not User.objects.exists()
    visitor.post("signup/", email=NEW, password1="")
    visitor.post("confirm-email/", code=code_for(NEW))
    assert visitor.is_logged_in, "the next address works"


@pytest.mark.usefixtures("db", "no_mail_server")
@pytest.mark.parametrize(("path", "more"), FORMS)
def test_a_mail_server_that_is_down_is_an_error_in_the_form(path: str, more: dict[str, str]) -> None:
    assert "Mail cannot be sent right now" in text(Visitor().post(path, email=NEW, **more))
    assert not User.objects.exists()


@pytest.mark.usefixtures("no_mail_server")
def test_a_log_in_whose_code_cannot_be_sent_says_so(db: None) -> None:
    user = factories.make_user(NEW)
    user.set_password(PASSWORD)
    user.save()
    visitor = Visitor()
    assert "Mail cannot be sent right now" in text(visitor.log_in(NEW))
    assert not visitor.is_logged_in


def test_a_rejected_new_address_is_reported_and_the_old_one_stays(visitor: Visitor, alice: User, picky: None) -> None:
    asked = visitor.post("email/", email=NOBODY)
    if "Is this you?" in text(asked):
        visitor.proves(asked)
    answer = visitor.post("email/confirm/", code=code_for(alice.email))
    assert f"The mail server refuses mail to {NOBODY}" in text(answer)
    assert User.objects.get(id=alice.id).email == alice.email


def test_a_notice_that_cannot_be_sent_undoes_no_change(visitor: Visitor, alice: User, no_mail_server: None) -> None:
    new = "another calm harbour"
    visitor.post("password/change/", oldpassword=PASSWORD, password1=new, password2=new)
    assert User.objects.get(id=alice.id).check_password(new)
    assert mails_to(alice.email) == []
