"""An address changes only when both the old and the new mailbox confirm it."""

import pytest
from allauth.account.models import EmailAddress
from django.core.cache import cache

from tenants.models import User
from tests.accounts.visitor import Visitor, code_for, confirmed, mails_to, text
from tests.conftest import Cast

NEW = "alice@new.example"


@pytest.fixture
def asking(visitor: Visitor) -> Visitor:
    """Alice, who requested a new address and proved her identity."""
    visitor.proves(visitor.post("email/", email=NEW))
    return visitor


def addresses(user: User) -> list[str]:
    user.refresh_from_db()
    rows = EmailAddress.objects.filter(user=user).values_list("email", flat=True)
    return [user.email, *rows]


def test_with_both_codes_the_address_is_changed_and_the_old_one_is_notified(alice: User, asking: Visitor) -> None:
    assert not mails_to(NEW), "the new address gets no mail before the old one confirmed"
    asking.post("email/confirm/", code=code_for("alice@acme.example"))
    assert addresses(alice) == ["alice@acme.example"] * 2
    asking.post("confirm-email/", code=code_for(NEW))

    assert addresses(alice) == [NEW, NEW]
    told = mails_to("alice@acme.example")[-1]
    assert told.subject == "Your e-mail address was changed"
    assert NEW in told.body


def test_afterwards_the_new_address_logs_in_and_the_old_one_does_not(alice: User, asking: Visitor) -> None:
    asking.post("email/confirm/", code=code_for("alice@acme.example"))
    asking.post("confirm-email/", code=code_for(NEW))
    old, new = Visitor(), Visitor()
    old.log_in("alice@acme.example")
    new.log_in(NEW)

    assert not old.is_logged_in
    assert new.is_logged_in


def test_the_new_mailboxs_code_alone_changes_nothing(alice: User, asking: Visitor) -> None:
    asking.post("confirm-email/", code=code_for("alice@acme.example"))

    assert addresses(alice) == ["alice@acme.example"] * 2
    assert not mails_to(NEW)


def test_three_wrong_codes_end_it(alice: User, asking: Visitor) -> None:
    for _ in range(3):
        last = asking.post("email/confirm/", code="WRON-GONE")
    asking.post("email/confirm/", code=code_for("alice@acme.example"))

    assert "That was the third wrong code" in text(last)
    assert not mails_to(NEW)


def test_a_new_code_replaces_the_old_one(alice: User, asking: Visitor) -> None:
    first = code_for(alice.email)
    assert asking.post("email/confirm/", action="resend").status_code == 429, "one mail in ten seconds"
    cache.clear()  # as if ten seconds had passed
    asking.post("email/confirm/", action="resend")

    assert code_for(alice.email) != first
    assert "not the right code" in text(asking.post("email/confirm/", code=first))


def test_without_the_password_it_does_not_start(alice: User, visitor: Visitor) -> None:
    visitor.proves(visitor.post("email/", email=NEW), password="a guess")

    assert not [each for each in mails_to(alice.email) if "change" in each.subject]


def test_someone_elses_address_is_neither_revealed_nor_taken(alice: User, cast: Cast, visitor: Visitor) -> None:
    page = visitor.proves(visitor.post("email/", email=cast.bob.email))
    assert "First, your old address" in text(page)
    asking = visitor.post("email/confirm/", code=code_for(alice.email))
    assert "Check your e-mail" in text(asking)
    confirmed(cast.bob)
    visitor.post("confirm-email/", code=code_for(cast.bob.email))

    assert addresses(alice) == ["alice@acme.example"] * 2


def test_an_invalid_address_is_refused(visitor: Visitor) -> None:
    answer = visitor.post("email/", email="nonsense")

    assert answer.status_code == 400
    assert "Your address was not changed" in text(answer)
