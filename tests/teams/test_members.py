"""Members: who may change whom, and that an owner is always left."""

import re

import pytest
from django.test import Client
from django.utils import timezone

from tenants.models import ApiToken, Invitation, Membership, Role, Tenant, User
from tenants.permissions import NEEDS, Permission, allows
from tenants.team import invitations, members
from tests import factories
from tests.conftest import Cast
from tests.teams.conftest import Hire, Person, membership_of, person, role_of, text, trail

SETTINGS = "/t/acme/settings/members/"


def change(by: Person, whom: Person, role: str) -> str:
    return text(by.post(f"{SETTINGS}{membership_of(whom.user, by_acme(by)).id}/role/", role=role))


def by_acme(by: Person) -> Tenant:
    return Membership.objects.get(user=by.user, tenant__slug="acme").tenant


def remove(by: Person, whom: Person, cast: Cast) -> str:
    return text(by.post(f"{SETTINGS}{membership_of(whom.user, cast.acme).id}/remove/"))


def test_everyone_sees_the_members_and_what_each_role_may_do(hire: Hire, alice: Person) -> None:
    viewer = hire(Role.VIEWER)
    page = viewer.get(SETTINGS)
    for known in (alice.user.email, viewer.user.email, *(str(permission.label) for permission in Permission)):
        assert known.replace("'", "&#x27;") in page.content.decode()
    assert "Invite somebody" not in text(page)
    assert "Change role" not in text(page)
    assert "last log-in" not in text(page), "only those who manage members see the last log-in"
    assert "Change role" in text(alice.get(SETTINGS))


def test_the_table_of_roles_is_the_one_that_is_enforced(alice: Person) -> None:
    table = re.search(r"<tbody>.*</tbody>", alice.get(SETTINGS).content.decode(), re.DOTALL)
    assert table
    rows = [re.findall(r">(Yes|No)<", row) for row in table[0].split("</tr>")[:-1]]
    assert rows == [["Yes" if allows(role, each) else "No" for role in Role] for each in NEEDS]


def test_a_role_is_changed_and_the_trail_has_before_and_after(alice: Person, hire: Hire, cast: Cast) -> None:
    viewer = hire(Role.VIEWER)
    assert f"{viewer.user.email} is now an operator." in change(alice, viewer, "operator")
    assert role_of(viewer.user, cast.acme) == Role.OPERATOR
    assert trail(cast.acme) == [("member.changed", viewer.user.email, {"role": ["viewer", "operator"]})]


def test_the_same_role_again_leaves_no_trace(alice: Person, hire: Hire, cast: Cast) -> None:
    change(alice, hire(Role.VIEWER), "viewer")
    assert trail(cast.acme) == []


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.VIEWER])
def test_members_without_permission_change_nothing(hire: Hire, cast: Cast, role: Role) -> None:
    someone, other = hire(role), hire(Role.VIEWER)
    path = f"{SETTINGS}{membership_of(other.user, cast.acme).id}"
    for answer in (
        someone.post(f"{path}/role/", role="operator"),
        someone.post(f"{path}/remove/"),
        someone.post(f"{SETTINGS}invite/", email="new@example.com", role="viewer"),
        someone.post(f"{SETTINGS}hand-over/", heir=str(membership_of(other.user, cast.acme).id)),
    ):
        assert answer.status_code == 403
        assert "ask one of its owners" in text(answer)
    assert role_of(other.user, cast.acme) == Role.VIEWER
    assert not Invitation.objects.exists()
    assert trail(cast.acme) == []


def test_nobody_can_change_roles_above_their_own(hire: Hire, alice: Person, cast: Cast) -> None:
    admin, viewer = hire(Role.ADMIN), hire(Role.VIEWER)
    hire(Role.OWNER)  # so that nothing is refused for being the last one
    assert "above your own, Admin" in change(admin, alice, "viewer")
    assert "above your own, Admin" in remove(admin, alice, cast)
    assert "not above your own" in change(admin, viewer, "owner")
    assert "not above your own" in change(admin, admin, "owner")
    assert role_of(alice.user, cast.acme) == Role.OWNER
    assert role_of(viewer.user, cast.acme) == Role.VIEWER
    assert "above your own" not in change(admin, viewer, "admin")
    assert role_of(viewer.user, cast.acme) == Role.ADMIN


def test_the_last_owner_stays_and_is_told_what_to_do(alice: Person, cast: Cast) -> None:
    for said in (
        change(alice, alice, "admin"),
        remove(alice, alice, cast),
        text(alice.post(f"{SETTINGS}leave/")),
    ):
        assert "Hand over ownership, or make somebody else an owner first" in said
    assert role_of(alice.user, cast.acme) == Role.OWNER
    assert "Leave…" not in text(alice.get(SETTINGS))


def test_with_a_second_owner_the_first_may_leave(alice: Person, hire: Hire, cast: Cast) -> None:
    second = hire(Role.OWNER)
    assert "You left Acme." in text(alice.post(f"{SETTINGS}leave/"))
    assert role_of(alice.user, cast.acme) is None
    assert "only owner" in text(second.post(f"{SETTINGS}leave/"))
    assert trail(cast.acme) == [("member.left", alice.user.email, {"role": ["owner", None]})]


def test_an_owner_with_a_closed_account_does_not_count(alice: Person, hire: Hire, cast: Cast) -> None:
    closed = hire(Role.OWNER)
    User.objects.filter(id=closed.user.id).update(is_active=False)
    assert "Account closed" in text(alice.get(SETTINGS))
    for refused in (text(alice.post(f"{SETTINGS}leave/")), change(alice, alice, "admin")):
        assert "alice@acme.example is the only owner" in refused
    assert f"{closed.user.email} was removed." in remove(alice, closed, cast)
    assert role_of(alice.user, cast.acme) == Role.OWNER


def test_ownership_goes_only_to_people_who_can_log_in(alice: Person, hire: Hire, cast: Cast) -> None:
    closed = hire(Role.ADMIN)
    User.objects.filter(id=closed.user.id).update(is_active=False)
    heir = membership_of(closed.user, cast.acme)
    assert "Nothing was changed" in text(alice.post(f"{SETTINGS}hand-over/", heir=str(heir.id)))
    with pytest.raises(members.TeamError, match="is closed"):
        members.hand_over(cast.acme, heir.id, by=alice.user)
    assert role_of(alice.user, cast.acme) == Role.OWNER


def test_the_previous_owner_becomes_an_admin(alice: Person, hire: Hire, cast: Cast) -> None:
    heir = hire(Role.VIEWER)
    page = alice.post(f"{SETTINGS}hand-over/", heir=str(membership_of(heir.user, cast.acme).id))
    assert f"{heir.user.email} is now the owner, and you are an admin." in text(page)
    assert role_of(heir.user, cast.acme) == Role.OWNER
    assert role_of(alice.user, cast.acme) == Role.ADMIN
    assert trail(cast.acme)[-1] == (
        "ownership.handed_over", heir.user.email, {"owner": [alice.user.email, heir.user.email]}
    )  # fmt: skip


def test_ownership_goes_to_no_stranger(alice: Person, cast: Cast) -> None:
    foreign = membership_of(cast.bob, cast.globex)
    assert "Choose a member who is not an owner yet" in text(alice.post(f"{SETTINGS}hand-over/", heir=str(foreign.id)))
    assert "Choose a member who is not an owner yet" in text(alice.post(f"{SETTINGS}hand-over/", heir="nobody"))
    assert role_of(cast.alice, cast.acme) == Role.OWNER


def test_a_removed_member_is_out_at_the_next_request(alice: Person, hire: Hire, cast: Cast) -> None:
    admin = hire(Role.ADMIN)
    assert admin.get("/t/acme/").status_code == 200
    assert f"{admin.user.email} was removed." in remove(alice, admin, cast)
    assert admin.get("/t/acme/").status_code == 404
    assert admin.client.get("/api/v1/agents/", headers={"Roster-Workspace": "acme"}).status_code == 403
    assert trail(cast.acme) == [("member.removed", admin.user.email, {"role": ["admin", None]})]


def test_a_removed_members_tokens_stop_working_and_the_dialog_says_so(alice: Person, hire: Hire, cast: Cast) -> None:
    admin = hire(Role.ADMIN)
    _, plain = ApiToken.issue(cast.acme, "Reports", Role.VIEWER, created_by=admin.user)
    said = text(alice.get(SETTINGS))
    assert "1 API token that they made stops working. If programs need them, make new ones under" in said
    remove(alice, admin, cast)
    assert Client().get("/api/v1/agents/", headers={"Authorization": f"Bearer {plain}"}).status_code == 401


def test_invitations_end_with_the_right_to_send_them(alice: Person, hire: Hire, cast: Cast) -> None:
    admin = hire(Role.ADMIN)
    admin.post(f"{SETTINGS}invite/", email="friend@example.com", role="admin")
    assert "1 invitation that they sent is withdrawn." in text(alice.get(SETTINGS))
    change(alice, admin, "operator")
    assert not Invitation.objects.exists()
    assert [action for action, *_ in trail(cast.acme)] == ["invitation.sent", "member.changed", "invitation.withdrawn"]


def test_so_do_those_that_their_tokens_sent(alice: Person, hire: Hire, cast: Cast) -> None:
    admin = hire(Role.ADMIN)
    token, _ = ApiToken.issue(cast.acme, "Back door", Role.ADMIN, created_by=admin.user)
    invitations.invite(cast.acme, "back@door.example", Role.ADMIN, by=token)
    remove(alice, admin, cast)
    assert not Invitation.objects.exists()


def test_a_token_does_not_come_back_with_its_creator(alice: Person, hire: Hire, cast: Cast) -> None:
    admin = hire(Role.ADMIN)
    _, plain = ApiToken.issue(cast.acme, "Old", Role.ADMIN, created_by=admin.user)
    remove(alice, admin, cast)
    Membership.objects.create(tenant=cast.acme, user=admin.user, role=Role.ADMIN)
    assert ApiToken.objects.usable(plain, timezone.now()) is None
    _, fresh = ApiToken.issue(cast.acme, "New", Role.ADMIN, created_by=admin.user)
    assert ApiToken.objects.usable(fresh, timezone.now())


def test_a_person_without_a_workspace_is_told_so(alice: Person, hire: Hire, cast: Cast) -> None:
    viewer = hire(Role.VIEWER)
    remove(alice, viewer, cast)
    page = viewer.get("/")
    assert page.request["PATH_INFO"] == "/workspaces/new/"  # type: ignore[attr-defined]
    assert "You are not in any workspace now" in text(page)
    assert "You are not in any workspace now" not in text(person(factories.make_user()).get("/"))


def test_another_workspaces_member_looks_like_a_missing_one(alice: Person, cast: Cast) -> None:
    theirs = membership_of(cast.bob, cast.globex).id
    for verb, fields in (("role", {"role": "viewer"}), ("remove", {})):
        for unknown in (theirs, cast.globex.id):
            assert alice.post(f"{SETTINGS}{unknown}/{verb}/", **fields).status_code == 404
    assert role_of(cast.bob, cast.globex) == Role.OWNER
