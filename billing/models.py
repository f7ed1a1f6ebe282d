"""Who works and what is paid: seats in the order they are filled, and what Stripe said about the subscription."""

from datetime import datetime, timedelta

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from billing.catalogue import SEATS_MAX
from tenants.models import TenantModel
from tenants.models.fields import ReasonField


class SeatQuerySet(models.QuerySet["Seat"]):
    def in_order(self) -> "SeatQuerySet":
        """From the first seat on: paid seats go to the first ones."""
        return self.order_by("position")

    def before(self, seat: "Seat") -> "SeatQuerySet":
        """The seats before this one."""
        return self.filter(position__lt=seat.position)


class Seat(TenantModel):
    """An AI employee's place in the order of seats; written by agents. quota computes whether it is paid for."""

    holder_id = models.UUIDField()
    holder_name = models.CharField(max_length=80)
    position = models.PositiveIntegerField()

    objects = SeatQuerySet.as_manager()

    class Meta(TenantModel.Meta):
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["tenant", "holder_id"], name="billing_seat_once"),
            models.UniqueConstraint(
                fields=["tenant", "position"], name="billing_seat_order", deferrable=models.Deferrable.DEFERRED
            ),
        ]


class Entitlement(TenantModel):
    """What a workspace has paid for, as Stripe said at `synced_at`. Only billing.sync writes what Stripe says."""

    class Status(models.TextChoices):
        """Stripe's own: https://docs.stripe.com/billing/subscriptions/overview#subscription-statuses"""

        NONE = "none", _("No subscription")
        TRIALING = "trialing", _("Trial")
        ACTIVE = "active", _("Active")
        PAST_DUE = "past_due", _("Past due")
        UNPAID = "unpaid", _("Unpaid")
        INCOMPLETE = "incomplete", _("Payment not finished")
        INCOMPLETE_EXPIRED = "incomplete_expired", _("Payment not finished in time")
        CANCELED = "canceled", _("Canceled")
        PAUSED = "paused", _("Paused")

    customer_id = models.CharField(max_length=255, blank=True)
    checkout_session_id = models.CharField(max_length=255, blank=True, help_text=_("The open Checkout"))
    subscription_id = models.CharField(max_length=255, blank=True)
    schedule_id = models.CharField(max_length=255, blank=True, help_text=_("What changes when the period ends"))
    status = models.CharField(max_length=20, choices=Status, default=Status.NONE)
    plan = models.CharField(max_length=40, blank=True, help_text=_("The price's lookup key"))
    unit_usd = models.DecimalField(
        max_digits=12,
        decimal_places=2,
        null=True,
        blank=True,
        help_text=_("Price of one seat, even if that price is no longer sold"),
    )
    seats = models.PositiveIntegerField(default=0)
    period_start = models.DateTimeField(null=True, blank=True)
    period_end = models.DateTimeField(null=True, blank=True)
    trial_ends_at = models.DateTimeField(null=True, blank=True)
    cancels_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    next_seats = models.PositiveIntegerField(null=True, blank=True)
    next_seats_at = models.DateTimeField(null=True, blank=True)
    past_due_since = models.DateTimeField(null=True, blank=True)
    payment_method_id = models.CharField(max_length=255, blank=True)
    customer_card_id = models.CharField(
        max_length=255, blank=True, help_text=_("The customer's default card at the last sync")
    )
    subscription_card_id = models.CharField(
        max_length=255, blank=True, help_text=_("The subscription's own card at the last sync")
    )
    card_brand = models.CharField(max_length=20, blank=True)
    card_last4 = models.CharField(max_length=4, blank=True)
    card_expires = models.CharField(max_length=7, blank=True, help_text=_("Month and year, such as 04/2031"))
    next_invoice_usd = models.DecimalField(max_digits=12, decimal_places=2, null=True, blank=True)
    next_invoice_at = models.DateTimeField(null=True, blank=True)
    pay_url = models.URLField(max_length=500, blank=True, help_text=_("Stripe's page for paying the open invoice"))
    clock_ahead = models.DurationField(
        default=timedelta, help_text=_("How far the customer's test clock is ahead; only in Stripe's test mode")
    )
    collection_pause = models.CharField(
        max_length=20, blank=True, help_text=_("What happens to invoices while their collection is paused at Stripe")
    )
    collection_resumes_at = models.DateTimeField(null=True, blank=True, help_text=_("When that pause ends by itself"))
    other_items = models.JSONField(
        default=list, blank=True, help_text=_("What else the subscription charges for, not sold here")
    )
    is_foreign = models.BooleanField(
        default=False,
        help_text=_("Its price was replaced at Stripe with one that is not ours: seats stay as they were"),
    )
    synced_at = models.DateTimeField(null=True, blank=True)

    class Meta(TenantModel.Meta):
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["tenant"], name="billing_entitlement_once"),
            models.UniqueConstraint(
                fields=["customer_id"], condition=~Q(customer_id=""), name="billing_entitlement_customer"
            ),
        ]

    def __str__(self) -> str:
        return self.get_status_display()

    def now(self) -> datetime:
        """The current time for this subscription: its test clock may be ahead."""
        return timezone.now() + self.clock_ahead


class CompSeatsQuerySet(models.QuerySet["CompSeats"]):
    def current(self, now: datetime) -> "CompSeatsQuerySet":
        """Those that have not expired."""
        return self.filter(expires_at__gt=now)


class CompSeats(TenantModel):
    """Seats that staff give for free for a while, with a reason."""

    seats = models.PositiveIntegerField(validators=[MinValueValidator(1), MaxValueValidator(SEATS_MAX)])
    reason = models.CharField(max_length=300)
    expires_at = models.DateTimeField()
    granted_by_name = models.CharField(max_length=254, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    objects = CompSeatsQuerySet.as_manager()

    def __str__(self) -> str:
        return gettext("%(seats)d until %(day)s") % {"seats": self.seats, "day": f"{self.expires_at:%Y-%m-%d}"}


class SyncRequest(TenantModel):
    """Something happened at Stripe since the last sync; the sync that sees it deletes this."""

    requested_at = models.DateTimeField(default=timezone.now)
    reason = models.CharField(max_length=80, blank=True, help_text=_("The event's type, or a code of ours"))

    class Meta(TenantModel.Meta):
        indexes = [models.Index(fields=["requested_at"], name="billing_sync_request_age")]


class Drift(TenantModel):
    """What the reconcile found different from Stripe: {field: [ours, Stripe's]}, or why it could not be repaired."""

    found_at = models.DateTimeField(default=timezone.now)
    differences = models.JSONField(default=dict, blank=True)
    problem = ReasonField()
    repaired_at = models.DateTimeField(null=True, blank=True)

    class Meta(TenantModel.Meta):
        indexes = [models.Index(fields=["tenant", "-found_at"], name="billing_drift_newest")]

    def __str__(self) -> str:
        return str(self.problem) or ", ".join(sorted(self.differences))


class Notice(TenantModel):
    """Why mails about the subscription are sent, once per reason. `key`: what it is about at Stripe.

    sent_at: when its last mail was done. tenants.models.Mail says what happened to each.
    """

    class Kind(models.TextChoices):
        TRIAL_ENDING = "trial_ending", _("The trial ends soon")
        PAYMENT_FAILED = "payment_failed", _("A payment failed")
        ACTION_REQUIRED = "action_required", _("The bank asks for confirmation")
        CANCELED = "canceled", _("The subscription ended")

    kind = models.CharField(max_length=20, choices=Kind)
    key = models.CharField(max_length=255)
    url = models.URLField(max_length=500, blank=True)
    requested_at = models.DateTimeField(default=timezone.now)
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta(TenantModel.Meta):
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["tenant", "kind", "key"], name="billing_notice_once"),
        ]
