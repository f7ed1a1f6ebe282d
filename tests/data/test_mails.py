"""A workspace's mails: to whom, how many a day, and what they may contain."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.core import mail
from django.db import connections
from django.utils import timezone
from pytest_django import Settings

from tenants.mail import contact, notices, outbox
from tenants.mail.contact import ContactError
from tenants.models import ContactCode, Mail, Role, Tenant
from tenants.privacy import deletion
from tenants.scope import tenant_scope
from tenants.team import invitations
from tests.data.conftest import Person, Shop, words
from tests.data.test_settings import SAME

OFFICE = "office@acme.example"
Hire = Callable[[Role], Person]


def code_of(address: str) -> str:
    (newest, *_) = [each for each in reversed(mail.outbox) if each.to == [address]]
    found = re.search(r"^ {4}(\S+)$", str(newest.body), re.MULTILINE)
    assert found, newest.body
    return found[1]


def set_contact(by: Person, address: str = OFFICE) -> None:
    assert by.post("settings/", **{**SAME, "contact_email": address}).status_code == 302


def told() -> list[str]:
    return [each.to[0] for each in mail.outbox]


def ask_for_the_end(shop: Shop) -> None:
    with tenant_scope(shop.tenant.id):
        deletion.request(shop.tenant, shop.tenant.memberships.get(role=Role.OWNER).user)
    deletion.announce(shop.tenant.id)


def test_a_contact_gets_only_a_code_until_it_is_confirmed(shop: Shop, alice: Person) -> None:
    set_contact(alice)
    (code,) = mail.outbox
    assert code.subject == "A code from Roster"
    assert "Acme" not in str(code.message())
    assert "Not confirmed" in words(alice.get("settings/"))
    with tenant_scope(shop.tenant.id):
        assert Tenant.objects.get(id=shop.tenant.id).email == "alice@acme.example", "so invoices do not go there"
    ask_for_the_end(shop)
    assert told() == [OFFICE, "alice@acme.example"]

    assert alice.post("settings/contact/confirm/", code=code_of(OFFICE).lower().replace("-", " ")).status_code == 302
    page = words(alice.get("settings/"))
    assert "Confirmed" in page
    assert "Not confirmed" not in page
    assert notices.recipients(Tenant.objects.get(id=shop.tenant.id)) == ["alice@acme.example", OFFICE]


def test_a_new_contact_has_to_be_confirmed_too(shop: Shop, alice: Person) -> None:
    set_contact(alice)
    old = code_of(OFFICE)
    set_contact(alice, "other@acme.example")
    assert alice.post("settings/contact/confirm/", code=old).status_code == 422
    alice.post("settings/contact/confirm/", code=code_of("other@acme.example"))
    assert Tenant.objects.get(id=shop.tenant.id).is_contact_confirmed
    set_contact(alice)
    assert not Tenant.objects.get(id=shop.tenant.id).is_contact_confirmed


def test_a_code_allows_five_tries_even_with_simultaneous_requests(shop: Shop, alice: Person) -> None:
    set_contact(alice)

    def guess(number: int) -> str:
        try:
            contact.confirm(shop.tenant, f"guess {number}")
        except ContactError as error:
            return str(error)
        finally:
            connections.close_all()
        return ""

    with ThreadPoolExecutor(8) as pool:
        said = list(pool.map(guess, range(16)))
    assert sum("That is not the code" in each for each in said) == contact.MOST_ATTEMPTS
    assert alice.post("settings/contact/confirm/", code=code_of(OFFICE)).status_code == 422, (
        "not even the right code works"
    )
    alice.post("settings/contact/code/")
    assert alice.post("settings/contact/confirm/", code=code_of(OFFICE)).status_code == 302


def test_a_wrong_code_counts_although_the_response_is_an_error(shop: Shop, alice: Person) -> None:
    set_contact(alice)
    assert "That is not the code" in words(alice.post("settings/contact/confirm/", code="BCDF-GHJK"))
    with tenant_scope(shop.tenant.id):
        assert ContactCode.objects.get().attempts == 1


def test_a_contact_gets_only_a_few_codes_a_day(shop: Shop, alice: Person) -> None:
    for number in range(contact.CODES_A_DAY + 2):
        set_contact(alice, f"victim{number}@example.com")
    assert len(mail.outbox) == contact.CODES_A_DAY
    alice.post("settings/contact/code/")
    assert "codes were sent within a day" in words(alice.get("settings/"))


def test_every_kind_of_mail_counts_and_a_notice_above_the_limit_waits(
    shop: Shop, alice: Person, settings: Settings
) -> None:
    settings.MAILS_PER_DAY = 2
    owner = shop.tenant.memberships.get(role=Role.OWNER).user
    set_contact(alice)
    invitations.mail(*invitations.invite(shop.tenant, "a@example.com", Role.VIEWER, by=owner))
    with pytest.raises(invitations.TooManyError, match="limit of 2 mails within a day"):
        invitations.invite(shop.tenant, "b@example.com", Role.VIEWER, by=owner)
    ask_for_the_end(shop)
    assert told() == [OFFICE, "a@example.com"]
    assert outbox.waiting(timezone.now()) == []

    with tenant_scope(shop.tenant.id):
        waits = Mail.objects.get(kind=Mail.Kind.DELETION_ANNOUNCED)
        assert waits.state == Mail.State.WAITING
        assert waits.retry_at
        assert timedelta(hours=23) < waits.retry_at - timezone.now() <= timedelta(days=1)
        Mail.objects.exclude(id=waits.id).update(taken_at=timezone.now() - timedelta(days=1, seconds=1))
        Mail.objects.filter(id=waits.id).update(retry_at=timezone.now())
    assert outbox.waiting(timezone.now()) == [shop.tenant.id]
    outbox.send_due(shop.tenant.id)
    assert told()[2:] == ["alice@acme.example"]


def test_a_dead_senders_notice_is_sent_by_another_and_nobody_gets_two(shop: Shop, hire: Hire) -> None:
    hire(Role.OWNER)
    with tenant_scope(shop.tenant.id):
        everybody = notices.recipients(shop.tenant)
        outbox.plan(Mail.Kind.EXPORT_READY, "1", everybody, "Your export is ready", "It is ready.")
    assert outbox._claim(shop.tenant.id), "the worker that claimed it died here"
    outbox.send_due(shop.tenant.id)
    assert told() == everybody[1:]
    with tenant_scope(shop.tenant.id):
        Mail.objects.filter(state=Mail.State.WAITING).update(leased_until=timezone.now())
    for _ in range(2):
        outbox.send_due(shop.tenant.id)
    assert sorted(told()) == sorted(everybody)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Acme", "Acme"),
        ("Müller & Söhne Inc.", "Müller & Söhne Inc."),
        ("O'Neill's Café (Berlin)", "O'Neill's Café (Berlin)"),
        ("\uff21cme", "Acme"),
        ("evil.example", ""),
        ("evil。example", ""),
        ("evil\uff0eexample", ""),
        ("www evil", ""),
        ("https evil example", ""),
        ("a@b", ""),
        ("call +1 800 555 0199", ""),
        ("evil\u200b.example", ""),
        ("javascript:alert", ""),
        ("Your account is closed and you have to act today or else you lose all of it", ""),
    ],
)
def test_a_workspace_name_cannot_advertise_in_a_mail(name: str, shown: str) -> None:
    assert notices.harmless(name) == shown
