"""Letting somebody in again who lost their authenticator app, passkeys and recovery codes."""

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from tenants.audit import actions, journal
from tenants.mail import notices
from tenants.models import User
from tenants.wordings import Wording

BY_OPERATOR = Wording("tenants.second_steps_by_operator", _("By whoever runs this Roster."))
SUBJECT = "Your second step is switched off"
TEXT = (
    "Whoever runs Roster switched off your second steps and logged you out everywhere, as you or somebody in your name "
    "asked. Log in, and set up a new one under Your account. If it was not you, tell them at once."
)


def remove_second_steps(user: User) -> tuple[int, bool]:
    """Remove them all, end every session and tell the person by mail.

    Returns how many there were, also of codes, and whether the mail server took the mail.

    Who calls this has made sure who asks: from then on the password or the mailbox opens the account.
    """
    with transaction.atomic():
        found: int = Authenticator.objects.filter(user=user).delete()[0]
        if found:
            journal.record_account(actions.SECOND_STEP_REMOVED, user, detail=BY_OPERATOR())
    if not found:
        return 0, False
    for session in UserSession.objects.filter(user=user):
        session.end()
    return found, notices.send([user.email], SUBJECT, TEXT)
