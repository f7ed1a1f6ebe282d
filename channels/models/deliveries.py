"""What goes out."""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from agents.models import Turn
from channels.models.inbox import Thread
from tenants.models import TenantModel
from tenants.models.fields import ReasonField

CHARGED = models.Q(is_charged__isnull=False)
"""The provider said what it bills it as, even if that is free."""


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    def holding_up(self, now: datetime) -> "DeliveryQuerySet":
        """What the conversation waits for. It stops waiting for an unknown one after a while."""
        freed = now - timedelta(seconds=settings.UNKNOWN_FREES_SECONDS)
        on_its_way = models.Q(state__in=[Delivery.State.PENDING, Delivery.State.SENDING])
        return self.filter(on_its_way | models.Q(state=Delivery.State.UNKNOWN, unknown_since__gt=freed))

    def billed_since(self, first: datetime) -> "DeliveryQuerySet":
        """What went out since then and the provider bills, charged or free. What it took and failed later is not."""
        return self.filter(CHARGED, state=Delivery.State.SENT, sent_at__gte=first)

    def in_order(self) -> "DeliveryQuerySet":
        return self.order_by("created_at", "turn_id", "sequence")


class Delivery(TenantModel):
    """One message on its way out: exactly one row per part of a turn, by constraint."""

    class State(models.TextChoices):
        PENDING = "pending", _("Pending")
        SENDING = "sending", _("Sending")
        SENT = "sent", _("Sent")
        UNKNOWN = "unknown", _("The provider's answer was not seen")
        FAILED = "failed", _("Failed")

    thread = models.ForeignKey(Thread, on_delete=models.CASCADE, related_name="deliveries")
    turn = models.ForeignKey(Turn, on_delete=models.CASCADE, related_name="deliveries")
    sequence = models.PositiveIntegerField()
    address = models.JSONField()
    text = models.TextField()
    state = models.CharField(max_length=8, choices=State, default=State.PENDING)
    attempt = models.PositiveIntegerField(default=0)
    next_attempt_at = models.DateTimeField(default=timezone.now)
    sending_since = models.DateTimeField(null=True, blank=True)
    unknown_since = models.DateTimeField(null=True, blank=True)
    external_id = models.CharField(max_length=120, blank=True)
    error = ReasonField(help_text=_("Why it is not sent, in technical words: for staff"))
    cause = models.CharField(
        max_length=80, blank=True, default="", db_default="", help_text=_("The same as channels.reasons names it")
    )
    created_at = models.DateTimeField(default=timezone.now)
    sent_at = models.DateTimeField(null=True, blank=True)
    delivered_at = models.DateTimeField(
        null=True, blank=True, help_text=_("When the provider said that it reached the person")
    )
    read_at = models.DateTimeField(
        null=True, blank=True, help_text=_("When the provider said that the person had read it")
    )
    charge_category = models.CharField(
        max_length=40,
        blank=True,
        default="",
        db_default="",
        help_text=_("What the provider bills it as, by its own word; empty: it did not say"),
    )
    is_charged = models.BooleanField(
        null=True, blank=True, help_text=_("Whether the provider charges for it; empty: it did not say")
    )

    objects = DeliveryQuerySet.as_manager()

    class Meta(TenantModel.Meta):
        verbose_name_plural = _("deliveries")
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["turn", "sequence"], name="channels_delivery_once"),
        ]
        indexes = [
            models.Index(
                fields=["next_attempt_at"],
                name="channels_delivery_open",
                condition=models.Q(state__in=["pending", "sending", "unknown"]),
            ),
            models.Index(fields=["tenant", "sent_at"], name="channels_delivery_charged", condition=CHARGED),
        ]

    def move(self, state: "Delivery.State", **changes: Any) -> None:
        """Change the state and these columns, in one UPDATE."""
        self.state = state
        for name, value in changes.items():
            setattr(self, name, value)
        self.save(update_fields=["state", *changes])
