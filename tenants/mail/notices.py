"""What mails about a workspace have in common: who gets them, and how they name the workspace."""

import re
import unicodedata
from collections.abc import Iterable

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from tenants.mail import server
from tenants.mail.server import MailError
from tenants.models import Role, Tenant
from tenants.permissions import Permission, allows

LONGEST_NAME = 60
PLAIN = re.compile(r"[^\W_]|[ '\u2019&,()!+-]")
"""What a workspace's name may contain in a mail; dots only at the end of a word."""
LIKE_A_LINK = re.compile(r"\.\S|\d[\d ()+-]{5,}\d|\bwww\b|\bhttps?\b", re.IGNORECASE)
"""What mail programs turn into links: domains, phone numbers, the beginnings of addresses."""


def recipients(tenant: Tenant) -> list[str]:
    """The owners' addresses, and the contact's once it is confirmed, each once; needs no scope."""
    owners = tenant.memberships.filter(role=Role.OWNER).order_by("created_at").values_list("user__email", flat=True)
    contact = [tenant.contact_email] if tenant.is_contact_confirmed else []
    return list(dict.fromkeys([*owners, *contact]))


def able(tenant: Tenant, permission: Permission) -> list[str]:
    """The addresses of the members who may do that, the oldest membership first; needs no scope."""
    members = tenant.memberships.filter(user__is_active=True).order_by("created_at")
    found = members.values_list("role", "user__email")
    return [email for role, email in found if allows(Role(role), permission)]


def named(tenant: Tenant) -> str:
    """What a sentence calls the workspace: its name if that is harmless, else its address."""
    name = harmless(tenant.name)
    if name:
        return _("the workspace “%(name)s”") % {"name": name}
    return _("the workspace with the address %(slug)s") % {"slug": tenant.slug}


def harmless(name: str) -> str:
    """A workspace's name for mails; "" for one that would be an advertisement or a link there.

    Whoever makes a workspace chooses its name, and Roster's mails must not carry somebody's words to others.
    """
    plain = " ".join(unicodedata.normalize("NFKC", name).split())
    marks = (each for each in plain if unicodedata.category(each)[0] != "M")
    if len(plain) > LONGEST_NAME or LIKE_A_LINK.search(plain):
        return ""
    return plain if all(PLAIN.fullmatch(each) or each == "." for each in marks) else ""


def letter(text: str) -> str:
    """A notice's whole text."""
    return _("Hello,\n\n%(text)s\n\nRoster\nAI employees for your team\n") % {"text": text}


def send(to: Iterable[str], subject: str, text: str) -> bool:
    """Mail each of them separately, right now and without retries: for notices that no workspace can keep.

    Open no scope around this. Returns whether the mail server accepted all of them.
    """
    are_sent = [_is_sent(address, subject, text) for address in to]
    return all(are_sent)


def _is_sent(address: str, subject: str, text: str) -> bool:
    try:
        server.send(server.letter(address, subject, letter(text)))
    except MailError:  # the log says why
        return False
    return True


def data_page(tenant: Tenant) -> str:
    """The address of the workspace's page about its data. It holds no secret: who opens it has to log in."""
    return f"{settings.PUBLIC_URL}{reverse('workspace:data', args=[tenant.slug])}"
