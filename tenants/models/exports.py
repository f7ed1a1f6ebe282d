"""Exports of a whole workspace, kept in parts for some days."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tenants.models.base import TenantModel
from tenants.models.fields import ReasonField
from tenants.models.jobs import Job, JobQuerySet


class ExportQuerySet(JobQuerySet["Export"]):
    """Exports of the open scope's workspace."""


class Export(Job, TenantModel):
    """One zip of everything that a workspace has, made by a task."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        RUNNING = "running", _("Running")
        DONE = "done", _("Ready")
        FAILED = "failed", _("Failed")
        EXPIRED = "expired", _("Expired")

    OPEN = (State.WAITING, State.RUNNING)

    requested_by_id = models.UUIDField(null=True, blank=True)
    requested_by_name = models.CharField(max_length=254, blank=True)
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    rows_done = models.PositiveBigIntegerField(default=0)
    rows_total = models.PositiveBigIntegerField(default=0)
    size = models.PositiveBigIntegerField(default=0, help_text=_("Bytes of the zip"))
    error = ReasonField()
    created_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True, help_text=_("When its parts are deleted"))

    objects = ExportQuerySet.as_manager()

    class Meta(TenantModel.Meta):
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(
                fields=["tenant"],
                name="tenants_export_one_open",
                condition=models.Q(state__in=["waiting", "running"]),
            ),
        ]

    def __str__(self) -> str:
        return self.requested_by_name

    @property
    def is_open(self) -> bool:
        """Is it still being made?"""
        return self.state in self.OPEN


class ExportPart(TenantModel):
    """A piece of an export's zip, in order."""

    export = models.ForeignKey(Export, on_delete=models.CASCADE, related_name="parts")
    number = models.PositiveIntegerField()
    content = models.BinaryField()

    class Meta(TenantModel.Meta):
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["export", "number"], name="tenants_exportpart_number"),
        ]
