"""Who works and what is paid: seats in the order in which they are filled, and what Stripe said of the subscription."""

from datetime import datetime, timedelta

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone

from billing.catalogue import SEATS_MAX
from tenants.models import TenantModel


class SeatQuerySet(models.QuerySet["Seat"]):
    def in_order(self) -> "SeatQuerySet":
        """The order of seats, the first one first: the seats that are paid for go to the first ones."""
        return self.order_by("position")

    def before(self, seat: "Seat") -> "SeatQuerySet":
        """Those that stand before it."""
        return self.filter(position__lt=seat.position)


class Seat(TenantModel):
    """An AI employee's place in the order of seats; written by agents. Whether it is paid for is computed by quota."""

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

        NONE = "none", "No subscription"
        TRIALING = "trialing", "Trial"
        ACTIVE = "active", "Active"
        PAST_DUE = "past_due", "Past due"
        UNPAID = "unpaid", "Unpaid"
        INCOMPLETE = "incomplete", "Payment not finished"
        INCOMPLETE_EXPIRED = "incomplete_expired", "Payment not finished in time"
        CANCELED = "canceled", "Canceled"
        PAUSED = "paused", "Paused"

    customer_id = models.CharField(max_length=255, blank=True)
    checkout_session_id = models.CharField(max_length=255, blank=True, help_text="The Checkout that is open now")
    subscription_id = models.CharField(max_length=255, blank=True)
    schedule_id = models.CharField(max_length=255, blank=True, help_text="What changes at the period's end")
    status = models.CharField(max_length=20, choices=Status, default=Status.NONE)
    plan = models.CharField(max_length=40, blank=True, help_text="The price's lookup key")
    unit_usd = models.DecimalField(
        max_digits=12,
        decimal_places=2,
        null=True,
        blank=True,
        help_text="What one costs, at a former price too",
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
    customer_card_id = models.CharField(max_length=255, blank=True, help_text="The customer's default at the last sync")
    subscription_card_id = models.CharField(max_length=255, blank=True, help_text="The subscription's own then")
    card_brand = models.CharField(max_length=20, blank=True)
    card_last4 = models.CharField(max_length=4, blank=True)
    card_expires = models.CharField(max_length=7, blank=True, help_text="Month and year, such as 04/2031")
    next_invoice_usd = models.DecimalField(max_digits=12, decimal_places=2, null=True, blank=True)
    next_invoice_at = models.DateTimeField(null=True, blank=True)
    pay_url = models.URLField(max_length=500, blank=True, help_text="Stripe's page on which the open invoice is paid")
    clock_ahead = models.DurationField(
        default=timedelta, help_text="How far the customer's test clock is ahead, which only Stripe's test mode has"
    )
    collection_pause = models.CharField(
        max_length=20, blank=True, help_text="What becomes of invoices while their collection is paused at Stripe"
    )
    collection_resumes_at = models.DateTimeField(null=True, blank=True, help_text="When that pause ends by itself")
    other_items = models.JSONField(
        default=list, blank=True, help_text="What else is charged by the subscription, and not sold here"
    )
    is_foreign = models.BooleanField(
        default=False, help_text="Its price was exchanged at Stripe for one that is not ours: seats stay as they were"
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
        """The time that counts for this subscription."""
        return timezone.now() + self.clock_ahead


class CompSeatsQuerySet(models.QuerySet["CompSeats"]):
    def current(self, now: datetime) -> "CompSeatsQuerySet":
        """Those that have not run out."""
        return self.filter(expires_at__gt=now)


class CompSeats(TenantModel):
    """Seats that staff give for some time without payment, with a reason."""

    seats = models.PositiveIntegerField(validators=[MinValueValidator(1), MaxValueValidator(SEATS_MAX)])
    reason = models.CharField(max_length=300)
    expires_at = models.DateTimeField()
    granted_by_name = models.CharField(max_length=254, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    objects = CompSeatsQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.seats} until {self.expires_at:%Y-%m-%d}"


class SyncRequest(TenantModel):
    """Something happened at Stripe since the last sync; the sync that has seen it deletes it."""

    requested_at = models.DateTimeField(default=timezone.now)
    reason = models.CharField(max_length=80, blank=True, help_text="The event's type")

    class Meta(TenantModel.Meta):
        indexes = [models.Index(fields=["requested_at"], name="billing_sync_request_age")]


class Drift(TenantModel):
    """What the reconcile found different from Stripe: {field: [ours, Stripe's]}, or why it could not be repaired."""

    found_at = models.DateTimeField(default=timezone.now)
    differences = models.JSONField(default=dict, blank=True)
    problem = models.CharField(max_length=500, blank=True)
    repaired_at = models.DateTimeField(null=True, blank=True)

    class Meta(TenantModel.Meta):
        indexes = [models.Index(fields=["tenant", "-found_at"], name="billing_drift_newest")]

    def __str__(self) -> str:
        return self.problem or ", ".join(sorted(self.differences))


class Notice(TenantModel):
    """What mails about the subscription are for, once each. `key` is what it is about at Stripe.

    sent_at: when none of its mails waits any more. What became of each, tenants.models.Mail says.
    """

    class Kind(models.TextChoices):
        TRIAL_ENDING = "trial_ending", "The trial ends soon"
        PAYMENT_FAILED = "payment_failed", "A payment failed"
        ACTION_REQUIRED = "action_required", "The bank wants to see the customer"
        CANCELED = "canceled", "The subscription ended"

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
