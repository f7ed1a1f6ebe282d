"""The mails that a workspace causes: planned, counted, sent, and what became of each.

A notice is planned in the transaction of its reason. A worker takes it, hands it to the mail server, and only then
marks it as sent: if the worker dies in between, it is sent again. A mail with a secret (an invitation's link, a code)
is not stored, so whoever made it sends it right away. All of them count against one limit a day.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from tenants.jobs import sweeps
from tenants.jobs.keeper import kept
from tenants.mail import server
from tenants.mail.server import MailError, MailRefusedError
from tenants.models import Mail
from tenants.scope import current_tenant_id, give_back, sweeper_scope, tenant_scope
from tenants.wordings import NOTHING, Reason

DAY = timedelta(days=1)
FIRST_WAIT = timedelta(seconds=20)
LONGEST_WAIT = timedelta(hours=1)
GIVEN_UP_AFTER = timedelta(days=3)
KEPT_FOR = timedelta(days=30)


class FullError(Exception):
    """The workspace has reached its limit of mails a day."""


def plan(kind: Mail.Kind, key: str, to: Iterable[str], subject: str, text: str) -> None:
    """Plan a notice to each of these addresses, once however often this is called. Inside the tenant's scope."""
    now = timezone.now()
    Mail.objects.bulk_create(
        [
            Mail(kind=kind, key=key, recipient=each, subject=subject, text=text, retry_at=now)
            for each in dict.fromkeys(to)
        ],
        ignore_conflicts=True,
    )


def take(kind: Mail.Kind, key: str, to: str) -> Mail:
    """Count a mail that the caller sends after the commit by `hand_over`. Inside the scope. Raises FullError."""
    _lock()
    now = timezone.now()
    # Notices of payments and deletions have a fifth of the day, whatever somebody else sends.
    if _is_full(now, settings.MAILS_PER_DAY // 5):
        words = _("This workspace has reached its limit of %(most)d mails within a day: wait until tomorrow.")
        raise FullError(words % {"most": settings.MAILS_PER_DAY})
    return Mail.objects.create(kind=kind, key=key, recipient=to, taken_at=now, retry_at=None)


def hand_over(tenant_id: UUID, mail: Mail, subject: str, text: str) -> None:
    """Send a mail that was taken, and note the result. Open no scope around this. Raises MailError."""
    try:
        server.send(server.letter(mail.recipient, subject, text))
    except MailError as error:
        _settle(tenant_id, mail, Mail.State.FAILED, error.reason)
        raise
    _settle(tenant_id, mail, Mail.State.SENT)


def send_due(tenant_id: UUID) -> None:
    """Send the workspace's notices whose time has come. Open no scope around this."""
    while (mail := _claim(tenant_id)) is not None:
        give_back()
        try:
            with kept(Mail, mail.id, mail.attempt):
                server.send(server.letter(mail.recipient, mail.subject, mail.text))
        except MailRefusedError as error:
            _settle(tenant_id, mail, Mail.State.FAILED, error.reason)
        except MailError as error:
            _put_off(tenant_id, mail, error.reason)
            return
        else:
            _settle(tenant_id, mail, Mail.State.SENT)


def is_open(kind: Mail.Kind, key: str) -> bool:
    """Is one of these mails neither sent nor given up? Inside the tenant's scope."""
    return Mail.objects.filter(kind=kind, key=key, state=Mail.State.WAITING).exists()


def drop(kind: Mail.Kind, key: str) -> None:
    """Forget these mails where they are not sent yet: their reason is gone. Inside the tenant's scope."""
    Mail.objects.filter(kind=kind, key=key, state=Mail.State.WAITING).delete()


def failed() -> list[Mail]:
    """The newest notices that nobody got, for those who can do something about it. Inside the tenant's scope."""
    return list(Mail.objects.filter(state=Mail.State.FAILED).exclude(text="").order_by("-planned_at")[:5])


def waiting(now: datetime) -> list[UUID]:
    """Workspaces with notices to be sent."""
    with sweeper_scope():
        return sweeps.drawn(Mail.objects.due(now).order_by().values_list("tenant_id", flat=True).distinct())


def forget(tenant_id: UUID) -> None:
    """Delete mails that nobody asks about any more."""
    with tenant_scope(tenant_id):
        Mail.objects.filter(planned_at__lt=timezone.now() - KEPT_FOR).exclude(state=Mail.State.WAITING).delete()


def _lock() -> None:
    """Until the transaction ends nobody else counts this workspace's mails."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"mails:{current_tenant_id()}"])


def _is_full(now: datetime, kept: int = 0) -> bool:
    """kept: how many of the day's mails are for others."""
    return Mail.objects.taken_since(now - DAY).count() >= settings.MAILS_PER_DAY - kept


def _claim(tenant_id: UUID) -> Mail | None:
    """The next notice, which is leased to us. Above the day's limit the rest waits until there is room."""
    with tenant_scope(tenant_id):
        _lock()
        now = timezone.now()
        due = Mail.objects.due(now).claimable(now)
        mail = due.order_by(F("taken_at").asc(nulls_last=True), "planned_at", "id").first()
        if mail is None:
            return None
        if mail.taken_at is None and _is_full(now):
            Mail.objects.due(now).filter(taken_at=None).update(retry_at=_room_at(now))
            return None
        mail.lease(now, taken_at=mail.taken_at or now)
        return mail


def _room_at(now: datetime) -> datetime:
    """When the oldest mail that fills the day is a day old."""
    newest_first = Mail.objects.taken_since(now - DAY).order_by("-taken_at").values_list("taken_at", flat=True)
    oldest = newest_first[settings.MAILS_PER_DAY - 1 : settings.MAILS_PER_DAY].first() or now
    return oldest + DAY


def _settle(tenant_id: UUID, mail: Mail, state: Mail.State, problem: Reason = NOTHING) -> None:
    sent_at = timezone.now() if state == Mail.State.SENT else None
    _note(tenant_id, mail, state=state, sent_at=sent_at, problem=problem)


def _put_off(tenant_id: UUID, mail: Mail, problem: Reason) -> None:
    now = timezone.now()
    if mail.planned_at < now - GIVEN_UP_AFTER:
        _settle(tenant_id, mail, Mail.State.FAILED, problem)
        return
    wait = min(FIRST_WAIT * 2 ** min(mail.failures, 10), LONGEST_WAIT)
    _note(tenant_id, mail, problem=problem, failures=mail.failures + 1, retry_at=now + wait)


def _note(tenant_id: UUID, mail: Mail, **values: object) -> None:
    """Give the mail back with what came of it, unless somebody else has it by now."""
    with tenant_scope(tenant_id):
        ours = Mail.objects.filter(id=mail.id, attempt=mail.attempt, state=Mail.State.WAITING)
        ours.update(**{"leased_until": None, "retry_at": None, **values})
