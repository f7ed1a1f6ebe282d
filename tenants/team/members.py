"""Who belongs to a workspace, and with which role.

Every verb locks the workspace's row first, so that two owners who demote each other at once cannot leave it ownerless.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from django.db import transaction
from django.db.models import Case, When
from django.utils.translation import gettext
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
"""Who manages members: a member, or a program with the role of its token."""

ARTICLES = {
    Role.OWNER: _("an owner"),
    Role.ADMIN: _("an admin"),
    Role.OPERATOR: _("an operator"),
    Role.VIEWER: _("a viewer"),
}
IN_WORKSPACE = Wording("tenants.in_workspace", _("In the workspace %(workspace)s."))
MAY_NOT_SEND = Wording("tenants.may_not_send", _("%(member)s may no longer send it."))


class TeamError(Exception):
    """The workspace's state does not allow this now. The text says why and what to do."""


class NotAllowedError(TeamError):
    """The caller's role does not allow this."""


@contextmanager
def changing(tenant: Tenant) -> Iterator[Tenant]:
    """The tenant's scope with its row locked: until it ends nobody else changes who belongs to the workspace.

    Callers go on after a refusal, so that it undoes only what is inside.
    """
    with transaction.atomic(), tenant_scope(tenant.id):
        yield Tenant.objects.select_for_update(no_key=True).get(id=tenant.id)


def change_role(tenant: Tenant, membership_id: UUID, role: Role, *, by: Manager) -> Membership:
    """Give a member another role. The same role changes nothing.

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
    """End somebody's membership. They lose access at their next request, and so do API tokens that they made.

    Raises Membership.DoesNotExist, NotAllowedError for somebody above oneself, TeamError for the last owner.
    """
    with changing(tenant):
        membership = _found(tenant, membership_id)
        authorize(tenant, by, Role(membership.role))
        _end(membership, MEMBER_REMOVED)
    return membership


def leave(tenant: Tenant, user: User) -> None:
    """End one's own membership. Raises NotAllowedError for those who are not members, TeamError for the last owner."""
    with changing(tenant):
        _end(_own(tenant, user), MEMBER_LEFT)


def hand_over(tenant: Tenant, membership_id: UUID, *, by: User) -> Membership:
    """Make a member the owner in one's place. Whoever hands over becomes an admin.

    Raises Membership.DoesNotExist, NotAllowedError unless an owner asks, TeamError if the other is an owner already, or
    cannot log in.
    """
    with changing(tenant):
        own, heir = _own(tenant, by), _found(tenant, membership_id)
        if not allows(Role(own.role), Permission.OWN):
            raise NotAllowedError(refusal(Permission.OWN))
        if heir.role == Role.OWNER:
            words = gettext("%(member)s is already an owner. Choose somebody else, or change your own role.")
            raise TeamError(words % {"member": heir})
        if not heir.user.is_active:
            raise TeamError(gettext("The account of %(member)s is closed. Choose somebody else.") % {"member": heir})
        _change(heir, Role.OWNER)
        _change(own, Role.ADMIN)
        journal.record(OWNERSHIP_HANDED_OVER, heir, changes={"owner": [str(own), str(heir)]})
    return heir


def authorize(tenant: Tenant, by: Manager, *roles: Role) -> None:
    """May they give and take these roles, as it is now under the lock? Raises NotAllowedError."""
    own = role_now(tenant, by, Permission.MANAGE_MEMBERS)
    for role in roles:
        if not own.covers(role):
            words = gettext("The role %(role)s is above your own, %(own)s. Ask an owner.")
            raise NotAllowedError(words % {"role": role.label, "own": own.label})


def role_now(tenant: Tenant, by: Manager, needed: Permission) -> Role:
    """Their role as it is now under the lock. Raises NotAllowedError if it does not allow what is needed."""
    own = _role_of(by) if isinstance(by, ApiToken) else Role(_own(tenant, by).role)
    if not allows(own, needed):
        raise NotAllowedError(refusal(needed))
    return own


def person_behind(by: Manager) -> User | None:
    """The person who is responsible: the user, or whoever made the token. None for a token made by a command."""
    return by.created_by if isinstance(by, ApiToken) else by


def grantable(own: Role) -> list[Role]:
    """The roles that somebody with this one may give, from most to least."""
    return [role for role in Role if own.covers(role)] if allows(own, Permission.MANAGE_MEMBERS) else []


def by_rank() -> Case:
    """For ordering rows that have a role: from most to least."""
    return Case(*(When(role=role, then=rank) for rank, role in enumerate(Role)))


def article(role: Role) -> str:
    """“an owner”, “a viewer”."""
    return str(ARTICLES[role])


def is_last_owner(membership: Membership) -> bool:
    """Would the workspace have no owner without this one? An owner whose account is closed does not count."""
    owners = Membership.objects.filter(tenant_id=membership.tenant_id, role=Role.OWNER, user__is_active=True)
    return membership.role == Role.OWNER and not owners.exclude(id=membership.id).exists()


def _found(tenant: Tenant, membership_id: UUID) -> Membership:
    return Membership.objects.select_related("user").get(tenant=tenant, id=membership_id)


def _own(tenant: Tenant, user: User) -> Membership:
    membership = Membership.objects.select_related("user").filter(tenant=tenant, user=user).first()
    if membership is None:
        words = gettext("You are not a member of %(workspace)s. Ask one of its owners for an invitation.")
        raise NotAllowedError(words % {"workspace": tenant.name})
    return membership


def _role_of(token: ApiToken) -> Role:
    found = ApiToken.objects.with_maker().filter(id=token.id).first()
    if found is None or found.is_orphan:
        raise NotAllowedError(gettext("This API token was just revoked. Make a new one."))
    return found.effective_role


def _refuse_last_owner(membership: Membership) -> None:
    if is_last_owner(membership):
        words = gettext(
            "%(member)s is the only owner of this workspace. Hand over ownership, or make somebody else an owner first."
        )
        raise TeamError(words % {"member": membership})


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
    """Withdraw invitations that they may no longer send: somebody who was removed must not come back through one."""
    may_give = grantable(role) if role else []
    sent = Invitation.objects.filter(tenant_id=membership.tenant_id, invited_by=membership.user)
    for invitation in sent.exclude(role__in=may_give):
        journal.record(INVITATION_WITHDRAWN, invitation, detail=MAY_NOT_SEND(member=str(membership)))
        invitation.delete()
