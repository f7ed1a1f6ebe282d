"""People using their browsers, and the mails they get."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.http import HttpResponse
from django.test import Client

from tenants.models import AuditEvent, Invitation, Membership, Role, Tenant, User
from tenants.scope import tenant_scope
from tests import factories
from tests.conftest import Cast


@dataclass(frozen=True)
class Person:
    """A logged-in person with an account."""

    user: User
    client: Client = field(default_factory=Client)

    def get(self, path: str) -> HttpResponse:
        return self.client.get(path, follow=True)  # type: ignore[return-value]

    def post(self, path: str, **fields: str) -> HttpResponse:
        return self.client.post(path, fields, follow=True)  # type: ignore[return-value]


def person(user: User) -> Person:
    """Log a person in, with their address confirmed as allauth would."""
    EmailAddress.objects.get_or_create(user=user, email=user.email, defaults={"primary": True, "verified": True})
    found = Person(user)
    found.client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return found


def text(answer: HttpResponse) -> str:
    """A page's text without tags."""
    words = re.sub(r"<[^>]+>", " ", answer.content.decode())
    return re.sub(r"\s+", " ", words).replace("&#x27;", "'")


def link_to(email: str) -> str:
    """The path of the link in the newest mail to this address."""
    newest = [each for each in mail.outbox if each.to == [email]][-1]
    found = re.search(r"http://testserver(/invitations/\S+/)", str(newest.body))
    assert found, newest.body
    return found[1]


def role_of(user: User, tenant: Tenant) -> str | None:
    return Membership.objects.filter(user=user, tenant=tenant).values_list("role", flat=True).first()


def membership_of(user: User, tenant: Tenant) -> Membership:
    return Membership.objects.get(user=user, tenant=tenant)


def trail(tenant: Tenant) -> list[tuple[str, str, dict[str, object]]]:
    """The audit trail's entries about members and invitations, oldest first: action, target, changes."""
    with tenant_scope(tenant.id):
        found = AuditEvent.objects.order_by("id").values_list("action", "target_name", "changes")
        return [each for each in found if each[0].split(".")[0] in {"member", "invitation", "ownership"}]


def invited(email: str) -> Invitation:
    return Invitation.objects.get(email=email)


Hire = Callable[[Role], Person]


@pytest.fixture
def hire(cast: Cast) -> Hire:
    """A member of Acme with a role."""
    return lambda role: person(factories.make_member(cast.acme, role))


@pytest.fixture
def alice(cast: Cast) -> Person:
    """Acme's owner."""
    return person(cast.alice)


@pytest.fixture
def outsider(cast: Cast) -> Person:
    return person(cast.outsider)
