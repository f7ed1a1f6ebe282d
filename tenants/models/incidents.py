"""Failures on our own side: for staff, since nobody in a workspace can fix them."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from uuid_utils.compat import uuid7

from tenants.models.fields import ReasonField
from tenants.models.jobs import Job, JobQuerySet


class IncidentQuerySet(JobQuerySet["Incident"]):
    """What went wrong, and whether staff know."""

    def untold(self) -> "IncidentQuerySet":
        """What staff got no mail about."""
        return self.filter(mailed_at=None)


class Incident(Job):
    """One cause in one hour, however many messages it hit; mailing it is the job. It belongs to no workspace."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    cause = models.CharField(max_length=80, help_text=_("Its code, such as provider_refused"))
    hour = models.DateTimeField(help_text=_("The hour in which it happened, by its beginning"))
    detail = ReasonField(help_text=_("The newest one in technical words, without secrets"))
    count = models.PositiveIntegerField(default=1)
    first_at = models.DateTimeField(default=timezone.now)
    last_at = models.DateTimeField(default=timezone.now)
    mailed_at = models.DateTimeField(null=True, blank=True, help_text=_("When staff got a mail about it"))

    objects = IncidentQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["cause", "hour"], name="tenants_incident_once")]
        indexes = [models.Index(fields=["-last_at"], name="tenants_incident_recent")]

    def __str__(self) -> str:
        return str(self.detail)
