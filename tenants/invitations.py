"""Invitations to a workspace by e-mail: bound to the address, good for a week, used once.

The link carries 256 random bits and is stored as a digest. Who opens it sees what it is about; only a person who proved
that the address is theirs can accept it.
"""

import hashlib
import logging
import re
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from smtplib import SMTPException
from uuid import UUID

from allauth.account.models import EmailAddress
from django.conf import settings
from django.core.mail import send_mail
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from tenants import audit
from tenants.actions import (
    INVITATION_ACCEPTED,
    INVITATION_CHANGED,
    INVITATION_RESENT,
    INVITATION_SENT,
    INVITATION_UNDELIVERED,
    INVITATION_WITHDRAWN,
)
from tenants.members import Manager, TeamError, article, authorize, changing, person_behind
from tenants.models import AuditEvent, Invitation, Membership, Role, Tenant, User
from tenants.scope import tenant_scope

log = logging.getLogger(__name__)

LASTS = timedelta(days=7)
MOST_OPEN = 50
"""Invitations of one workspace that wait at the same time."""
DAY = timedelta(days=1)
MAILS_A_DAY = 100
"""Invitation mails that one workspace may cause within 24 hours."""
MAILS_TO_ONE_A_DAY = 5
"""Those of them to one address."""
MAILED = (INVITATION_SENT.name, INVITATION_RESENT.name)
LIKE_AN_ADDRESS = re.compile(r"\w\.\w|[/@]")


class TooManyError(TeamError):
    """So many mails in a day that it would be a nuisance to somebody."""


class ClosedError(TeamError):
    """The invitation was withdrawn, used, replaced by a newer mail, or is too old."""


def invite(tenant: Tenant, email: str, role: Role, *, by: Manager) -> tuple[Invitation, str]:
    """Invite the owner of an address; returns the invitation and what its link carries, which exists only now.

    The caller mails it after the commit (`mail`). It is the same whether the address has an account or not. Raises
    NotAllowedError, TooManyError, and TeamError for who is a member or invited already.
    """
    email, now = email.strip().lower(), timezone.now()
    with changing(tenant):
        authorize(tenant, by, role)
        _refuse_member(tenant, email)
        _make_room(tenant, email, now)
        _refuse_flood(email, now)
        plain = secrets.token_urlsafe(32)
        invitation = Invitation.objects.create(
            tenant=tenant,
            email=email,
            role=role,
            digest=digest_of(plain),
            invited_by=person_behind(by),
            expires_at=now + LASTS,
        )
        audit.record(INVITATION_SENT, invitation, changes={"role": [None, role.value]})
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
        _refuse_flood(invitation.email, now)
        plain = secrets.token_urlsafe(32)
        invitation.digest, invitation.expires_at = digest_of(plain), now + LASTS
        invitation.invited_by = person_behind(by)
        invitation.save(update_fields=["digest", "expires_at", "invited_by"])
        audit.record(INVITATION_RESENT, invitation)
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
            audit.record(INVITATION_CHANGED, invitation, changes={"role": [before.value, role.value]})
    return invitation


def withdraw(tenant: Tenant, invitation_id: UUID, *, by: Manager) -> Invitation:
    """Make the link worthless. Raises Invitation.DoesNotExist and NotAllowedError."""
    with changing(tenant):
        invitation = Invitation.objects.get(tenant=tenant, id=invitation_id)
        authorize(tenant, by, Role(invitation.role))
        audit.record(INVITATION_WITHDRAWN, invitation, changes={"role": [invitation.role, None]})
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
        audit.record(INVITATION_ACCEPTED, invitation, changes={"role": [None, invitation.role]} if is_new else None)
    return membership


def open_one(digest: str) -> Invitation | None:
    """The open invitation whose link has this digest. Looking up a digest takes no time that tells about the link."""
    found = Invitation.objects.open(timezone.now()).filter(digest=digest)
    return found.select_related("tenant", "invited_by").first()


def is_for(invitation: Invitation, user: User) -> bool:
    """Is the address it is bound to this person's, and proved to be?"""
    proved = EmailAddress.objects.filter(user=user, email__iexact=invitation.email, verified=True)
    return bool(proved.exists())


def digest_of(plain: str) -> str:
    """SHA-256 is enough: the link carries 256 random bits, so there is nothing to guess."""
    return hashlib.sha256(plain.encode()).hexdigest()


def mail(invitation: Invitation, plain: str) -> bool:
    """Send the link; call it when the invitation is committed, outside of any transaction.

    If the mail server refuses, the invitation stays, the trail says so, and the answer is False.
    """
    context = {
        "place": _harmless(invitation.tenant.name),
        "inviter": invitation.invited_by.email if invitation.invited_by else "",
        "role": article(Role(invitation.role)),
        "url": settings.PUBLIC_URL + reverse("invitation", args=[plain]),
        "expires_at": invitation.expires_at,
        "time_zone": invitation.tenant.time_zone,
    }
    subject = " ".join(render_to_string("tenants/invitation_subject.txt", context).split())
    text = render_to_string("tenants/invitation_message.txt", context)
    try:
        send_mail(subject, text, None, [invitation.email])
    except (SMTPException, OSError) as error:
        log.warning("The mail server did not take an invitation (%s): check EMAIL_URL.", type(error).__name__)
        with tenant_scope(invitation.tenant_id):
            audit.record(INVITATION_UNDELIVERED, invitation, detail=f"The mail server did not take it: {error}")
        return False
    return True


def undelivered(tenant: Tenant, found: Iterable[Invitation]) -> set[UUID]:
    """Those of these invitations whose latest mail the mail server did not take."""
    with tenant_scope(tenant.id):
        wanted = AuditEvent.objects.filter(
            action__in=(*MAILED, INVITATION_UNDELIVERED.name), target_id__in=[str(each.id) for each in found]
        )
        latest = {event.target_id: event.action for event in wanted.order_by("at", "id")}
    return {UUID(target) for target, action in latest.items() if action == INVITATION_UNDELIVERED.name}


def _harmless(name: str) -> str:
    """A workspace's name for mails to strangers; one that would become a link in a mail program stays out of it."""
    return "" if LIKE_AN_ADDRESS.search(name) else " ".join(name.split())


def _refuse_member(tenant: Tenant, email: str) -> None:
    if Membership.objects.filter(tenant=tenant, user__email__iexact=email).exists():
        raise TeamError(f"{email} is a member of this workspace already.")


def _make_room(tenant: Tenant, email: str, now: datetime) -> None:
    """An invitation that is too old gives way to a new one."""
    earlier = Invitation.objects.filter(tenant=tenant, email__iexact=email).first()
    if earlier and earlier.expires_at > now:
        raise TeamError(f"{email} is invited already: send that invitation again, or withdraw it first.")
    if earlier:
        earlier.delete()
    _refuse_crowd(tenant, now)


def _refuse_crowd(tenant: Tenant, now: datetime, *, but: Invitation | None = None) -> None:
    waiting = set(Invitation.objects.open(now).filter(tenant=tenant).values_list("id", flat=True))
    if len(waiting - {but.id if but else None}) >= MOST_OPEN:
        raise TeamError(f"{MOST_OPEN} invitations are open already: withdraw some, or wait until they are accepted.")


def _refuse_flood(email: str, now: datetime) -> None:
    """Counted in the audit trail, which nobody can shorten: withdrawing and inviting again is no way around."""
    mailed = AuditEvent.objects.filter(action__in=MAILED, at__gt=now - DAY)
    if mailed.filter(target_name=email).count() >= MAILS_TO_ONE_A_DAY:
        raise TooManyError(f"{email} got {MAILS_TO_ONE_A_DAY} invitations within a day: wait until tomorrow.")
    if mailed.count() >= MAILS_A_DAY:
        raise TooManyError(f"This workspace sent {MAILS_A_DAY} invitations within a day: wait until tomorrow.")
