"""Invitations to a workspace by e-mail: for one address, valid for a week, used once.

The link carries 256 random bits and is stored as a digest. Whoever opens it sees what it is about; only a person who
proved that the address is theirs can accept it.
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
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

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
"""Open invitations of one workspace at a time."""
MAILS_TO_ONE_A_DAY = 5
"""Invitation mails to one address within 24 hours."""
SUBJECT = _("You are invited to a workspace on Roster")


class TooManyError(TeamError):
    """Too many mails in a day: more would be a nuisance to somebody."""


class ClosedError(TeamError):
    """The invitation was withdrawn, used or replaced by a newer mail, or it expired."""


def invite(tenant: Tenant, email: str, role: Role, *, by: Manager) -> tuple[Invitation, str]:
    """Invite the owner of an address. Returns the invitation and its link's secret, which exists only now.

    The caller mails it after the commit (`mail`). It makes no difference whether the address has an account. Raises
    NotAllowedError, TooManyError, TeamError for somebody who is already a member or invited, and
    django.core.exceptions.ValidationError for an invalid address.
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
    """A new link for another week; the old one stops working. The caller mails it after the commit.

    Raises Invitation.DoesNotExist, NotAllowedError, TooManyError, and TeamError for somebody who is a member by now.
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
    """Make the link stop working. Raises Invitation.DoesNotExist and NotAllowedError."""
    with changing(tenant):
        invitation = Invitation.objects.get(tenant=tenant, id=invitation_id)
        authorize(tenant, by, Role(invitation.role))
        journal.record(INVITATION_WITHDRAWN, invitation, changes={"role": [invitation.role, None]})
        Invitation.objects.filter(id=invitation.id).delete()
    return invitation


def accept(digest: str, user: User) -> Membership:
    """Become a member through the invitation with this digest, and use it up.

    Raises ClosedError, and TeamError for anybody whose address it is not.
    """
    found = open_one(digest)
    if found is None:
        raise ClosedError(gettext("This invitation is no longer open. Ask for a new one."))
    with changing(found.tenant) as tenant:
        invitation = open_one(digest)  # nobody can withdraw or use it under the lock
        if invitation is None:
            raise ClosedError(gettext("This invitation was just withdrawn or used. Ask for a new one."))
        if not is_for(invitation, user):
            words = gettext("This invitation is for %(email)s. Log in with that address.")
            raise TeamError(words % {"email": invitation.email})
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
    """Did this person prove that the invited address is theirs?"""
    proved = EmailAddress.objects.filter(user=user, email=invitation.email, verified=True)
    return bool(proved.exists())


def digest_of(plain: str) -> str:
    """SHA-256 is enough: the link carries 256 random bits, so there is nothing to guess."""
    return hashlib.sha256(plain.encode()).hexdigest()


def mail(invitation: Invitation, plain: str) -> None:
    """Send the link. Call it outside of any transaction, once the invitation is committed.

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
        text = render_to_string("tenants/invitation_message.txt", context)
        outbox.hand_over(invitation.tenant_id, counted, str(SUBJECT), text)
    except MailError as error:
        with tenant_scope(invitation.tenant_id):
            journal.record(INVITATION_UNDELIVERED, invitation, detail=error.reason)
        raise


def undelivered(tenant: Tenant, found: Iterable[Invitation]) -> set[UUID]:
    """Those of these invitations whose latest mail the mail server has not taken."""
    with tenant_scope(tenant.id):
        latest = {mail.key: mail.state for mail in _mails_about(each.id for each in found).order_by("planned_at")}
    return {UUID(key) for key, state in latest.items() if state != Mail.State.SENT}


def _mails_about(ids: Iterable[UUID]) -> QuerySet[Mail]:
    return Mail.objects.filter(kind=Mail.Kind.INVITATION, key__in=[str(each) for each in ids])


def _refuse_member(tenant: Tenant, email: str) -> None:
    if Membership.objects.filter(tenant=tenant, user__email=email).exists():
        raise TeamError(gettext("%(email)s is already a member of this workspace.") % {"email": email})


def _make_room(tenant: Tenant, email: str, now: datetime) -> None:
    """An expired invitation gives way to a new one."""
    earlier = Invitation.objects.filter(tenant=tenant, email=email).first()
    if earlier and earlier.expires_at > now:
        words = gettext("%(email)s is already invited. Send that invitation again, or withdraw it first.")
        raise TeamError(words % {"email": email})
    if earlier:
        earlier.delete()
    _refuse_crowd(tenant, now)


def _refuse_crowd(tenant: Tenant, now: datetime, *, but: Invitation | None = None) -> None:
    waiting = set(Invitation.objects.open(now).filter(tenant=tenant).values_list("id", flat=True))
    if len(waiting - {but.id if but else None}) >= MOST_OPEN:
        words = gettext("%(number)s invitations are already open. Withdraw some, or wait until they are accepted.")
        raise TeamError(words % {"number": MOST_OPEN})


def _count_mail(invitation: Invitation, now: datetime) -> None:
    """Withdrawing and inviting again does not get around the limit: these rows stay."""
    to_them = Mail.objects.taken_since(now - DAY).filter(kind=Mail.Kind.INVITATION, recipient=invitation.email)
    if to_them.count() >= MAILS_TO_ONE_A_DAY:
        words = gettext("We sent %(email)s %(number)s invitations within a day. Wait until tomorrow.")
        raise TooManyError(words % {"email": invitation.email, "number": MAILS_TO_ONE_A_DAY})
    try:
        outbox.take(Mail.Kind.INVITATION, str(invitation.id), invitation.email)
    except FullError as error:
        raise TooManyError(str(error)) from error
