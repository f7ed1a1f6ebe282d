"""Two changes of a team at the same time, in real transactions."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from allauth.account.models import EmailAddress
from django.db import connection

from tenants.models import Invitation, Membership, Role, User
from tenants.team import allowance, invitations, members
from tenants.team.allowance import AllowanceError
from tenants.team.members import TeamError
from tests import factories
from tests.conftest import Cast
from tests.teams.conftest import membership_of, role_of

ROUNDS = range(5)


def at_once(*calls: Callable[[], object]) -> list[str]:
    """Start the calls at the same moment; returns "" or the error of each."""
    start = Barrier(len(calls))

    def work(call: Callable[[], object]) -> str:
        start.wait(10)
        try:
            call()
        except (TeamError, AllowanceError, Membership.DoesNotExist, Invitation.DoesNotExist) as error:
            return str(error) or type(error).__name__
        finally:
            connection.close()
        return ""

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(work, calls))


def owners(cast: Cast) -> int:
    return Membership.objects.filter(tenant=cast.acme, role=Role.OWNER).count()


def second_owner(cast: Cast) -> User:
    return factories.make_member(cast.acme, Role.OWNER)


def test_two_owners_who_demote_each_other_leave_an_owner(committed_cast: Cast) -> None:
    tenant, alice = committed_cast.acme, committed_cast.alice
    for _ in ROUNDS:
        other = second_owner(committed_cast)
        first, second = membership_of(alice, tenant), membership_of(other, tenant)
        said = at_once(
            lambda second=second: members.change_role(tenant, second.id, Role.ADMIN, by=alice),  # type: ignore[misc]
            lambda first=first, other=other: members.change_role(tenant, first.id, Role.ADMIN, by=other),  # type: ignore[misc]
        )
        assert sum(not refusal for refusal in said) == 1
        assert owners(committed_cast) == 1
        Membership.objects.filter(id=second.id).delete()
        Membership.objects.filter(id=first.id).update(role=Role.OWNER)


def test_two_owners_who_leave_at_once_leave_an_owner(committed_cast: Cast) -> None:
    tenant, alice = committed_cast.acme, committed_cast.alice
    for _ in ROUNDS:
        other = second_owner(committed_cast)
        said = at_once(lambda: members.leave(tenant, alice), lambda other=other: members.leave(tenant, other))  # type: ignore[misc]
        assert sorted(bool(refusal) for refusal in said) == [False, True]
        assert owners(committed_cast) == 1
        Membership.objects.filter(tenant=tenant).delete()
        Membership.objects.create(tenant=tenant, user=alice, role=Role.OWNER)


def test_an_admin_demoted_a_moment_earlier_changes_nobody(committed_cast: Cast) -> None:
    tenant = committed_cast.acme
    admin, viewer = (factories.make_member(tenant, role) for role in (Role.ADMIN, Role.VIEWER))
    members.change_role(tenant, membership_of(admin, tenant).id, Role.VIEWER, by=committed_cast.alice)
    with pytest.raises(TeamError, match="needs the admin role"):  # although admitted as an admin's request
        members.change_role(tenant, membership_of(viewer, tenant).id, Role.ADMIN, by=admin)
    assert role_of(viewer, tenant) == Role.VIEWER


def test_a_link_followed_twice_at_once_creates_one_member(committed_cast: Cast) -> None:
    tenant, outsider = committed_cast.acme, committed_cast.outsider
    EmailAddress.objects.create(user=outsider, email=outsider.email, verified=True, primary=True)
    for _ in ROUNDS:
        invitation, _plain = invitations.invite(tenant, outsider.email, Role.VIEWER, by=committed_cast.alice)
        digest = invitation.digest
        said = at_once(*[lambda digest=digest: invitations.accept(digest, outsider)] * 3)
        assert sum(not refusal for refusal in said) == 1
        assert Membership.objects.filter(tenant=tenant, user=outsider).count() == 1
        Membership.objects.filter(tenant=tenant, user=outsider).delete()


def test_withdrawing_and_accepting_at_once_ends_as_one_of_them(committed_cast: Cast) -> None:
    tenant, outsider, alice = committed_cast.acme, committed_cast.outsider, committed_cast.alice
    EmailAddress.objects.create(user=outsider, email=outsider.email, verified=True, primary=True)
    for _ in ROUNDS:
        sent, _plain = invitations.invite(tenant, outsider.email, Role.VIEWER, by=alice)
        accepted, withdrawn = at_once(
            lambda sent=sent: invitations.accept(sent.digest, outsider),  # type: ignore[misc]
            lambda sent=sent: invitations.withdraw(tenant, sent.id, by=alice),  # type: ignore[misc]
        )
        assert bool(accepted) != bool(withdrawn)
        assert (role_of(outsider, tenant) == Role.VIEWER) is (not accepted)
        Membership.objects.filter(tenant=tenant, user=outsider).delete()


def test_an_address_invited_twice_at_once_gets_one_invitation(committed_cast: Cast) -> None:
    tenant, alice = committed_cast.acme, committed_cast.alice
    said = at_once(*[lambda: invitations.invite(tenant, "new@example.com", Role.VIEWER, by=alice)] * 4)
    assert sum(not refusal for refusal in said) == 1
    assert Invitation.objects.count() == 1


def test_workspaces_created_at_once_do_not_exceed_the_allowance(committed_cast: Cast) -> None:
    person = factories.make_user()
    said = at_once(
        *[
            lambda number=number: allowance.create(f"Shop {number}", person, time_zone="UTC")
            for number in range(allowance.MOST_OWNED + 2)
        ]
    )
    assert sum(not refusal for refusal in said) == person.memberships.count() == allowance.MOST_OWNED
