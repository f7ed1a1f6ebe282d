"""Sign-up and log-in, and what strangers can learn from them."""

import pytest
from allauth.account.models import EmailAddress

from tenants.models import User
from tests.accounts.visitor import Visitor, code_for, mails_to, text

NEW = "new@example.com"
PHRASE = "a calm and quiet harbour"


@pytest.mark.usefixtures("db")
def test_a_person_signs_up_with_a_password() -> None:
    visitor = Visitor()
    visitor.post("signup/", email=NEW, password1=PHRASE)
    visitor.post("confirm-email/", code=code_for(NEW))

    assert visitor.is_logged_in
    assert User.objects.get(email=NEW).check_password(PHRASE)


@pytest.mark.usefixtures("db")
def test_a_person_signs_up_without_a_password_and_logs_in_by_code() -> None:
    visitor = Visitor()
    visitor.post("signup/", email=NEW, password1="")
    visitor.post("confirm-email/", code=code_for(NEW))
    assert visitor.is_logged_in
    visitor.post("logout/")
    visitor.post("login/code/", email=NEW)
    visitor.post("login/code/confirm/", code=code_for(NEW))

    assert visitor.is_logged_in
    assert not User.objects.get(email=NEW).has_usable_password()


@pytest.mark.usefixtures("db")
def test_a_wrong_code_does_not_confirm_an_address() -> None:
    visitor = Visitor()
    visitor.post("signup/", email=NEW, password1=PHRASE)
    for _ in range(3):
        visitor.post("confirm-email/", code="WRON-GONE")
    visitor.post("confirm-email/", code=code_for(NEW))

    assert not visitor.is_logged_in
    assert not EmailAddress.objects.filter(email=NEW, verified=True).exists()


@pytest.mark.parametrize(
    ("path", "field", "more"),
    [
        ("signup/", "email", {"password1": PHRASE}),
        ("signup/", "email", {"password1": ""}),
        ("login/code/", "email", {}),
        ("password/reset/", "email", {}),
        ("login/", "login", {"password": "not the password"}),
    ],
)
def test_a_known_and_an_unknown_address_get_the_same_answer(
    alice: User, path: str, field: str, more: dict[str, str]
) -> None:
    answers = []
    for address in (alice.email, "nobody@example.com"):
        answer = Visitor().post(path, **{field: address}, **more)
        chain = [(address, status) for address, status in answer.redirect_chain]
        answers.append((answer.status_code, chain, text(answer).replace(address, "…")))

    assert answers[0] == answers[1]


@pytest.mark.parametrize("path", ["signup/", "login/code/", "password/reset/"])
def test_both_get_a_mail_that_says_what_happened(alice: User, path: str) -> None:
    for address in (alice.email, "nobody@example.com"):
        Visitor().post(path, email=address, password1=PHRASE)

    assert len(mails_to(alice.email)) == len(mails_to("nobody@example.com")) == 1


def test_a_password_reset_by_code_ends_the_sessions_elsewhere(alice: User, visitor: Visitor) -> None:
    elsewhere = Visitor()
    elsewhere.post("password/reset/", email=alice.email)
    elsewhere.post("password/reset/confirm/", code=code_for(alice.email))
    elsewhere.post("password/reset/complete/", password1=PHRASE, password2=PHRASE)

    assert not visitor.is_logged_in
    assert mails_to(alice.email)[-1].subject == "Your password was reset"
    elsewhere.log_in(alice.email, PHRASE)
    assert elsewhere.is_logged_in


def test_a_change_of_password_ends_the_sessions_elsewhere_and_not_this_one(alice: User, visitor: Visitor) -> None:
    elsewhere = Visitor()
    elsewhere.log_in(alice.email)
    visitor.post("password/change/", oldpassword="correct horse battery", password1=PHRASE, password2=PHRASE)

    assert visitor.is_logged_in
    assert not elsewhere.is_logged_in
    assert mails_to(alice.email)[-1].subject == "Your password was changed"
