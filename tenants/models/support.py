"""Support access: for how long staff may see a workspace."""

from datetime import datetime

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext as _

from tenants.models.base import TenantModel


class SupportGrantQuerySet(models.QuerySet["SupportGrant"]):
    def active(self, now: datetime) -> "SupportGrantQuerySet":
        """Neither ended nor expired; the one that lasts longest first."""
        return self.filter(ended_at=None, expires_at__gt=now).order_by("-expires_at")


class SupportGrant(TenantModel):
    """An owner lets staff see the workspace's portal until a time, or until somebody ends it."""

    granted_by_id = models.UUIDField()
    granted_by_name = models.CharField(max_length=254)
    reason = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = SupportGrantQuerySet.as_manager()

    def __str__(self) -> str:
        return _("Support access until %(until)s UTC") % {"until": f"{self.expires_at:%Y-%m-%d %H:%M}"}
