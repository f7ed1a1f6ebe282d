"""The one door to the mail server: every mail that leaves is made and handed over here.

Each says that a program wrote it (RFC 3834, 5), and has an id of the host that people know, not of this machine.
"""

import logging
from smtplib import SMTPDataError, SMTPRecipientsRefused
from uuid import uuid4

from django.conf import settings
from django.core.mail import EmailMessage

log = logging.getLogger(__name__)

PERMANENT = 500
"""Replies of a mail server from here on mean that trying again is of no use (RFC 5321, 4.2.1)."""


class MailError(Exception):
    """A mail that was not sent. The text says to whom and what to do."""


class MailRefusedError(MailError):
    """The mail server takes no mail to this address, today or later."""


class UnavailableError(MailError):
    """The mail server takes no mail at this moment."""


def headers() -> dict[str, str]:
    """What every mail has in its head; the id is another one each time."""
    host = settings.PUBLIC_HOST
    return {
        "Auto-Submitted": "auto-generated",
        "Message-ID": f"<{uuid4().hex}@{f'[IPv6:{host}]' if ':' in host else host}>",
    }


def letter(to: str, subject: str, text: str) -> EmailMessage:
    """A mail to one address."""
    return EmailMessage(" ".join(subject.split()), text, to=[to], headers=headers())


def send(mail: EmailMessage) -> None:
    """Hand a mail over to the mail server, which has taken it when this returns. Open no scope around this.

    Raises MailRefusedError for an address that it does not take, and UnavailableError if it takes nothing now.
    """
    to = ", ".join(mail.to)
    try:
        mail.send()
    except (SMTPRecipientsRefused, SMTPDataError, ValueError) as error:
        log.warning("The mail server did not take a mail: %s", _reason(error))
        if _is_permanent(error):
            raise MailRefusedError(
                f"The mail server takes no mail to {to}: check the address, or use another."
            ) from error
        raise UnavailableError(
            f"The mail server does not take mail to {to} now: try again in a few minutes."
        ) from error
    except OSError as error:  # smtplib's other errors are of this class
        log.warning("Mail cannot be sent (%s): check EMAIL_URL and the mail server.", type(error).__name__)
        raise UnavailableError("No mail can be sent at this moment: try again in a few minutes.") from error


def _is_permanent(error: Exception) -> bool:
    if isinstance(error, SMTPRecipientsRefused):
        return all(code >= PERMANENT for code, _ in error.recipients.values())
    return not isinstance(error, SMTPDataError) or error.smtp_code >= PERMANENT


def _reason(error: Exception) -> str:
    """Without the address, which belongs into no log."""
    if isinstance(error, SMTPRecipientsRefused):
        return ", ".join(str(code) for code, _ in error.recipients.values())
    return str(error.smtp_code) if isinstance(error, SMTPDataError) else type(error).__name__
