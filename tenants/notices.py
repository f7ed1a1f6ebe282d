"""Mails about a workspace, to its owners and its contact."""

import logging
from collections.abc import Iterable
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.urls import reverse

from tenants.models import Role, Tenant

log = logging.getLogger(__name__)

FOOT = "\n\nRoster\nAI employees for your team\n"


def recipients(tenant: Tenant) -> list[str]:
    """The owners' addresses and the contact's, each once; needs no scope."""
    owners = tenant.memberships.filter(role=Role.OWNER).order_by("created_at").values_list("user__email", flat=True)
    return list(dict.fromkeys([*owners, *([tenant.contact_email] if tenant.contact_email else [])]))


def send(to: Iterable[str], subject: str, text: str) -> bool:
    """Mail each of them by itself, best effort: what the notice tells about is on the pages too. Open no scope.

    Returns False if the mail server could not be reached, so that nobody got it.
    """
    line = " ".join(subject.split())  # a workspace's name may have line breaks
    handed_over = 0
    try:
        with get_connection() as server:
            for address in to:
                _send(server, EmailMessage(line, f"Hello,\n\n{text}{FOOT}", to=[address]))
                handed_over += 1
    except OSError as error:
        log.warning("Notices could not be sent: %s", error)
        return handed_over > 0  # who got it gets no second one
    return True


def _send(server: BaseEmailBackend, mail: EmailMessage) -> None:
    """An address that the mail server refuses keeps nobody else from getting theirs."""
    try:
        server.send_messages([mail])
    except SMTPException as error:
        log.warning("A notice could not be sent: %s", error)


def data_page(tenant: Tenant) -> str:
    """The address of the workspace's page about its data. It holds no secret: who opens it has to log in."""
    return f"{settings.PUBLIC_URL}{reverse('workspace:data', args=[tenant.slug])}"
