"""What was found when a connection was checked."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from channels.models.connections import Connection
from tenants.models import TenantModel
from tenants.models.fields import ReasonField


class State(models.TextChoices):
    """WARNS: it works, and will not for long, or not for everybody. WAITS: somebody has to do something first.

    UNASKED: nobody could tell.
    """

    PASSES = "passes", _("Passes")
    WARNS = "warns", _("Warning")
    FAILS = "fails", _("Fails")
    WAITS = "waits", _("Waits")
    UNASKED = "unasked", _("Not known")


class Move(models.TextChoices):
    """Who can do something about it. OURS: whoever runs this Roster. THEIRS: the provider."""

    OURS = "ours", _("Roster's move")
    YOURS = "yours", _("Your move")
    THEIRS = "theirs", _("The provider's move")
    NOBODYS = "nobodys", _("Nobody's move")


class Verb(models.TextChoices):
    """What a button does. SUBSCRIBE is the provider's (`Provider.mend`), RECONNECT a page here, OPEN a page there."""

    NONE = "", _("Nothing")
    SUBSCRIBE = "subscribe", _("Register again")
    RECONNECT = "reconnect", _("Connect again")
    CHECK = "check", _("Check again")
    OPEN = "open", _("See it there")


class Probe(TenantModel):
    """The last result of one probe of a connection (channels/providers/shapes/health.py)."""

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="probes")
    key = models.CharField(max_length=60, help_text=_("Its name's code"))
    position = models.PositiveSmallIntegerField(default=0)
    state = models.CharField(max_length=8, choices=State)
    seen = ReasonField(help_text=_("What we saw"))
    means = ReasonField(help_text=_("What it means for people"))
    move = models.CharField(max_length=8, choices=Move)
    fix = models.CharField(max_length=10, blank=True, default="", choices=Verb)
    fix_url = models.URLField(max_length=500, blank=True, default="")
    since = models.DateTimeField(help_text=_("Since when it has this state"))
    checked_at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["connection", "key"], name="channels_probe_once"),
        ]

    def __str__(self) -> str:
        return f"{self.key}: {self.state}"
