"""Sends mail: every mail that leaves Roster is made and sent here.

Each says that a program wrote it (RFC 3834, 5), and its id has the public host name, not this machine's.
"""

import logging
from smtplib import SMTPDataError, SMTPRecipientsRefused
from uuid import uuid4

from django.conf import settings
from django.core.mail import EmailMessage
from django.utils.translation import gettext_lazy as _

from tenants.wordings import ReasonError, Wording

log = logging.getLogger(__name__)

PERMANENT = 500
"""Replies of a mail server from here on mean that trying again is of no use (RFC 5321, 4.2.1)."""
REFUSED = Wording(
    "tenants.mail_refused", _("The mail server refuses mail to %(to)s: check the address, or use another one.")
)
REFUSED_NOW = Wording(
    "tenants.mail_refused_now", _("The mail server does not accept mail to %(to)s now: try again in a few minutes.")
)
UNAVAILABLE = Wording("tenants.mail_unavailable", _("Mail cannot be sent right now: try again in a few minutes."))


class MailError(ReasonError):
    """A mail that was not sent. The reason says to whom and what to do."""


class MailRefusedError(MailError):
    """The mail server refuses mail to this address for good."""


class UnavailableError(MailError):
    """The mail server accepts no mail right now."""


def headers() -> dict[str, str]:
    """The headers of every mail; each has its own id."""
    host = settings.PUBLIC_HOST
    return {
        "Auto-Submitted": "auto-generated",
        "Message-ID": f"<{uuid4().hex}@{f'[IPv6:{host}]' if ':' in host else host}>",
    }


def letter(to: str, subject: str, text: str) -> EmailMessage:
    """A mail to one address."""
    return EmailMessage(" ".join(subject.split()), text, to=[to], headers=headers())


def send(mail: EmailMessage) -> None:
    """Hand a mail to the mail server, which has accepted it when this returns. Open no scope around this.

    Raises MailRefusedError for an address that it refuses, and UnavailableError if it accepts nothing right now.
    """
    to = ", ".join(mail.to)
    try:
        mail.send()
    except (SMTPRecipientsRefused, SMTPDataError, ValueError) as error:
        log.warning("The mail server did not accept a mail: %s", _reason(error))
        if _is_permanent(error):
            raise MailRefusedError(REFUSED(to=to)) from error
        raise UnavailableError(REFUSED_NOW(to=to)) from error
    except OSError as error:  # smtplib's other errors are of this class
        log.warning("Mail cannot be sent (%s): check EMAIL_URL and the mail server.", type(error).__name__)
        raise UnavailableError(UNAVAILABLE()) from error


def _is_permanent(error: Exception) -> bool:
    if isinstance(error, SMTPRecipientsRefused):
        return all(code >= PERMANENT for code, _ in error.recipients.values())
    return not isinstance(error, SMTPDataError) or error.smtp_code >= PERMANENT


def _reason(error: Exception) -> str:
    """Without the address, which does not belong in a log."""
    if isinstance(error, SMTPRecipientsRefused):
        return ", ".join(str(code) for code, _ in error.recipients.values())
    return str(error.smtp_code) if isinstance(error, SMTPDataError) else type(error).__name__
