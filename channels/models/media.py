"""Files that people send: what is known of each, and its content in parts."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from agents.models import Turn
from channels.models.connections import Connection
from tenants.models import Job, JobQuerySet, TenantModel
from tenants.models.fields import ReasonField


class MediaFileQuerySet(JobQuerySet["MediaFile"]):
    """Files of the open scope's workspace."""


class MediaFile(Job, TenantModel):
    """A file of a message: first fetched from its provider, then kept, or not, with the reason.

    It goes with its turn, and its parts go with it, so that nothing is left of what was erased.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("Being fetched")
        KEPT = "kept", _("Kept")
        REJECTED = "rejected", _("Not kept")
        LOST = "lost", _("Could not be fetched")

    class Kind(models.TextChoices):
        IMAGE = "image", _("Picture")
        AUDIO = "audio", _("Recording")
        VIDEO = "video", _("Video")
        STICKER = "sticker", _("Sticker")
        DOCUMENT = "document", _("Document")

    turn = models.ForeignKey(Turn, on_delete=models.CASCADE, related_name="files")
    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="files")
    number = models.PositiveSmallIntegerField(help_text=_("Its place in the message"))
    key = models.CharField(max_length=120, help_text=_("What the provider calls it"))
    name = models.CharField(max_length=120, help_text=_("As people may read it: cleaned"))
    kind = models.CharField(max_length=8, choices=Kind)
    declared_type = models.CharField(max_length=120, blank=True)
    declared_size = models.BigIntegerField(null=True, blank=True)
    most_bytes = models.BigIntegerField(null=True, blank=True, help_text=_("The provider's own limit"))
    reference = models.JSONField(default=dict, help_text=_("How the provider hands it over; empty once that is done"))
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    reason = ReasonField(help_text=_("Why it is not kept"))
    content_type = models.CharField(max_length=120, blank=True, help_text=_("Judged by its content"))
    size = models.BigIntegerField(default=0, help_text=_("Bytes that are kept"))
    sha256 = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = MediaFileQuerySet.as_manager()

    class Meta(TenantModel.Meta):
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["turn", "key"], name="channels_mediafile_once"),
        ]
        indexes = [
            models.Index(fields=["retry_at"], name="channels_mediafile_waiting", condition=models.Q(state="waiting"))
        ]

    def __str__(self) -> str:
        """Without the name that a person gave it: the audit trail keeps this when the person is erased."""
        return str(self.get_kind_display())


class MediaPart(TenantModel):
    """A piece of a file's content, in order."""

    EXPORTED_IN_FILES = True

    file = models.ForeignKey(MediaFile, on_delete=models.CASCADE, related_name="parts")
    number = models.PositiveIntegerField()
    content = models.BinaryField()

    class Meta(TenantModel.Meta):
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["file", "number"], name="channels_mediapart_number"),
        ]
