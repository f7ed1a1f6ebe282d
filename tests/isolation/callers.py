"""All kinds of callers: members and tokens of each role, an outsider, staff without a grant, and nobody."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from allauth.account.internal.flows.login import record_authentication
from allauth.account.models import EmailAddress
from django.conf import settings
from django.http import HttpRequest
from django.test import Client

from tenants.models import Role, User
from tests import factories
from tests.isolation.furnishing import World


@dataclass(frozen=True)
class Caller:
    """A caller with credentials. `role` is the role in the home workspace; None belongs to no workspace."""

    name: str
    role: Role | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    is_token: bool = False
    is_staff: bool = False

    @property
    def is_anonymous(self) -> bool:
        """Whether it is neither logged in nor has a token."""
        return not self.headers


def everybody(home: World) -> list[Caller]:
    """All callers, with one workspace as their home."""
    members = [Caller(f"{role} by log-in", role, logged_in(home.people[role])) for role in Role]
    tokens = [Caller(f"{role}'s token", role, _bearer(home.tokens[role]), is_token=True) for role in Role]
    outsider = Caller("outsider", None, logged_in(_stranger("outsider@example.com")))
    staff = _stranger("staff@example.com")
    User.objects.filter(id=staff.id).update(is_staff=True, is_superuser=True)
    supporter = Caller("staff without a grant", None, logged_in(staff), is_staff=True)
    return [*members, *tokens, outsider, supporter, Caller("anonymous")]


def _stranger(email: str) -> User:
    user = factories.make_user(email)
    EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
    return user


def logged_in(user: User) -> dict[str, str]:
    """The session header of this person, logged in."""
    client = Client()
    client.force_login(user)
    request = HttpRequest()
    request.session = client.session
    record_authentication(request, user, "password", reauthenticated=True)  # so that no identity check is needed
    request.session.save()
    client.get("/")  # stores the first visit's session data now
    return {"Cookie": f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"}


def _bearer(plain: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {plain}"}
