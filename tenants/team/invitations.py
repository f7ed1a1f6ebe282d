"""Invitations to a workspace by e-mail: bound to the address, good for a week, used once.

The link carries 256 random bits and is stored as a digest. Who opens it sees what it is about; only a person who proved
that the address is theirs can accept it.
"""

import hashlib
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from allauth.account.models import EmailAddress
from django.conf import settings
from django.db.models import QuerySet
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from tenants import addresses
from tenants.audit import journal
from tenants.audit.actions import (
    INVITATION_ACCEPTED,
    INVITATION_CHANGED,
    INVITATION_RESENT,
    INVITATION_SENT,
    INVITATION_UNDELIVERED,
    INVITATION_WITHDRAWN,
)
from tenants.mail import notices, outbox
from tenants.mail.outbox import DAY, FullError
from tenants.mail.server import MailError
from tenants.models import Invitation, Mail, Membership, Role, Tenant, User
from tenants.scope import tenant_scope
from tenants.team.members import Manager, TeamError, article, authorize, changing, person_behind

LASTS = timedelta(days=7)
MOST_OPEN = 50
"""Invitations of one workspace that wait at the same time."""
MAILS_TO_ONE_A_DAY = 5
"""Invitation mails to one address within 24 hours."""
SUBJECT = "You are invited to a workspace on Roster"


class TooManyError(TeamError):
    """So many mails in a day that it would be a nuisance to somebody."""


class ClosedError(TeamError):
    """The invitation was withdrawn, used, replaced by a newer mail, or is too old."""


def invite(tenant: Tenant, email: str, role: Role, *, by: Manager) -> tuple[Invitation, str]:
    """Invite the owner of an address; returns the invitation and what its link carries, which exists only now.

    The caller mails it after the commit (`mail`). It is the same whether the address has an account or not. Raises
    NotAllowedError, TooManyError, TeamError for who is a member or invited already, and
    django.core.exceptions.ValidationError for what is no address.
    """
    email, now = addresses.normalize(email), timezone.now()
    with changing(tenant):
        authorize(tenant, by, role)
        _refuse_member(tenant, email)
        _make_room(tenant, email, now)
        plain = secrets.token_urlsafe(32)
        invitation = Invitation.objects.create(
            tenant=tenant,
            email=email,
            role=role,
            digest=digest_of(plain),
            invited_by=person_behind(by),
            expires_at=now + LASTS,
        )
        _count_mail(invitation, now)
        journal.record(INVITATION_SENT, invitation, changes={"role": [None, role.value]})
    return invitation, plain


def resend(tenant: Tenant, invitation_id: UUID, *, by: Manager) -> tuple[Invitation, str]:
    """A new link for another week; the old one is dead. The caller mails it after the commit.

    Raises Invitation.DoesNotExist, NotAllowedError, TooManyError, and TeamError for who became a member otherwise.
    """
    now = timezone.now()
    with changing(tenant):
        invitation = Invitation.objects.get(tenant=tenant, id=invitation_id)
        authorize(tenant, by, Role(invitation.role))
        _refuse_member(tenant, invitation.email)
        _refuse_crowd(tenant, now, but=invitation)
        plain = secrets.token_urlsafe(32)
        invitation.digest, invitation.expires_at = digest_of(plain), now + LASTS
        invitation.invited_by = person_behind(by)
        invitation.save(update_fields=["digest", "expires_at", "invited_by"])
        _count_mail(invitation, now)
        journal.record(INVITATION_RESENT, invitation)
    return invitation, plain


def change_role(tenant: Tenant, invitation_id: UUID, role: Role, *, by: Manager) -> Invitation:
    """Offer another role. Raises Invitation.DoesNotExist and NotAllowedError."""
    with changing(tenant):
        invitation = Invitation.objects.get(tenant=tenant, id=invitation_id)
        before = Role(invitation.role)
        authorize(tenant, by, before, role)
        if role != before:
            invitation.role = role
            invitation.save(update_fields=["role"])
            journal.record(INVITATION_CHANGED, invitation, changes={"role": [before.value, role.value]})
    return invitation


def withdraw(tenant: Tenant, invitation_id: UUID, *, by: Manager) -> Invitation:
    """Make the link worthless. Raises Invitation.DoesNotExist and NotAllowedError."""
    with changing(tenant):
        invitation = Invitation.objects.get(tenant=tenant, id=invitation_id)
        authorize(tenant, by, Role(invitation.role))
        journal.record(INVITATION_WITHDRAWN, invitation, changes={"role": [invitation.role, None]})
        Invitation.objects.filter(id=invitation.id).delete()
    return invitation


def accept(digest: str, user: User) -> Membership:
    """Become a member by the invitation with this digest, which is used up.

    Raises ClosedError, and TeamError for whose address it is not, or who is a member already.
    """
    found = open_one(digest)
    if found is None:
        raise ClosedError("This invitation is not open any more: ask for a new one.")
    with changing(found.tenant) as tenant:
        invitation = open_one(digest)  # nobody can withdraw or use it under the lock
        if invitation is None:
            raise ClosedError("This invitation was withdrawn or used a moment ago: ask for a new one.")
        if not is_for(invitation, user):
            raise TeamError(f"This invitation is for {invitation.email}: log in with that address.")
        membership, is_new = Membership.objects.get_or_create(
            tenant=tenant, user=user, defaults={"role": invitation.role}
        )
        Invitation.objects.filter(id=invitation.id).delete()
        journal.record(INVITATION_ACCEPTED, invitation, changes={"role": [None, invitation.role]} if is_new else None)
    return membership


def open_one(digest: str) -> Invitation | None:
    """The open invitation whose link has this digest. Looking up a digest takes no time that tells about the link."""
    found = Invitation.objects.open(timezone.now()).filter(digest=digest)
    return found.select_related("tenant", "invited_by").first()


def is_for(invitation: Invitation, user: User) -> bool:
    """Is the address it is bound to this person's, and proved to be?"""
    proved = EmailAddress.objects.filter(user=user, email=invitation.email, verified=True)
    return bool(proved.exists())


def digest_of(plain: str) -> str:
    """SHA-256 is enough: the link carries 256 random bits, so there is nothing to guess."""
    return hashlib.sha256(plain.encode()).hexdigest()


def mail(invitation: Invitation, plain: str) -> None:
    """Send the link; call it when the invitation is committed, outside of any transaction.

    If the mail server does not take it, the invitation stays, the trail says so, and MailError is raised.
    """
    context = {
        "place": notices.harmless(invitation.tenant.name),
        "inviter": invitation.invited_by.email if invitation.invited_by else "",
        "role": article(Role(invitation.role)),
        "url": settings.PUBLIC_URL + reverse("invitation", args=[plain]),
        "expires_at": invitation.expires_at,
        "time_zone": invitation.tenant.time_zone,
    }
    with tenant_scope(invitation.tenant_id):
        counted = _mails_about([invitation.id]).latest("planned_at")
    try:
        outbox.hand_over(
            invitation.tenant_id, counted, SUBJECT, render_to_string("tenants/invitation_message.txt", context)
        )
    except MailError as error:
        with tenant_scope(invitation.tenant_id):
            journal.record(INVITATION_UNDELIVERED, invitation, detail=error.reason)
        raise


def undelivered(tenant: Tenant, found: Iterable[Invitation]) -> set[UUID]:
    """Those of these invitations whose latest mail the mail server did not take, or not yet."""
    with tenant_scope(tenant.id):
        latest = {mail.key: mail.state for mail in _mails_about(each.id for each in found).order_by("planned_at")}
    return {UUID(key) for key, state in latest.items() if state != Mail.State.SENT}


def _mails_about(ids: Iterable[UUID]) -> QuerySet[Mail]:
    return Mail.objects.filter(kind=Mail.Kind.INVITATION, key__in=[str(each) for each in ids])


def _refuse_member(tenant: Tenant, email: str) -> None:
    if Membership.objects.filter(tenant=tenant, user__email=email).exists():
        raise TeamError(f"{email} is a member of this workspace already.")


def _make_room(tenant: Tenant, email: str, now: datetime) -> None:
    """An invitation that is too old gives way to a new one."""
    earlier = Invitation.objects.filter(tenant=tenant, email=email).first()
    if earlier and earlier.expires_at > now:
        raise TeamError(f"{email} is invited already: send that invitation again, or withdraw it first.")
    if earlier:
        earlier.delete()
    _refuse_crowd(tenant, now)


def _refuse_crowd(tenant: Tenant, now: datetime, *, but: Invitation | None = None) -> None:
    waiting = set(Invitation.objects.open(now).filter(tenant=tenant).values_list("id", flat=True))
    if len(waiting - {but.id if but else None}) >= MOST_OPEN:
        raise TeamError(f"{MOST_OPEN} invitations are open already: withdraw some, or wait until they are accepted.")


def _count_mail(invitation: Invitation, now: datetime) -> None:
    """Withdrawing and inviting again is no way around: these rows stay."""
    to_them = Mail.objects.taken_since(now - DAY).filter(kind=Mail.Kind.INVITATION, recipient=invitation.email)
    if to_them.count() >= MAILS_TO_ONE_A_DAY:
        raise TooManyError(f"{invitation} got {MAILS_TO_ONE_A_DAY} invitations within a day: wait until tomorrow.")
    try:
        outbox.take(Mail.Kind.INVITATION, str(invitation.id), invitation.email)
    except FullError as error:
        raise TooManyError(str(error)) from error
