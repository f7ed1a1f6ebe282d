"""Nobody changes, ends or takes over what belongs to a higher role: each action, in the portal and by API token.

The table covers all pairs of roles: the actor's and the owner's of the object.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import count, product

import pytest

from tenants.models import ApiToken, Invitation, Membership, Role, Tenant, User
from tenants.team import tokens
from tests import factories
from tests.api.conftest import Caller
from tests.conftest import Cast
from tests.teams.conftest import Person, person

MEMBERS = "/t/acme/settings/members/"
INVITATIONS = "/t/acme/settings/invitations/"
TOKENS = "/t/acme/settings/tokens/"
PAIRS = list(product(Role, Role))
numbers = count(1)


@dataclass(frozen=True)
class Actor:
    """A member with a role, using a browser and a token of that role."""

    tenant: Tenant
    browser: Person
    program: Caller


def acting_as(tenant: Tenant, role: Role) -> Actor:
    user = factories.make_member(tenant, role)
    _, plain = ApiToken.issue(tenant, f"Of {user}", role, created_by=user)
    return Actor(tenant, person(user), Caller({"Authorization": f"Bearer {plain}"}))


def place(tenant: Tenant, role: Role) -> Membership:
    return Membership.objects.get(tenant=tenant, user=factories.make_member(tenant, role))


def invitation(tenant: Tenant, role: Role) -> Invitation:
    number = next(numbers)
    return Invitation.objects.create(
        tenant=tenant,
        email=f"new{number}@example.com",
        role=role,
        digest=f"{number:064}",
        expires_at="2100-01-01T00:00Z",
    )


def token(tenant: Tenant, role: Role, maker: User | None = None) -> ApiToken:
    return ApiToken.issue(tenant, f"Token {next(numbers)}", role, created_by=maker)[0]


def state(tenant: Tenant) -> Mapping[str, object]:
    """Everything that the actions could change."""
    return {
        "members": list(Membership.objects.filter(tenant=tenant).order_by("id").values("id", "role")),
        "invitations": list(Invitation.objects.filter(tenant=tenant).order_by("id").values("id", "role", "digest")),
        "tokens": list(ApiToken.objects.filter(tenant=tenant).order_by("id").values("id", "role")),
    }


VERBS: dict[str, tuple[Callable[[Tenant, Role], str], Callable[[Actor, str], object]]] = {
    "portal: demote a member": (
        lambda tenant, role: str(place(tenant, role).id),
        lambda actor, at: actor.browser.post(f"{MEMBERS}{at}/role/", role=_other(at)),
    ),
    "portal: remove a member": (
        lambda tenant, role: str(place(tenant, role).id),
        lambda actor, at: actor.browser.post(f"{MEMBERS}{at}/remove/"),
    ),
    "portal: send an invitation again": (
        lambda tenant, role: str(invitation(tenant, role).id),
        lambda actor, at: actor.browser.post(f"{INVITATIONS}{at}/resend/"),
    ),
    "portal: withdraw an invitation": (
        lambda tenant, role: str(invitation(tenant, role).id),
        lambda actor, at: actor.browser.post(f"{INVITATIONS}{at}/withdraw/"),
    ),
    "portal: invite to a role": (
        lambda tenant, role: role.value,
        lambda actor, at: actor.browser.post(
            f"{MEMBERS}invite/", email=f"new{next(numbers)}@example.com", role=at
        ),
    ),
    "portal: make a token of a role": (
        lambda tenant, role: role.value,
        lambda actor, at: actor.browser.post(TOKENS, name=f"Token {next(numbers)}", role=at, life="30"),
    ),
    "portal: revoke a token of a role": (
        lambda tenant, role: str(token(tenant, role).id),
        lambda actor, at: actor.browser.post(f"{TOKENS}{at}/revoke/"),
    ),
    "portal: revoke a viewer's token that somebody of a role made": (
        lambda tenant, role: str(token(tenant, Role.VIEWER, factories.make_member(tenant, role)).id),
        lambda actor, at: actor.browser.post(f"{TOKENS}{at}/revoke/"),
    ),
    "API: demote a member": (
        lambda tenant, role: str(place(tenant, role).id),
        lambda actor, at: actor.program.patch(f"members/{at}/", {"role": _other(at)}),
    ),
    "API: remove a member": (
        lambda tenant, role: str(place(tenant, role).id),
        lambda actor, at: actor.program.delete(f"members/{at}/"),
    ),
    "API: invite to a role": (
        lambda tenant, role: role.value,
        lambda actor, at: actor.program.post("invitations/", {"email": f"new{next(numbers)}@example.com", "role": at}),
    ),
    "API: change an invitation": (
        lambda tenant, role: str(invitation(tenant, role).id),
        lambda actor, at: actor.program.patch(f"invitations/{at}/", {"role": _offered(at)}),
    ),
    "API: send an invitation again": (
        lambda tenant, role: str(invitation(tenant, role).id),
        lambda actor, at: actor.program.patch(f"invitations/{at}/", {"resend": True}),
    ),
    "API: withdraw an invitation": (
        lambda tenant, role: str(invitation(tenant, role).id),
        lambda actor, at: actor.program.delete(f"invitations/{at}/"),
    ),
}  # fmt: skip


def _other(membership_id: str) -> str:
    """A role different from theirs and above nobody's."""
    return _least_but(Membership.objects.get(id=membership_id).role)


def _offered(invitation_id: str) -> str:
    return _least_but(Invitation.objects.get(id=invitation_id).role)


def _least_but(role: str) -> str:
    return Role.OPERATOR.value if role == Role.VIEWER else Role.VIEWER.value


@pytest.mark.parametrize("verb", VERBS)
def test_an_action_reaches_only_as_high_as_the_actors_role(cast: Cast, verb: str) -> None:
    make, act = VERBS[verb]
    actors = {role: acting_as(cast.acme, role) for role in Role}
    reached = {}
    for own, whose in PAIRS:
        at = make(cast.acme, whose)
        before = state(cast.acme)
        act(actors[own], at)
        reached[own.value, whose.value] = state(cast.acme) != before

    manages = (Role.OWNER, Role.ADMIN)
    assert reached == {(own.value, whose.value): own in manages and own.covers(whose) for own, whose in PAIRS}


def test_the_page_has_no_button_for_a_higher_roles_token(cast: Cast) -> None:
    admin = acting_as(cast.acme, Role.ADMIN).browser
    owners = token(cast.acme, Role.OPERATOR, cast.alice)
    page = admin.get(TOKENS).content.decode()

    assert f"revoke-{owners.id}" not in page
    assert "Only an owner can revoke it" in page
    assert f"revoke-{owners.id}" in person(cast.alice).get(TOKENS).content.decode()


def test_a_refusal_says_whose_the_token_is_and_who_can_revoke_it(cast: Cast) -> None:
    owners = token(cast.acme, Role.OPERATOR, cast.alice)
    answer = acting_as(cast.acme, Role.ADMIN).browser.post(f"{TOKENS}{owners.id}/revoke/")

    assert answer.status_code == 403
    assert "has the role Owner, which is above your own, Admin. Ask an owner to revoke it" in answer.content.decode()


def test_a_just_revoked_token_is_not_found(cast: Cast) -> None:
    gone = token(cast.acme, Role.VIEWER)
    tokens.revoke(cast.acme, gone.id, by=cast.alice)

    assert person(cast.alice).post(f"{TOKENS}{gone.id}/revoke/").status_code == 404
