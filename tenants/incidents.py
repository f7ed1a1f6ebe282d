"""Tells staff about failures that only they can fix: once per cause and hour, not once per message.

The staff's admin lists them, `manage.py doctor` warns of them, and STAFF_EMAIL gets a mail.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from tenants.jobs.keeper import kept
from tenants.mail import notices
from tenants.models import Incident
from tenants.wordings import Reason

MOST_MAILS = 20
"""At a time; the rest waits for the next run."""
RECENT = timedelta(hours=1)
KEPT = timedelta(days=30)


def report(cause: str, detail: Reason) -> None:
    """Note that something on our own side failed. Works inside and outside of scopes.

    cause: its code. detail: what staff need to know, in technical words, without secrets or anything that people said.
    """
    now = timezone.now()
    hour = now.replace(minute=0, second=0, microsecond=0)
    known = Incident.objects.filter(cause=cause, hour=hour)
    with transaction.atomic():
        if known.update(count=F("count") + 1, last_at=now, detail=detail):
            return
        made = Incident(cause=cause, hour=hour, detail=detail, first_at=now, last_at=now)
        Incident.objects.bulk_create([made], ignore_conflicts=True)


def recent() -> QuerySet[Incident]:
    """What went wrong within the last hour, the newest first."""
    return Incident.objects.filter(last_at__gt=timezone.now() - RECENT).order_by("-last_at")


def mail() -> int:
    """Mail staff the incidents that are new to them; returns how many mails were sent. Open no scope around this."""
    if not settings.STAFF_EMAIL:
        return 0
    sent = 0
    for _turn in range(MOST_MAILS):
        incident = _claim(timezone.now())
        if incident is None:
            break
        with kept(Incident, incident.id, incident.attempt):
            subject = _("Roster needs you: %(cause)s") % {"cause": incident.cause}
            is_sent = notices.send([settings.STAFF_EMAIL], subject, _words(incident))
        ours = Incident.objects.filter(id=incident.id, attempt=incident.attempt)
        if not is_sent:
            ours.update(leased_until=None)
            break
        ours.update(leased_until=None, mailed_at=timezone.now())
        sent += 1
    return sent


def _claim(now: datetime) -> Incident | None:
    """The oldest one that staff do not know about, if nobody else is mailing it."""
    with transaction.atomic():
        incident = Incident.objects.untold().claimable(now).order_by("first_at").first()
        if incident:
            incident.lease(now)
        return incident


def forget() -> int:
    """Delete what is old; returns how many."""
    return Incident.objects.filter(last_at__lt=timezone.now() - KEPT).delete()[0]


def _words(incident: Incident) -> str:
    words = _(
        "Something has been failing on our side since %(since)s UTC, and nobody in a workspace can fix it:\n\n"
        "%(detail)s\n\n`manage.py doctor` and %(url)s tell you more. If it goes on, you get another mail in an hour."
    )
    since = f"{incident.first_at:%Y-%m-%d %H:%M}"
    return words % {"since": since, "detail": incident.detail, "url": f"{settings.PUBLIC_URL}/admin/"}
