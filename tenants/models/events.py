"""What happened: in a workspace (its audit trail) and to an account. Append-only, by grant."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from uuid_utils.compat import uuid7

from tenants.models.base import TenantModel
from tenants.models.fields import ReasonField


class ActorKind(models.TextChoices):
    """Who did something."""

    MEMBER = "member", _("Member")
    TOKEN = "token", _("API token")
    STAFF = "staff", _("Roster staff")
    SYSTEM = "system", _("Roster")


class Event(models.Model):
    """Who did what to which thing, when, from where, and what it changed: {field: [before, after]}, without secrets.

    It keeps ids and names, no foreign keys: it outlives what it tells about.
    """

    at = models.DateTimeField(default=timezone.now)
    action = models.CharField(max_length=60)
    actor_kind = models.CharField(max_length=8, choices=ActorKind, default=ActorKind.SYSTEM)
    actor_id = models.UUIDField(null=True, blank=True)
    actor_name = models.CharField(max_length=254, blank=True)
    target_kind = models.CharField(max_length=40, blank=True)
    target_id = models.CharField(max_length=64, blank=True)
    target_name = models.CharField(max_length=254, blank=True)
    changes = models.JSONField(default=dict, blank=True)
    detail = ReasonField()
    ip = models.GenericIPAddressField(null=True, blank=True)
    user_agent = models.CharField(max_length=300, blank=True)
    request_id = models.CharField(max_length=64, blank=True)

    class Meta:
        abstract = True


class AuditEvent(TenantModel, Event):
    """One entry of a workspace's audit trail."""

    class Meta(TenantModel.Meta):
        indexes = [
            models.Index(fields=["tenant", "-at"], name="tenants_audit_recent"),
            models.Index(fields=["tenant", "action", "-at"], name="tenants_audit_action"),
        ]


class AccountEvent(Event):
    """What happened to a person's account, or what staff did beyond one workspace."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    account_id = models.UUIDField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["account_id", "-at"], name="tenants_account_recent")]
