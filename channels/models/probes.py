"""What was found when a connection was checked."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from channels.models.connections import Connection
from tenants.models import TenantModel
from tenants.models.fields import ReasonField


class Probe(TenantModel):
    """The last result of one probe of a connection (channels/providers/health.py)."""

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="probes")
    provider = models.CharField(max_length=20)
    key = models.CharField(max_length=60, help_text=_("Its name's code"))
    position = models.PositiveSmallIntegerField(default=0)
    state = models.CharField(max_length=8)
    seen = ReasonField(help_text=_("What we saw"))
    means = ReasonField(help_text=_("What it means for people"))
    move = models.CharField(max_length=8)
    fix = models.CharField(max_length=10, blank=True, default="")
    fix_url = models.CharField(max_length=500, blank=True, default="")
    since = models.DateTimeField(help_text=_("Since when it has this state"))
    checked_at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["connection", "key"], name="channels_probe_once"),
        ]

    def __str__(self) -> str:
        return f"{self.key}: {self.state}"
