"""Members of a workspace using their browsers."""

from dataclasses import dataclass, field
from typing import Any

from allauth.account.models import EmailAddress
from django.http import HttpResponse
from django.test import Client

from tenants.models import Role, Tenant, User
from tests import factories


@dataclass(frozen=True)
class Member:
    """A logged-in person and their workspace."""

    user: User
    tenant: Tenant
    client: Client = field(default_factory=Client)

    def get(self, path: str = "billing/", **query: str) -> HttpResponse:
        """A page of the workspace; redirects are not followed."""
        return self.client.get(self._address(path), query)  # type: ignore[return-value]

    def read(self, path: str = "billing/", **query: str) -> str:
        """The text of a page that must exist."""
        answer = self.get(path, **query)
        assert answer.status_code == 200, (answer.status_code, answer.headers)
        return words_of(answer)

    def post(self, path: str, **fields: object) -> HttpResponse:
        return self.client.post(self._address(path), fields)  # type: ignore[return-value]

    def _address(self, path: str) -> str:
        return path if path.startswith("/") else f"/t/{self.tenant.slug}/{path}"


def member(user: User, tenant: Tenant) -> Member:
    """Log a person in, with a confirmed address."""
    EmailAddress.objects.get_or_create(user=user, email=user.email, defaults={"primary": True, "verified": True})
    found = Member(user, tenant)
    found.client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return found


def colleague(tenant: Tenant, role: Role) -> Member:
    """Another member with this role, logged in."""
    return member(factories.make_member(tenant, role), tenant)


def words_of(answer: Any) -> str:
    """A page's text with whitespace collapsed."""
    return " ".join(answer.content.decode().split())
