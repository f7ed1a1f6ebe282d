"""`members/` and `invitations/`: the same rules as in the portal, for tokens of every role."""

from typing import Any
from uuid import uuid4

import pytest
from django.core import mail

from tenants.models import ApiToken, Invitation, Membership, Role
from tenants.team import invitations
from tenants.team.members import NotAllowedError
from tests import factories
from tests.api.conftest import Caller
from tests.conftest import Cast
from tests.teams.conftest import link_to, membership_of, role_of, trail

NEW = "new@example.com"


@pytest.fixture
def owner(cast: Cast) -> Caller:
    return caller(cast, Role.OWNER)


@pytest.fixture
def admin(cast: Cast) -> Caller:
    return caller(cast, Role.ADMIN)


def caller(cast: Cast, role: Role) -> Caller:
    _, plain = ApiToken.issue(cast.acme, f"As {role.value}", role)
    return Caller({"Authorization": f"Bearer {plain}"})


def path_of(membership: Membership) -> str:
    return f"members/{membership.id}/"


def test_members_are_listed_for_everyone(cast: Cast) -> None:
    listed = caller(cast, Role.VIEWER).get("members/").results
    assert [(each["email"], each["role"]) for each in listed] == [("alice@acme.example", "owner")]
    assert caller(cast, Role.VIEWER).get(f"members/{listed[0]['id']}/").json == listed[0]


def test_a_role_is_changed_and_the_token_is_named_in_the_trail(owner: Caller, cast: Cast) -> None:
    user = factories.make_member(cast.acme, Role.VIEWER)
    answer = owner.patch(path_of(membership_of(user, cast.acme)), {"role": "admin"})
    assert answer.status == 200
    assert answer.json["role"] == "admin"
    assert trail(cast.acme) == [("member.changed", user.email, {"role": ["viewer", "admin"]})]


def test_a_tokens_role_limits_what_it_can_grant(admin: Caller, owner: Caller, cast: Cast) -> None:
    viewer = membership_of(factories.make_member(cast.acme, Role.VIEWER), cast.acme)
    boss = membership_of(factories.make_member(cast.acme, Role.OWNER), cast.acme)
    for refused in (
        admin.patch(path_of(viewer), {"role": "owner"}),
        admin.patch(path_of(boss), {"role": "viewer"}),
        admin.delete(path_of(boss)),
        admin.post("invitations/", {"email": NEW, "role": "owner"}),
        admin.post("members/", {"email": NEW, "role": "owner"}),
    ):
        assert "The role Owner is above your own, Admin. Ask an owner." in refused.problem(403)["detail"]
    assert owner.patch(path_of(boss), {"role": "admin"}).status == 200
    assert admin.delete(path_of(boss)).status == 204


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.VIEWER])
def test_lower_tokens_change_nobody_and_see_no_invitations(cast: Cast, role: Role) -> None:
    token, member = caller(cast, role), membership_of(cast.alice, cast.acme)
    for method, path, body in (
        ("POST", "members/", {"email": NEW}),
        ("PATCH", path_of(member), {"role": "viewer"}),
        ("DELETE", path_of(member), None),
        ("GET", "invitations/", None),
        ("POST", "invitations/", {"email": NEW}),
    ):
        token.call(method, path, body).problem(403)
    assert not Invitation.objects.exists()


def test_a_token_grants_no_more_than_its_creator_may_now(cast: Cast) -> None:
    maker = factories.make_member(cast.acme, Role.OWNER)
    token, plain = ApiToken.issue(cast.acme, "Staffing", Role.OWNER, created_by=maker)
    Membership.objects.filter(user=maker).update(role=Role.ADMIN)
    refused = Caller({"Authorization": f"Bearer {plain}"}).post("members/", {"email": NEW, "role": "owner"})
    assert "above your own, Admin" in refused.problem(403)["detail"]
    Membership.objects.filter(user=maker).delete()
    with pytest.raises(NotAllowedError, match="was just revoked"):  # though the request was let in before
        invitations.invite(cast.acme, NEW, Role.VIEWER, by=token)


def test_the_last_owner_is_a_conflict_with_the_fix(owner: Caller, cast: Cast) -> None:
    path = path_of(membership_of(cast.alice, cast.acme))
    for refused in (owner.patch(path, {"role": "admin"}), owner.delete(path)):
        assert "Hand over ownership, or make somebody else an owner first" in refused.problem(409)["detail"]
    assert role_of(cast.alice, cast.acme) == Role.OWNER


def test_a_member_is_invited_and_not_created(owner: Caller, cast: Cast) -> None:
    factories.make_user(NEW)
    answer = owner.post("members/", {"email": "New@Example.com", "role": "viewer"})
    assert answer.status == 202
    assert answer.response.headers["Location"].rstrip("/") == f"/api/v1/invitations/{answer.json['id']}"
    assert answer.json | {"email": NEW, "role": "viewer", "is_open": True, "is_delivered": True} == answer.json
    assert len(owner.get("members/").results) == 1
    assert owner.get("invitations/").results == [answer.json]
    assert link_to(NEW)


def test_an_invitation_is_created_changed_resent_and_withdrawn(owner: Caller) -> None:
    made = owner.post("invitations/", {"email": NEW})
    assert made.status == 201
    assert (made.json["role"], made.json["invited_by"]) == ("operator", None)
    path, first = f"invitations/{made.json['id']}/", link_to(NEW)
    assert owner.patch(path, {"role": "viewer"}).json["role"] == "viewer"
    assert len(mail.outbox) == 1
    assert owner.patch(path, {"resend": True}).status == 200
    assert link_to(NEW) != first
    assert "as a viewer" in str(mail.outbox[-1].body)
    assert owner.delete(path).status == 204
    owner.get(path).problem(404)


def test_neither_response_nor_row_has_the_link(owner: Caller) -> None:
    made = owner.post("invitations/", {"email": NEW})
    plain = link_to(NEW).split("/")[2]
    assert plain not in str(made.json)
    assert Invitation.objects.get().digest not in str(made.json)


def test_too_many_mails_to_one_address_wait(owner: Caller) -> None:
    path = f"invitations/{owner.post('invitations/', {'email': NEW}).json['id']}/"
    for _ in range(4):
        assert owner.patch(path, {"resend": True}).status == 200
    refused = owner.patch(path, {"role": "viewer", "resend": True})
    assert "Wait until tomorrow" in refused.problem(429)["detail"]
    assert refused.response.headers["Retry-After"] == "3600"
    assert Invitation.objects.get().role == Role.OPERATOR, "either both happen or neither"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "email"),
        ({"email": "nobody"}, "email"),
        ({"email": f"{'x' * 250}@example.com"}, "email"),
        ({"email": NEW, "role": "king"}, "role"),
        ({"email": {"a": 1}}, "email"),
    ],
)
def test_a_bad_field_is_named(owner: Caller, body: dict[str, Any], field: str) -> None:
    for path in ("invitations/", "members/"):
        assert list(owner.post(path, body).problem(400)["errors"]) == [field]


def test_a_key_invites_once(owner: Caller) -> None:
    headers = {"Idempotency-Key": str(uuid4()), **owner.headers}
    first, second = (owner.call("POST", "invitations/", {"email": NEW}, headers=headers) for _ in range(2))
    assert first.json == second.json
    assert (first.status, second.status) == (201, 201)
    assert len(mail.outbox) == 1


def test_other_workspaces_objects_look_like_missing_ones(owner: Caller, cast: Cast) -> None:
    foreign = membership_of(cast.bob, cast.globex).id
    theirs = Invitation.objects.create(
        tenant=cast.globex, email=NEW, digest="d" * 64, expires_at="2100-01-01T00:00:00Z"
    ).id
    assert owner.get("invitations/").results == []
    for kind, id, body in (("members", foreign, {"role": "viewer"}), ("invitations", theirs, {"resend": True})):
        for method in ("GET", "PATCH", "DELETE"):
            known, unknown = (owner.call(method, f"{kind}/{each}/", body).problem(404) for each in (id, uuid4()))
            assert known | {"request_id": ""} == unknown | {"request_id": ""}
    owner.get("members/not-an-id/").problem(404)
    assert role_of(cast.bob, cast.globex) == Role.OWNER
    assert mail.outbox == []
