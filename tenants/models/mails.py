"""Mails about a workspace, and the code that confirms its contact address."""

from datetime import datetime

from django.db import models
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from tenants.models.base import TenantModel
from tenants.models.fields import ReasonField
from tenants.models.jobs import Job, JobQuerySet


class MailQuerySet(JobQuerySet["Mail"]):
    def due(self, now: datetime) -> "MailQuerySet":
        """Notices to be handed to the mail server now. A mail with a secret has no `retry_at`: its maker sends it."""
        return super().due(now).filter(state=Mail.State.WAITING).exclude(retry_at=None, leased_until=None)

    def taken_since(self, moment: datetime) -> "MailQuerySet":
        """Those that count against a day's limit, sent or not."""
        return self.filter(taken_at__gt=moment)


class Mail(Job, TenantModel):
    """One mail to one address. A notice's text is stored until it is sent; a mail with a secret is never stored."""

    class Kind(models.TextChoices):
        INVITATION = "invitation", _("Invitation")
        CONTACT_CODE = "contact_code", _("Code for the contact address")
        DELETION_ANNOUNCED = "deletion_announced", _("The workspace will be deleted")
        DELETION_WARNED = "deletion_warned", _("The workspace will be deleted soon")
        EXPORT_READY = "export_ready", _("An export is ready")
        TRIAL_ENDING = "trial_ending", _("The trial ends soon")
        PAYMENT_FAILED = "payment_failed", _("A payment failed")
        ACTION_REQUIRED = "action_required", _("A payment waits for its confirmation")
        CANCELED = "canceled", _("The subscription ended")
        CHANNEL_BROKEN = "channel_broken", _("A channel stopped working")
        CHANNEL_CHARGES = "channel_charges", _("A channel bills messages in another way")

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        SENT = "sent", _("Sent")
        FAILED = "failed", _("Failed")

    kind = models.CharField(max_length=20, choices=Kind)
    key = models.CharField(max_length=300, help_text=_("What it is about: an id of ours or of Stripe's"))
    recipient = models.EmailField()
    subject = models.CharField(max_length=200, blank=True)
    text = models.TextField(
        blank=True, help_text=_("Empty for mails with a secret, which are sent at once or not at all")
    )
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    retry_at = models.DateTimeField(
        null=True, blank=True, db_default=Now(), help_text=_("When it is due; empty for mails with a secret")
    )
    planned_at = models.DateTimeField(default=timezone.now)
    taken_at = models.DateTimeField(null=True, blank=True, help_text=_("Since when it counts against a day's limit"))
    sent_at = models.DateTimeField(null=True, blank=True, help_text=_("When the mail server took it"))
    problem = ReasonField()

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
        return gettext("%(kind)s to %(recipient)s") % {"kind": self.get_kind_display(), "recipient": self.recipient}


class ContactCode(TenantModel):
    """The newest code that was mailed to the workspace's contact address to confirm it."""

    email = models.EmailField()
    digest = models.CharField(max_length=64)
    attempts = models.PositiveIntegerField(default=0, help_text=_("Codes that were tried"))
    expires_at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["tenant"], name="tenants_contactcode_newest"),
        ]

    def __str__(self) -> str:
        return self.email
