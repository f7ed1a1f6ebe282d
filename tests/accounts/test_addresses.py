"""Email addresses: one normal form, compared exactly, and an error at every entry for what can't receive mail."""

import io
from importlib import import_module
from pkgutil import iter_modules
from types import SimpleNamespace
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.apps import apps
from django.core import mail
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from tenants import addresses, migrations
from tenants.models import Invitation, Role, User
from tenants.team import invitations
from tests import factories
from tests.accounts.visitor import PASSWORD, Visitor, confirmed, text
from tests.api.conftest import TokenOf, token_of
from tests.conftest import Cast

__all__ = ["token_of"]

SAME = [
    ("Alice@Acme.Example", "alice@acme.example"),
    ("\ufeff\u202a alice@acme.example\u202c\u200b\r\n", "alice@acme.example"),
    ("a@bücher.example", "a@xn--bcher-kva.example"),
    ("a@BÜCHER。example", "a@xn--bcher-kva.example"),
    ("a@xn--BCHER-kva.example", "a@xn--bcher-kva.example"),
    ("a@bu\u0308cher.example", "a@xn--bcher-kva.example"),
    ("a@faß.example", "a@xn--fa-hia.example"),
    ("o'brien+tag@mail.example.co.uk", "o'brien+tag@mail.example.co.uk"),
    ("a@localhost", "a@localhost"),
    ("x" * 64 + "@example.com", "x" * 64 + "@example.com"),
]
OTHERS = [
    ("ev\u0131l@acme.example", "Mail cannot be sent with “\u0131” before the @"),
    ("alice@acme.example, bob@acme.example", "an invisible character (space)"),
    ("\u212aim@acme.example", "before the @: use an address with the letters a to z"),
    ("ali\u200bce@acme.example", "an invisible character (zero width space)"),
    ("ali\u00adce@acme.example", "an invisible character (soft hyphen)"),
    ("alice@acme\u202e.example", "an invisible character (right-to-left override)"),
    ("a@acme.example\nBcc: b@acme.example", "an invisible character (u+000a)"),
    ("a\x01@acme.example", "an invisible character (u+0001)"),
    (f"a@{'a' * 64}.example", "longer than 63"),
    (f"a@{'ü' * 60}.example", "longer than 63"),
    (f"{'a' * 65}@acme.example", "longer than 64"),
    (f"a@{'.'.join(['a' * 60] * 5)}.example", "longer than 254"),
    ('"a.b"@acme.example', "quotes"),
    ("a(b)@acme.example", "comment"),
    ("a@[192.0.2.1]", "not an IP address"),
    ("a@192.0.2.1", "not an IP address"),
    ("a..b@acme.example", "Before the @, a dot has to be"),
    ("a@acme", "has no dot"),
    ("a@-acme.example", "is not a valid domain"),
    ("a@acme_co.example", "is not a valid domain"),
    ("a@acme.example.", "does not end with a dot"),
    ("a@@acme.example", "is not allowed before the @"),
    ("acme.example", "something before and after an @"),
]


@pytest.mark.parametrize(("written", "kept"), SAME)
def test_one_address_has_one_form(written: str, kept: str) -> None:
    assert addresses.normalize(written) == kept
    assert addresses.normalize(kept) == kept


@pytest.mark.parametrize(("written", "sentence"), OTHERS)
def test_an_address_that_cannot_receive_mail_is_named(written: str, sentence: str) -> None:
    with pytest.raises(ValidationError, match=r"\S") as refusal:
        addresses.normalize(written)
    assert sentence in refusal.value.messages[0]


@given(st.text(st.characters(), max_size=40), st.text(st.characters(), max_size=90))
def test_any_input_becomes_one_address_or_an_error(local: str, domain: str) -> None:
    try:
        kept = addresses.normalize(f"{local}@{domain}")
    except ValidationError:
        return
    assert kept.isascii()
    assert len(kept) <= 254
    assert addresses.normalize(kept) == kept


FORMS = [
    ("signup/", "email", {"password1": ""}),
    ("login/", "login", {"password": PASSWORD}),
    ("login/code/", "email", {}),
    ("password/reset/", "email", {}),
]


@pytest.mark.usefixtures("db")
@pytest.mark.parametrize(("path", "field", "more"), FORMS)
@pytest.mark.parametrize(("written", "sentence"), OTHERS)
def test_each_log_in_and_sign_up_form_says_what_is_wrong(
    path: str, field: str, more: dict[str, str], written: str, sentence: str
) -> None:
    answer = Visitor().post(path, **{field: written, **more})
    assert answer.status_code in {200, 400}
    assert sentence in text(answer)
    assert mail.outbox == []
    assert not User.objects.exists()


@pytest.mark.parametrize(("written", "sentence"), OTHERS[::4])
def test_a_change_of_address_says_what_is_wrong(visitor: Visitor, written: str, sentence: str) -> None:
    assert sentence in text(visitor.post("email/", email=written))


@pytest.mark.parametrize(("written", "sentence"), OTHERS)
def test_an_invitation_says_what_is_wrong(cast: Cast, token_of: TokenOf, written: str, sentence: str) -> None:
    for path in ("invitations/", "members/"):
        problem = token_of(cast.acme, Role.OWNER).post(path, {"email": written}).problem(400)
        assert list(problem["errors"]) == ["email"]
        assert sentence in str(problem["errors"]) or "invisible" not in sentence
    alice = Visitor()
    alice.client.force_login(cast.alice, backend="allauth.account.auth_backends.AuthenticationBackend")
    page = alice.client.post("/t/acme/settings/members/invite/", {"email": written, "role": "viewer"})
    assert page.status_code == 422
    assert sentence in text(page)
    assert not Invitation.objects.exists()


@pytest.mark.parametrize("lookalike", ["ev\u0131l@acme.example", "evil@acme.example\u0131", "evil@\u0131acme.example"])
def test_a_lookalike_accepts_no_invitation(cast: Cast, lookalike: str) -> None:
    """In Postgres a dotless i and an i have the same upper case."""
    made, _ = invitations.invite(cast.acme, "evil@acme.example", Role.VIEWER, by=cast.alice)
    pretender = factories.make_user("somebody@acme.example")
    User.objects.filter(id=pretender.id).update(email=lookalike)
    EmailAddress.objects.create(user=pretender, email=lookalike, verified=True, primary=True)
    assert not invitations.is_for(made, User.objects.get(id=pretender.id))


@pytest.mark.usefixtures("db")
def test_one_account_is_found_however_its_address_is_written() -> None:
    person = confirmed(factories.make_user("anna@b\u00fccher.example"))
    assert person.email == "anna@xn--bcher-kva.example"
    for written in ("Anna@B\u00dcCHER.example", " anna@xn--bcher-kva.example\u200b"):
        visitor = Visitor()
        visitor.log_in(written)
        assert visitor.is_logged_in
        Visitor().post("signup/", email=written, password1="")
        assert mail.outbox[-1].to == [person.email]
        assert mail.outbox[-1].subject == "You already have an account"


@pytest.mark.usefixtures("db")
@pytest.mark.parametrize(
    ("command", "options"),
    [
        (["create_tenant", "bakery", "--owner", "ev\u0131l@acme.example"], {}),
        (["createsuperuser", "--noinput", "--email", "a@" + 60 * "\u00fc" + ".example"], {}),
        (["remove_second_steps", "ev\u0131l@acme.example"], {}),
    ],
)
def test_commands_accept_what_the_pages_accept(command: list[str], options: dict[str, Any]) -> None:
    factories.make_user("evil@acme.example")
    with pytest.raises(CommandError, match=r"@|longer than 63"):
        call_command(*command, stdout=io.StringIO(), **options)
    assert User.objects.count() == 1


@pytest.mark.usefixtures("db")
def test_stored_addresses_in_another_form_are_normalized() -> None:
    """And no address is taken from someone who already has it."""
    plain, taken = factories.make_user("a@xn--bcher-kva.example"), factories.make_user("b@example.com")
    old, odd = factories.make_user("c@example.com"), factories.make_user("d@example.com")
    User.objects.filter(id=taken.id).update(email="a@b\u00fccher.example")
    User.objects.filter(id=old.id).update(email="c@b\u00fccher.example")
    User.objects.filter(id=odd.id).update(email="ev\u0131l@example.com")
    EmailAddress.objects.create(user=old, email="c@b\u00fccher.example", verified=True, primary=True)
    (name,) = [each.name for each in iter_modules(migrations.__path__) if each.name.endswith("_addresses_and_mail")]
    migration = import_module(f"tenants.migrations.{name}")
    migration.normalize_addresses(apps, SimpleNamespace(connection=connection))
    assert {user: User.objects.get(id=user.id).email for user in (plain, taken, old, odd)} == {
        plain: "a@xn--bcher-kva.example",
        taken: "a@b\u00fccher.example",
        old: "c@xn--bcher-kva.example",
        odd: "ev\u0131l@example.com",
    }
    assert EmailAddress.objects.get().email == "c@xn--bcher-kva.example"
