"""Requests to the API that must not be done twice."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tenants.encryption import EncryptedField
from tenants.models.base import TenantModel
from tenants.models.jobs import Job, JobQuerySet


class IdempotentRequestQuerySet(JobQuerySet["IdempotentRequest"]):
    """Requests of the open scope's workspace."""


class IdempotentRequest(Job, TenantModel):
    """A request that came with an Idempotency-Key, and its answer, which a repetition gets again."""

    caller = models.CharField(max_length=64, help_text=_("The token or person that sent it"))
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64, help_text=_("SHA-256 of method, address and body"))
    status = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text=_("Of the answer; empty while it is made")
    )
    answer = EncryptedField(blank=True, default="", help_text=_("It may hold an address that is a permission"))
    created_at = models.DateTimeField(default=timezone.now)

    objects = IdempotentRequestQuerySet.as_manager()

    class Meta(TenantModel.Meta):
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["tenant", "caller", "key"], name="tenants_idempotent_once"),
        ]
        indexes = [models.Index(fields=["created_at"], name="tenants_idempotent_age")]
