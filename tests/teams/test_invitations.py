"""Invitations: from the mail to the membership, and every way that must fail."""

from datetime import timedelta
from smtplib import SMTPServerDisconnected
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from config.http.scrubber import Scrubber
from tenants.models import Invitation, Role, User
from tenants.team import invitations
from tests import factories
from tests.conftest import Cast
from tests.teams.conftest import Hire, Person, invited, link_to, person, role_of, text, trail

INVITE = "/t/acme/settings/members/invite/"
NEW = "new@example.com"


def invite(by: Person, email: str = NEW, role: str = "operator") -> str:
    return text(by.post(INVITE, email=email, role=role))


def again(by: Person, invitation: Invitation, verb: str = "resend") -> str:
    return text(by.post(f"/t/acme/settings/invitations/{invitation.id}/{verb}/"))


@pytest.fixture
def newcomer(cast: Cast) -> Person:
    return person(factories.make_user(NEW))


def test_an_invitation_leads_from_the_mail_to_the_membership(alice: Person, newcomer: Person, cast: Cast) -> None:
    assert f"on its way to {NEW}" in invite(alice)
    sent = mail.outbox[-1]
    assert sent.subject == "You are invited to a workspace on Roster"
    assert "alice@acme.example invites you to the workspace “Acme”" in str(sent.body)
    assert "as an operator" in str(sent.body)
    page = newcomer.get(link_to(NEW))
    assert "alice@acme.example invites you to this Roster workspace as an operator" in text(page)
    assert role_of(newcomer.user, cast.acme) is None, "opening the link joins nothing: mail scanners do it too"
    assert "You are now an operator of Acme." in text(newcomer.post("/invitations/"))
    assert role_of(newcomer.user, cast.acme) == Role.OPERATOR
    assert trail(cast.acme) == [
        ("invitation.sent", NEW, {"role": [None, "operator"]}),
        ("invitation.accepted", NEW, {"role": [None, "operator"]}),
    ]
    assert not Invitation.objects.exists()


def test_the_link_is_in_no_page_no_later_url_and_no_row(alice: Person, newcomer: Person) -> None:
    invite(alice)
    link = link_to(NEW)
    plain = link.split("/")[2]
    assert len(plain) == 43, "256 bits"
    first = newcomer.client.get(link)
    assert first.headers["Location"] == "/invitations/"
    assert "no-store" in first.headers["Cache-Control"]
    assert plain not in newcomer.get("/invitations/").content.decode()
    assert plain not in str(Invitation.objects.values())
    assert plain not in str(dict(newcomer.client.session))


def test_a_line_about_the_link_in_a_log_hides_it(alice: Person) -> None:
    invite(alice)
    link = link_to(NEW)
    assert Scrubber().text(f"GET {link} failed") == "GET /invitations/[hidden]/ failed"


def test_a_link_works_once(alice: Person, newcomer: Person, cast: Cast) -> None:
    invite(alice)
    link = link_to(NEW)
    newcomer.get(link)
    newcomer.post("/invitations/")
    answer = newcomer.get(link)
    assert answer.status_code == 404
    assert "This invitation is not open" in text(answer)
    assert newcomer.post("/invitations/").status_code == 404


def test_someone_elses_invitation_is_refused_with_the_next_step(alice: Person, outsider: Person, cast: Cast) -> None:
    invite(alice)
    assert "It is for new@example.com, and you are logged in as outsider@example.com." in text(
        outsider.get(link_to(NEW))
    )
    assert "for another address" in text(outsider.post("/invitations/"))
    assert role_of(outsider.user, cast.acme) is None
    assert "Sign up or log in with that address" in text(outsider.post("/invitations/switch/"))
    assert "_auth_user_id" not in outsider.client.session


def test_an_unconfirmed_address_opens_nothing(alice: Person, cast: Cast) -> None:
    invite(alice)
    pretender = person(factories.make_user("pretender@example.com"))
    EmailAddress.objects.create(user=pretender.user, email=NEW, verified=False)
    pretender.get(link_to(NEW))
    assert "for another address" in text(pretender.post("/invitations/"))
    assert role_of(pretender.user, cast.acme) is None


def test_visitors_see_what_it_is_about_and_can_log_in_or_sign_up(alice: Person) -> None:
    invite(alice)
    page = Client().get(link_to(NEW), follow=True)
    assert "Join Acme" in text(page)  # type: ignore[arg-type]
    assert "/accounts/signup/?email=new%40example.com&amp;next=%2Finvitations%2F" in page.content.decode()
    assert "/accounts/login/?email=new%40example.com&amp;next=%2Finvitations%2F" in page.content.decode()


@pytest.mark.parametrize("way", ["signup", "login"])
def test_the_log_in_form_has_the_address_filled_in(db: None, way: str) -> None:
    page = Client().get(f"/accounts/{way}/?email=new%40example.com&next=%2Finvitations%2F").content.decode()
    assert 'value="new@example.com"' in page
    assert 'value="/invitations/"' in page


def test_a_post_by_a_stranger_joins_nothing(alice: Person, cast: Cast) -> None:
    invite(alice)
    stranger = Client()
    stranger.get(link_to(NEW))
    assert "Sign up or log in" in text(stranger.post("/invitations/"))  # type: ignore[arg-type]
    assert Invitation.objects.count() == 1


def test_resending_creates_a_new_link_and_disables_the_old_one(alice: Person, newcomer: Person) -> None:
    invite(alice)
    old = link_to(NEW)
    assert "on its way" in again(alice, invited(NEW))
    assert newcomer.get(old).status_code == 404
    assert newcomer.get(link_to(NEW)).status_code == 200
    newcomer.post("/invitations/")
    assert [action for action, *_ in trail(newcomer.user.memberships.get().tenant)] == [
        "invitation.sent", "invitation.resent", "invitation.accepted",
    ]  # fmt: skip


def test_one_that_is_withdrawn_while_its_page_is_open_says_so(alice: Person, newcomer: Person, cast: Cast) -> None:
    invite(alice)
    newcomer.get(link_to(NEW))
    assert f"The invitation to {NEW} was withdrawn." in again(alice, invited(NEW), "withdraw")
    answer = newcomer.post("/invitations/")
    assert answer.status_code == 404
    assert "not open" in text(answer)
    assert role_of(newcomer.user, cast.acme) is None


def test_after_a_week_it_expires_and_can_be_resent(alice: Person, newcomer: Person) -> None:
    invite(alice)
    Invitation.objects.update(expires_at=timezone.now())
    assert newcomer.get(link_to(NEW)).status_code == 404
    assert "Expired" in text(alice.get("/t/acme/settings/members/"))
    again(alice, invited(NEW))
    assert newcomer.get(link_to(NEW)).status_code == 200


def test_an_expired_invitation_is_replaced_by_a_new_one(alice: Person) -> None:
    invite(alice)
    assert "is already invited. Send that invitation again" in invite(alice)
    Invitation.objects.update(expires_at=timezone.now())
    assert "on its way" in invite(alice, role="viewer")
    assert invited(NEW).role == Role.VIEWER


def test_a_member_is_not_invited(alice: Person, hire: Hire) -> None:
    viewer = hire(Role.VIEWER)
    assert "is already a member of this workspace" in invite(alice, viewer.user.email.upper())
    assert mail.outbox == []


def test_it_says_the_same_whether_an_account_exists(alice: Person, cast: Cast) -> None:
    known = invite(alice, "outsider@example.com")
    again(alice, invited("outsider@example.com"), "withdraw")
    unknown = invite(alice, "nobody@example.com")
    assert known.replace("outsider@example.com", "?") == unknown.replace("nobody@example.com", "?")


def test_nobody_invites_above_their_own_role(hire: Hire) -> None:
    admin = hire(Role.ADMIN)
    assert "Select a valid choice" in invite(admin, role="owner")
    assert not Invitation.objects.exists()
    assert "on its way" in invite(admin, role="admin")


def test_an_admin_cannot_change_an_invitation_to_become_owner(alice: Person, hire: Hire) -> None:
    invite(alice, role="owner")
    admin = hire(Role.ADMIN)
    assert "above your own, Admin" in again(admin, invited(NEW))
    assert "above your own, Admin" in again(admin, invited(NEW), "withdraw")
    assert len(mail.outbox) == 1


def test_a_mail_server_error_is_reported_and_the_invitation_stays(
    alice: Person, monkeypatch: pytest.MonkeyPatch, cast: Cast
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise SMTPServerDisconnected("Connection unexpectedly closed")

    with monkeypatch.context() as broken:
        broken.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", refuse)
        assert "did not get the mail. Mail cannot be sent right now" in invite(alice)
    assert "Not delivered" in text(alice.get("/t/acme/settings/members/"))
    assert [action for action, *_ in trail(cast.acme)] == ["invitation.sent", "invitation.undelivered"]
    assert "on its way" in again(alice, invited(NEW))
    assert "Not delivered" not in text(alice.get("/t/acme/settings/members/"))


def test_nobody_is_flooded_with_mail(alice: Person) -> None:
    for _ in range(invitations.MAILS_TO_ONE_A_DAY - 1):
        invite(alice)
        again(alice, invited(NEW), "withdraw")
    invite(alice)
    assert len(mail.outbox) == invitations.MAILS_TO_ONE_A_DAY
    assert "Wait until tomorrow" in again(alice, invited(NEW))
    again(alice, invited(NEW), "withdraw")
    assert "Wait until tomorrow" in invite(alice)
    assert len(mail.outbox) == invitations.MAILS_TO_ONE_A_DAY


def test_a_workspaces_open_invitations_and_daily_mails_are_limited(
    alice: Person, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    monkeypatch.setattr(invitations, "MOST_OPEN", 2)
    settings.MAILS_PER_DAY = 3
    invite(alice, "a@example.com")
    invite(alice, "b@example.com")
    assert "2 invitations are already open" in invite(alice, "c@example.com")
    again(alice, invited("a@example.com"), "withdraw")
    invite(alice, "c@example.com")
    again(alice, invited("c@example.com"), "withdraw")
    assert "limit of 3 mails within a day" in invite(alice, "d@example.com")


@pytest.mark.parametrize("name", ["evil.example", "Win at http://evil", "Call me@evil"])
def test_a_workspaces_name_puts_no_link_into_mails_to_strangers(alice: Person, cast: Cast, name: str) -> None:
    cast.acme.name = name
    cast.acme.save()
    invite(alice)
    assert mail.outbox[-1].subject == "You are invited to a workspace on Roster"
    assert name not in str(mail.outbox[-1].body)


def test_a_line_break_in_a_name_adds_no_header(alice: Person, cast: Cast) -> None:
    cast.acme.name = "Acme\nBcc: victims"
    cast.acme.save()
    invite(alice)
    sent = mail.outbox[-1].message()
    assert (sent["To"], sent["Bcc"], sent["Subject"]) == (NEW, None, "You are invited to a workspace on Roster")


def test_someone_who_became_a_member_meanwhile_is_redirected(alice: Person, newcomer: Person, cast: Cast) -> None:
    invite(alice)
    link = link_to(NEW)
    User.objects.get(email=NEW).memberships.create(tenant=cast.acme, role=Role.VIEWER)
    assert "You are already a member of this workspace." in text(newcomer.get(link))
    newcomer.post("/invitations/")
    assert role_of(newcomer.user, cast.acme) == Role.VIEWER, "an invitation does not change a member's role"


def test_a_link_lasts_a_week(alice: Person) -> None:
    invite(alice)
    assert abs(invited(NEW).expires_at - timezone.now() - timedelta(days=7)) < timedelta(minutes=1)
