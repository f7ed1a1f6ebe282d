"""The workspace's contact address: it gets nothing but codes until somebody enters one of them.

The contact reads the code to whoever set the address, who types it in. So nobody can make Roster write to people who
did not agree.
"""

from datetime import timedelta

from allauth.account.adapter import get_adapter
from django.db.models import F
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from tenants.audit import actions, journal
from tenants.mail import outbox
from tenants.mail.outbox import DAY, FullError
from tenants.models import ContactCode, Mail, Tenant, User
from tenants.scope import tenant_scope
from tenants.wordings import Wording

GOOD_FOR = timedelta(days=1)
MOST_ATTEMPTS = 5
"""Tries for each code that was mailed."""
CODES_A_DAY = 5
SUBJECT = _("A code from Roster")
SENT_TO = Wording("tenants.contact_code_to", _("To %(address)s."))


class ContactError(Exception):
    """The address cannot be confirmed this way. The text says why and what to do."""


def mail_code(tenant: Tenant, *, by: User) -> None:
    """Mail a new code to the contact; older codes stop working. Open no scope around this.

    Raises ContactError if there is nothing to confirm or enough was mailed today, and MailError.
    """
    plain = str(get_adapter().generate_email_verification_code())
    with tenant_scope(tenant.id):
        kept = Tenant.objects.select_for_update(no_key=True).get(id=tenant.id)
        if not kept.contact_email or kept.is_contact_confirmed:
            raise ContactError(gettext("There is no address to confirm: set one first."))
        counted = _take(kept)
        ContactCode.objects.update_or_create(
            defaults={
                "email": kept.contact_email,
                "digest": digest_of(kept, plain),
                "attempts": 0,
                "expires_at": timezone.now() + GOOD_FOR,
            }
        )
        journal.record(actions.CONTACT_CODE_SENT, kept, detail=SENT_TO(address=kept.contact_email))
    text = render_to_string("tenants/contact_code_message.txt", {"code": plain, "asker": by.email})
    outbox.hand_over(tenant.id, counted, str(SUBJECT), text)


def confirm(tenant: Tenant, typed: str) -> None:
    """Start sending notices to the contact, if this is the code that it got. Open no scope around this.

    Raises ContactError. A try is counted before it is checked, so that parallel ones cannot exceed MOST_ATTEMPTS.
    """
    with tenant_scope(tenant.id):
        open_ones = ContactCode.objects.filter(expires_at__gt=timezone.now(), attempts__lt=MOST_ATTEMPTS)
        if not open_ones.update(attempts=F("attempts") + 1):
            raise ContactError(gettext("No code is valid any more: send a new one."))
    with tenant_scope(tenant.id):
        kept = Tenant.objects.select_for_update(no_key=True).get(id=tenant.id)
        code = ContactCode.objects.filter(email=kept.contact_email).first()
        if code is None or not constant_time_compare(code.digest, digest_of(kept, typed)):
            raise ContactError(
                gettext("That is not the code: look at the newest mail to the contact, and type it again.")
            )
        kept.contact_confirmed_at = timezone.now()
        kept.save(update_fields=["contact_confirmed_at"])
        ContactCode.objects.all().delete()
        journal.record(actions.CONTACT_CONFIRMED, kept, changes={"contact_email": [None, kept.contact_email]})


def forget_proof(tenant: Tenant) -> None:
    """The address was changed: the new one has to be confirmed. Inside the scope; the caller saves the workspace."""
    tenant.contact_confirmed_at = None
    ContactCode.objects.all().delete()


def is_code_sent() -> bool:
    """Is there a code that can be typed in? Inside the scope."""
    return ContactCode.objects.filter(expires_at__gt=timezone.now(), attempts__lt=MOST_ATTEMPTS).exists()


def _take(tenant: Tenant) -> Mail:
    since = timezone.now() - DAY
    codes = Mail.objects.taken_since(since).filter(kind=Mail.Kind.CONTACT_CODE)
    if codes.count() >= CODES_A_DAY:
        sent = ngettext(
            "%(count)d code was sent within a day: wait until tomorrow.",
            "%(count)d codes were sent within a day: wait until tomorrow.",
            CODES_A_DAY,
        )
        raise ContactError(sent % {"count": CODES_A_DAY})
    try:
        return outbox.take(Mail.Kind.CONTACT_CODE, str(tenant.id), tenant.contact_email)
    except FullError as error:
        raise ContactError(str(error)) from error


def digest_of(tenant: Tenant, code: str) -> str:
    """Keyed, since a code is short, and for this address only. Case, spaces and dashes are ignored."""
    plain = "".join(character for character in code.upper() if character.isalnum())
    return salted_hmac(f"contact:{tenant.id}:{tenant.contact_email}", plain, algorithm="sha256").hexdigest()
