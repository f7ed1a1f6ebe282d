"""Telling the platform's own staff what only they can mend: once for each cause and hour, not for each message.

It stands in the staff's admin, `manage.py doctor` warns of it, and STAFF_EMAIL gets a mail.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from tenants.jobs.keeper import kept
from tenants.mail import notices
from tenants.models import Incident

MOST_MAILS = 20
"""In one go; further ones come with the next."""
RECENT = timedelta(hours=1)
KEPT = timedelta(days=30)


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
    for _ in range(MOST_MAILS):
        incident = _claim(timezone.now())
        if incident is None:
            break
        with kept(Incident, incident.id, incident.attempt):
            is_sent = notices.send([settings.STAFF_EMAIL], f"Roster needs you: {incident.cause}", _words(incident))
        ours = Incident.objects.filter(id=incident.id, attempt=incident.attempt)
        if not is_sent:
            ours.update(leased_until=None)
            break
        ours.update(leased_until=None, mailed_at=timezone.now())
        sent += 1
    return sent


def _claim(now: datetime) -> Incident | None:
    """The oldest one that staff do not know of, if nobody else is mailing it."""
    with transaction.atomic():
        incident = Incident.objects.untold().claimable(now).order_by("first_at").first()
        if incident:
            incident.lease(now)
        return incident


def forget() -> int:
    """Delete what is old; returns how many."""
    return Incident.objects.filter(last_at__lt=timezone.now() - KEPT).delete()[0]


def _words(incident: Incident) -> str:
    return (
        f"Since {incident.first_at:%Y-%m-%d %H:%M} UTC this goes wrong on our side, and nobody in a workspace can mend "
        f"it:\n\n{incident.detail}\n\n`manage.py doctor` tells more, and so does {settings.PUBLIC_URL}/admin/. If it "
        f"goes on, the next mail about it comes in the next hour."
    )
