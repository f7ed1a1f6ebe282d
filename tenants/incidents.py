"""Telling the platform's own staff what only they can mend: once for each cause and hour, not for each message.

It stands in the staff's admin, `manage.py doctor` warns of it, and STAFF_EMAIL gets a mail.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from tenants.mail import notices
from tenants.models import Incident

MOST_MAILS = 20
"""In one go; further ones come with the next."""
RECENT = timedelta(hours=1)
KEPT = timedelta(days=30)
LEASE = timedelta(minutes=2)


def report(cause: str, detail: str) -> None:
    """Note that something of the platform's own failed, inside or outside of any scope.

    cause: its code. detail: what staff have to know, in technical words, without secrets and without what people said.
    """
    now = timezone.now()
    hour, text = now.replace(minute=0, second=0, microsecond=0), detail[:500]
    known = Incident.objects.filter(cause=cause, hour=hour)
    with transaction.atomic():
        if known.update(count=F("count") + 1, last_at=now, detail=text):
            return
        made = Incident(cause=cause, hour=hour, detail=text, first_at=now, last_at=now)
        Incident.objects.bulk_create([made], ignore_conflicts=True)


def recent() -> QuerySet[Incident]:
    """What went wrong within the last hour, the newest first."""
    return Incident.objects.filter(last_at__gt=timezone.now() - RECENT).order_by("-last_at")


def mail() -> int:
    """Mail staff what they were not told yet; returns how many mails went. Sends mail: open no scope around this."""
    if not settings.STAFF_EMAIL:
        return 0
    sent = 0
    for incident in _untold(timezone.now()).order_by("first_at")[:MOST_MAILS]:
        now = timezone.now()
        if not _untold(now).filter(id=incident.id).update(mail_leased_until=now + LEASE):
            continue  # another worker has it
        if not notices.send([settings.STAFF_EMAIL], f"Roster needs you: {incident.cause}", _words(incident)):
            Incident.objects.filter(id=incident.id).update(mail_leased_until=None)
            break
        Incident.objects.filter(id=incident.id).update(mailed_at=timezone.now())
        sent += 1
    return sent


def _untold(now: datetime) -> QuerySet[Incident]:
    """What staff got no mail about, and nobody is sending one."""
    free = Q(mail_leased_until=None) | Q(mail_leased_until__lte=now)
    return Incident.objects.filter(free, mailed_at=None)


def forget() -> int:
    """Delete what is old; returns how many."""
    return Incident.objects.filter(last_at__lt=timezone.now() - KEPT).delete()[0]


def _words(incident: Incident) -> str:
    return (
        f"Since {incident.first_at:%Y-%m-%d %H:%M} UTC this goes wrong on our side, and nobody in a workspace can mend "
        f"it:\n\n{incident.detail}\n\n`manage.py doctor` tells more, and so does {settings.PUBLIC_URL}/admin/. If it "
        f"goes on, the next mail about it comes in the next hour."
    )
