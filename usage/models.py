"""The ledger of what was spent. It keeps ids and names, no foreign key upward: it outlives the agents."""

from decimal import Decimal
from typing import Any

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from tenants.models import TenantModel

USD: Any = {"max_digits": 20, "decimal_places": 10}
"""Options of a USD column with ten decimals: tokens are that cheap."""


class Meter(TenantModel):
    """A budget in USD: how much may be spent, how much is spent, and how much is reserved for calls in progress."""

    key = models.CharField(max_length=80)
    name = models.CharField(max_length=120)
    cap_usd = models.DecimalField(**USD, null=True, blank=True)
    spent_usd = models.DecimalField(**USD, default=Decimal(0))
    reserved_usd = models.DecimalField(**USD, default=Decimal(0))
    refused_usd = models.DecimalField(**USD, null=True, blank=True, help_text=_("What it had no room for, last time"))
    refused_since = models.DateTimeField(
        null=True, blank=True, help_text=_("Since when it has had no room for what was asked")
    )

    class Meta(TenantModel.Meta):
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["tenant", "key"], name="usage_meter_key"),
            models.CheckConstraint(condition=models.Q(reserved_usd__gte=0), name="usage_meter_reserved"),
        ]

    @property
    def label(self) -> str:
        """Its name in the reader's language, if Roster gave it that name."""
        return gettext(self.name)

    @property
    def left_usd(self) -> Decimal | None:
        """What may still be reserved; None without a cap."""
        return None if self.cap_usd is None else max(Decimal(0), self.cap_usd - self.spent_usd - self.reserved_usd)

    def has_room(self, amount_usd: Decimal) -> bool:
        """May this much be reserved?"""
        return self.cap_usd is None or self.cap_usd >= self.spent_usd + self.reserved_usd + amount_usd

    @property
    def is_used_up(self) -> bool:
        """Is nothing left, or less than the last refused call needed?"""
        left = self.left_usd
        if left is None or self.cap_usd is None:
            return False
        return self.spent_usd >= self.cap_usd or (self.refused_usd is not None and left < self.refused_usd)


class Hold(TenantModel):
    """Money reserved on a meter for one LLM call, until it is settled at what the call cost."""

    class State(models.TextChoices):
        OPEN = "open"
        SETTLED = "settled"

    meter = models.ForeignKey(Meter, on_delete=models.PROTECT, related_name="holds")
    reference = models.UUIDField(help_text=_("The LLM call that this was reserved for"))
    amount_usd = models.DecimalField(**USD)
    state = models.CharField(max_length=8, choices=State, default=State.OPEN)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta(TenantModel.Meta):
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["meter", "reference"], name="usage_hold_once"),
        ]


class TokenCounts(models.Model):
    """The token classes that every provider's usage is normalized to: they do not overlap and add up to the total.

    Reasoning tokens are part of output_tokens, since providers bill them so.
    """

    input_tokens = models.BigIntegerField(default=0)
    cached_read_tokens = models.BigIntegerField(default=0)
    cache_write_tokens = models.BigIntegerField(default=0)
    output_tokens = models.BigIntegerField(default=0)
    reasoning_tokens = models.BigIntegerField(default=0)

    class Meta:
        abstract = True


class UsageRecord(TenantModel, TokenCounts):
    """One LLM call as it was billed. Append-only, by grant."""

    call_id = models.UUIDField()
    occurred_at = models.DateTimeField(default=timezone.now)
    agent_id = models.UUIDField()
    agent_name = models.CharField(max_length=80)
    conversation_id = models.UUIDField()
    channel = models.CharField(max_length=20)
    provider = models.CharField(max_length=40)
    model = models.CharField(max_length=120)
    cost_usd = models.DecimalField(**USD)
    price = models.JSONField(help_text=_("USD per million tokens at the time, by token class"))
    is_assumed = models.BooleanField(
        default=False, help_text=_("The call's end was not seen: billed at its upper bound")
    )

    class Meta(TenantModel.Meta):
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["tenant", "call_id"], name="usage_record_once"),
        ]
        indexes = [models.Index(fields=["tenant", "occurred_at"], name="usage_record_when")]


class DailyUsage(TenantModel, TokenCounts):
    """Usage records summed by day (in the workspace's time zone), employee, model and channel."""

    day = models.DateField()
    agent_id = models.UUIDField()
    agent_name = models.CharField(max_length=80)
    provider = models.CharField(max_length=40)
    model = models.CharField(max_length=120)
    channel = models.CharField(max_length=20)
    calls = models.BigIntegerField(default=0)
    cost_usd = models.DecimalField(**USD, default=Decimal(0))

    class Meta(TenantModel.Meta):
        verbose_name = verbose_name_plural = _("daily usage")
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(
                fields=["tenant", "day", "agent_id", "provider", "model", "channel"], name="usage_daily_once"
            ),
        ]


class DailyMessages(TenantModel):
    """Messages received and sent by day (in the workspace's time zone), employee and channel."""

    day = models.DateField()
    agent_id = models.UUIDField()
    agent_name = models.CharField(max_length=80)
    channel = models.CharField(max_length=20)
    received = models.BigIntegerField(default=0)
    sent = models.BigIntegerField(default=0)

    class Meta(TenantModel.Meta):
        verbose_name = verbose_name_plural = _("daily messages")
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["tenant", "day", "agent_id", "channel"], name="usage_messages_once"),
        ]
