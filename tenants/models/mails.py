"""Mails that a workspace causes, and the code that proves its contact address."""

from datetime import datetime

from django.db import models
from django.db.models.functions import Now
from django.utils import timezone

from tenants.models.base import TenantModel
from tenants.models.jobs import Job, JobQuerySet


class MailQuerySet(JobQuerySet["Mail"]):
    def due(self, now: datetime) -> "MailQuerySet":
        """Notices to be handed to the mail server now. A mail with a secret has no `retry_at`: its maker sends it."""
        return super().due(now).filter(state=Mail.State.WAITING).exclude(retry_at=None, leased_until=None)

    def taken_since(self, moment: datetime) -> "MailQuerySet":
        """Those that count against a day's limit, whatever became of them."""
        return self.filter(taken_at__gt=moment)


class Mail(Job, TenantModel):
    """One mail to one address. A notice keeps its words until it is sent; a mail with a secret is never kept."""

    class Kind(models.TextChoices):
        INVITATION = "invitation", "Invitation"
        CONTACT_CODE = "contact_code", "Code for the contact address"
        DELETION_ANNOUNCED = "deletion_announced", "The workspace will be deleted"
        DELETION_WARNED = "deletion_warned", "The workspace will be deleted soon"
        EXPORT_READY = "export_ready", "An export is ready"
        TRIAL_ENDING = "trial_ending", "The trial ends soon"
        PAYMENT_FAILED = "payment_failed", "A payment failed"
        ACTION_REQUIRED = "action_required", "A payment waits for its confirmation"
        CANCELED = "canceled", "The subscription ended"

    class State(models.TextChoices):
        WAITING = "waiting"
        SENT = "sent"
        FAILED = "failed"

    kind = models.CharField(max_length=20, choices=Kind)
    key = models.CharField(max_length=300, help_text="What it is about: an id of ours or of Stripe's")
    recipient = models.EmailField()
    subject = models.CharField(max_length=200, blank=True)
    text = models.TextField(blank=True, help_text="Empty for mails with a secret, which are sent at once or not at all")
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    retry_at = models.DateTimeField(
        null=True, blank=True, db_default=Now(), help_text="When it is due; empty for mails with a secret"
    )
    planned_at = models.DateTimeField(default=timezone.now)
    taken_at = models.DateTimeField(null=True, blank=True, help_text="Since when it counts against a day's limit")
    sent_at = models.DateTimeField(null=True, blank=True, help_text="When the mail server took it")
    problem = models.CharField(max_length=300, blank=True)

    objects = MailQuerySet.as_manager()

    class Meta(TenantModel.Meta):
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(
                fields=["tenant", "kind", "key", "recipient"],
                name="tenants_mail_notice_once",
                condition=~models.Q(text=""),
            ),
        ]
        indexes = [
            models.Index(fields=["retry_at"], name="tenants_mail_waiting", condition=models.Q(state="waiting")),
            models.Index(fields=["tenant", "taken_at"], name="tenants_mail_taken"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} to {self.recipient}"


class ContactCode(TenantModel):
    """The newest code that was mailed to the workspace's contact address to confirm it."""

    email = models.EmailField()
    digest = models.CharField(max_length=64)
    attempts = models.PositiveIntegerField(default=0, help_text="Codes that were tried")
    expires_at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["tenant"], name="tenants_contactcode_newest"),
        ]

    def __str__(self) -> str:
        return self.email
