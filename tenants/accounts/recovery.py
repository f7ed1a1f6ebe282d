"""Lets somebody back in who lost their authenticator app, passkeys and recovery codes."""

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from tenants.audit import actions, journal
from tenants.mail import notices
from tenants.models import User
from tenants.wordings import Wording

BY_SUPPORT = Wording("tenants.by_support", _("By Roster support."))
SUBJECT = _("Your two-step verification was turned off")
TEXT = _(
    "Roster support turned off your two-step verification and logged you out everywhere, because you or somebody in "
    "your name asked for it. Log in, and set it up again under Your account. If it was not you, tell us right away."
)


def remove_second_steps(user: User) -> tuple[int, bool]:
    """Remove them all, end every session and mail the person.

    Returns how many there were, codes included, and whether the mail server took the mail.

    The caller has verified who is asking: from then on the password or the mailbox opens the account.
    """
    with transaction.atomic():
        found: int = Authenticator.objects.filter(user=user).delete()[0]
        if found:
            journal.record_account(actions.SECOND_STEP_REMOVED, user, detail=BY_SUPPORT())
    if not found:
        return 0, False
    for session in UserSession.objects.filter(user=user):
        session.end()
    return found, notices.send([user.email], str(SUBJECT), str(TEXT))
