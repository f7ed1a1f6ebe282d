"""Failures on our own side: for staff, since nobody in a workspace can fix them."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from uuid_utils.compat import uuid7

from tenants.models.fields import ReasonField


class Incident(models.Model):
    """One cause in one hour, however many messages it hit. It belongs to no workspace and names none."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    cause = models.CharField(max_length=80, help_text=_("Its code, such as provider_refused"))
    hour = models.DateTimeField(help_text=_("The hour in which it happened, by its beginning"))
    detail = ReasonField(help_text=_("The newest one in technical words, without secrets"))
    count = models.PositiveIntegerField(default=1)
    first_at = models.DateTimeField(default=timezone.now)
    last_at = models.DateTimeField(default=timezone.now)
    mail_leased_until = models.DateTimeField(null=True, blank=True, help_text=_("Until when a worker is mailing it"))
    mailed_at = models.DateTimeField(null=True, blank=True, help_text=_("When staff got a mail about it"))

    class Meta:
        constraints = [models.UniqueConstraint(fields=["cause", "hour"], name="tenants_incident_once")]
        indexes = [models.Index(fields=["-last_at"], name="tenants_incident_recent")]

    def __str__(self) -> str:
        return str(self.detail)
