"""Who belongs to a workspace, and with which role.

Every verb locks the workspace's row first, so that two owners who demote each other at once cannot leave it ownerless.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from django.db.models import Case, When
from django.utils.translation import gettext_lazy as _

from tenants.audit import journal
from tenants.audit.actions import (
    INVITATION_WITHDRAWN,
    MEMBER_CHANGED,
    MEMBER_LEFT,
    MEMBER_REMOVED,
    OWNERSHIP_HANDED_OVER,
)
from tenants.models import ApiToken, Invitation, Membership, Role, Tenant, User
from tenants.permissions import Permission, allows, refusal
from tenants.scope import tenant_scope
from tenants.wordings import Wording

Manager = User | ApiToken
"""Who manages members: somebody who is one, or a program by the role of its token."""

IN_WORKSPACE = Wording("tenants.membership_in", _("In the workspace %(workspace)s."))
MAY_NOT_INVITE = Wording("tenants.may_not_invite", _("%(member)s may not send it any more."))
ONLY_OWNER = "{} is the only owner of this workspace: hand over ownership, or make somebody else an owner first."


class TeamError(Exception):
    """What the workspace's state does not allow now. The text says why and what to do."""


class NotAllowedError(TeamError):
    """What the role of whoever asks does not allow."""


@contextmanager
def changing(tenant: Tenant) -> Iterator[Tenant]:
    """The tenant's scope with its row locked: until it ends nobody else changes who belongs to the workspace."""
    with tenant_scope(tenant.id):
        yield Tenant.objects.select_for_update(no_key=True).get(id=tenant.id)


def change_role(tenant: Tenant, membership_id: UUID, role: Role, *, by: Manager) -> Membership:
    """Give a member another role; the same one changes nothing.

    Raises Membership.DoesNotExist, NotAllowedError for a role above one's own, TeamError for the last owner.
    """
    with changing(tenant):
        membership = _found(tenant, membership_id)
        authorize(tenant, by, Role(membership.role), role)
        if role != membership.role:
            _refuse_last_owner(membership)
            _change(membership, role)
    return membership


def remove(tenant: Tenant, membership_id: UUID, *, by: Manager) -> Membership:
    """End somebody's membership: they lose access at their next request, and so do the API tokens that they made.

    Raises Membership.DoesNotExist, NotAllowedError for somebody above oneself, TeamError for the last owner.
    """
    with changing(tenant):
        membership = _found(tenant, membership_id)
        authorize(tenant, by, Role(membership.role))
        _end(membership, MEMBER_REMOVED)
    return membership


def leave(tenant: Tenant, user: User) -> None:
    """End one's own membership. Raises NotAllowedError for those who are no member, TeamError for the last owner."""
    with changing(tenant):
        _end(_own(tenant, user), MEMBER_LEFT)


def hand_over(tenant: Tenant, membership_id: UUID, *, by: User) -> Membership:
    """Make a member the owner in one's own place; whoever hands over becomes an admin.

    Raises Membership.DoesNotExist, NotAllowedError unless an owner asks, TeamError if the other is an owner already, or
    cannot log in.
    """
    with changing(tenant):
        own, heir = _own(tenant, by), _found(tenant, membership_id)
        if not allows(Role(own.role), Permission.OWN):
            raise NotAllowedError(refusal(Permission.OWN))
        if heir.role == Role.OWNER:
            raise TeamError(f"{heir} is an owner already: choose somebody else, or change your own role.")
        if not heir.user.is_active:
            raise TeamError(f"The account of {heir} is closed: choose somebody else.")
        _change(heir, Role.OWNER)
        _change(own, Role.ADMIN)
        journal.record(OWNERSHIP_HANDED_OVER, heir, changes={"owner": [str(own), str(heir)]})
    return heir


def authorize(tenant: Tenant, by: Manager, *roles: Role) -> None:
    """May they give and take these roles, as it is now under the lock? Raises NotAllowedError."""
    own = role_now(tenant, by, Permission.MANAGE_MEMBERS)
    for role in roles:
        if not own.covers(role):
            raise NotAllowedError(f"{article(role).capitalize()} is above your own role, {own.label}: ask an owner.")


def role_now(tenant: Tenant, by: Manager, needed: Permission) -> Role:
    """Their role as it is now under the lock. Raises NotAllowedError if it does not allow what is needed."""
    own = _role_of(by) if isinstance(by, ApiToken) else Role(_own(tenant, by).role)
    if not allows(own, needed):
        raise NotAllowedError(refusal(needed))
    return own


def person_behind(by: Manager) -> User | None:
    """Who answers for what is done: somebody themselves, or whoever made the token; None for a command's token."""
    return by.created_by if isinstance(by, ApiToken) else by


def grantable(own: Role) -> list[Role]:
    """The roles that somebody with this one may give, from most to least."""
    return [role for role in Role if own.covers(role)] if allows(own, Permission.MANAGE_MEMBERS) else []


def by_rank() -> Case:
    """For ordering rows that have a role: from most to least."""
    return Case(*(When(role=role, then=rank) for rank, role in enumerate(Role)))


def article(role: Role) -> str:
    """“an owner”, “a viewer”."""
    word = role.label.lower()
    return f"an {word}" if word[0] in "aeiou" else f"a {word}"


def is_last_owner(membership: Membership) -> bool:
    """Would the workspace be without an owner if this one went? One whose account is closed cannot act as one."""
    owners = Membership.objects.filter(tenant_id=membership.tenant_id, role=Role.OWNER, user__is_active=True)
    return membership.role == Role.OWNER and not owners.exclude(id=membership.id).exists()


def _found(tenant: Tenant, membership_id: UUID) -> Membership:
    return Membership.objects.select_related("user").get(tenant=tenant, id=membership_id)


def _own(tenant: Tenant, user: User) -> Membership:
    membership = Membership.objects.select_related("user").filter(tenant=tenant, user=user).first()
    if membership is None:
        raise NotAllowedError(f"You are not a member of {tenant.name}: ask one of its owners for an invitation.")
    return membership


def _role_of(token: ApiToken) -> Role:
    found = ApiToken.objects.with_maker().filter(id=token.id).first()
    if found is None or found.is_orphan:
        raise NotAllowedError("This API token was revoked a moment ago: make a new one.")
    return found.effective_role


def _refuse_last_owner(membership: Membership) -> None:
    if is_last_owner(membership):
        raise TeamError(ONLY_OWNER.format(membership))


def _change(membership: Membership, role: Role) -> None:
    before, membership.role = membership.role, role
    membership.save(update_fields=["role"])
    journal.record(MEMBER_CHANGED, membership, changes={"role": [before, role.value]})
    _withdraw_what_exceeds(membership, role)


def _end(membership: Membership, action: journal.Action) -> None:
    _refuse_last_owner(membership)
    journal.record(action, membership, changes={"role": [membership.role, None]})
    journal.record_account(action, membership.user, detail=IN_WORKSPACE(workspace=membership.tenant.name))
    _withdraw_what_exceeds(membership, None)
    Membership.objects.filter(id=membership.id).delete()


def _withdraw_what_exceeds(membership: Membership, role: Role | None) -> None:
    """Invitations end with the right to send them: somebody removed must not come back by one."""
    may_give = grantable(role) if role else []
    sent = Invitation.objects.filter(tenant_id=membership.tenant_id, invited_by=membership.user)
    for invitation in sent.exclude(role__in=may_give):
        journal.record(INVITATION_WITHDRAWN, invitation, detail=MAY_NOT_INVITE(member=str(membership)))
        invitation.delete()
