"""Where people talk to AI employees: connections, threads, what came in, what goes out."""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone
from uuid_utils.compat import uuid7

from agents.models import Agent, Conversation, Run, Turn
from tenants.encryption import EncryptedField
from tenants.models import Tenant, TenantModel


class Route(models.Model):
    """Which tenant an outside account belongs to. Looked up before any tenant is known, so it holds no secret."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    provider = models.CharField(max_length=20)
    external_id = models.CharField(max_length=120)
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="routes")
    connection_id = models.UUIDField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["provider", "external_id"], name="channels_route_one_tenant")]


class Connection(TenantModel):
    """An outside account that a workspace connected: a Slack workspace, a WhatsApp number."""

    class State(models.TextChoices):
        ACTIVE = "active"
        BROKEN = "broken", "The provider no longer accepts its token"
        DISCONNECTED = "disconnected"

    provider = models.CharField(max_length=20)
    external_id = models.CharField(max_length=120)
    name = models.CharField(max_length=120)
    bot_user_id = models.CharField(max_length=60, blank=True)
    installer_id = models.CharField(max_length=60, blank=True, help_text="Who installed it, at the provider")
    scopes = models.TextField(blank=True)
    token = EncryptedField(blank=True, default="")
    state = models.CharField(max_length=12, choices=State, default=State.ACTIVE)
    error = models.TextField(blank=True)
    cause = models.CharField(max_length=80, blank=True, help_text="Why it is not active, as channels.reasons names it")
    lost_at = models.DateTimeField(null=True, blank=True, help_text="Since when it is not active")
    agent = models.ForeignKey(Agent, on_delete=models.SET_NULL, null=True, blank=True, related_name="connections")
    connected_at = models.DateTimeField(default=timezone.now)
    looked_up_at = models.DateTimeField(null=True, blank=True, help_text="When its history was last read")
    only_when_mentioned = models.BooleanField(
        default=False, db_default=False, help_text="In channels, nothing without a mention is answered"
    )

    class Meta(TenantModel.Meta):
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["tenant", "provider", "external_id"], name="channels_connection_once"),
        ]

    def __str__(self) -> str:
        return self.name

    def answering_agent(self) -> Agent | None:
        """The AI employee that answers here: the chosen one, else the first in the order of seats."""
        if self.agent and self.agent.deleted_at is None:
            return self.agent
        return Agent.objects.on_duty()


class Contact(TenantModel):
    """A person at a provider. The name comes later than the first message: it takes a call to the provider."""

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="contacts")
    external_id = models.CharField(max_length=120)
    name = models.CharField(max_length=120, blank=True)
    is_machine = models.BooleanField(null=True, help_text="What the provider said; empty: it was never asked")

    class Meta(TenantModel.Meta):
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["connection", "external_id"], name="channels_contact_once"),
        ]

    def __str__(self) -> str:
        return self.name or self.external_id

    @property
    def known_name(self) -> str:
        """What they are called; empty where the provider has not told, or never will."""
        return "" if self.name == self.external_id else self.name


class InstallAttempt(TenantModel):
    """One OAuth state: single use, soon expired, bound to tenant, user and browser session.

    One that the API issued has no browser: it is bound to its tenant, and whoever consents at the provider uses it up.
    """

    provider = models.CharField(max_length=20)
    state_digest = models.CharField(max_length=64)
    user_id = models.UUIDField(null=True, blank=True)
    session_digest = models.CharField(max_length=64, blank=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta(TenantModel.Meta):
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["tenant", "state_digest"], name="channels_install_state"),
        ]


class Thread(TenantModel):
    """A conversation's place at a provider, and the lease of the worker that is answering it.

    `attempt` fences: whoever holds an older number has been overtaken, and what it brings is not sent.
    """

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="threads")
    external_id = models.CharField(max_length=200)
    conversation = models.OneToOneField(Conversation, on_delete=models.CASCADE, related_name="thread")
    attempt = models.PositiveIntegerField(default=0)
    failures = models.PositiveIntegerField(default=0)
    leased_until = models.DateTimeField(null=True, blank=True)
    retry_at = models.DateTimeField(null=True, blank=True)

    class Meta(TenantModel.Meta):
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["connection", "external_id"], name="channels_thread_once"),
        ]

    def is_leased(self, now: datetime) -> bool:
        return self.leased_until is not None and self.leased_until > now

    def is_waiting_to_retry(self, now: datetime) -> bool:
        return self.retry_at is not None and self.retry_at > now

    def lease(self, now: datetime) -> None:
        """Take the conversation; the number fences everybody who had it before."""
        self.attempt += 1
        self.leased_until = now + timedelta(seconds=settings.LEASE_SECONDS)
        self.retry_at = None
        self.save(update_fields=["attempt", "failures", "leased_until", "retry_at"])

    def overtake(self) -> None:
        """Fence off whoever is answering."""
        self.attempt += 1
        self.leased_until = None
        self.save(update_fields=["attempt", "leased_until"])

    def release(self, *, failures: int = 0, retry_at: datetime | None = None) -> None:
        self.leased_until, self.failures, self.retry_at = None, failures, retry_at
        self.save(update_fields=["leased_until", "failures", "retry_at"])


OVERHEARD = models.Q(state="ignored") & ~models.Q(payload="")
UNANSWERED, DOUBTFUL = models.Q(state__in=["pending", "running"]), models.Q(state="doubtful")
SIGNED = ~models.Q(author="")


class InboxEventQuerySet(models.QuerySet["InboxEvent"]):
    def unanswered(self) -> "InboxEventQuerySet":
        """What waits for an answer, in the order in which it was said."""
        return self.filter(state__in=InboxEvent.WAITING).order_by("position", "id")

    def overheard(self) -> "InboxEventQuerySet":
        """What nobody has to answer and whose words are still here. What is in a conversation keeps them only there."""
        return self.filter(OVERHEARD)

    def insert_new(self, event: "InboxEvent") -> bool:
        """Store an event unless it, or another event about the same message, was stored before."""
        self.bulk_create([event], ignore_conflicts=True)
        return self.filter(id=event.id).exists()


class InboxEvent(TenantModel):
    """One event from a provider. Its keys absorb retries and the twin events of one message."""

    class State(models.TextChoices):
        PENDING = "pending"
        RUNNING = "running"
        ANSWERED = "answered"
        DONE = "done"
        FAILED = "failed"
        IGNORED = "ignored"
        DOUBTFUL = "doubtful", "The provider has to say whether a person wrote it"

    WAITING = (State.PENDING, State.RUNNING)
    UNFINISHED = (*WAITING, State.ANSWERED, State.DOUBTFUL)

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="events")
    thread = models.ForeignKey(Thread, on_delete=models.CASCADE, null=True, blank=True, related_name="events")
    turn = models.OneToOneField(Turn, on_delete=models.SET_NULL, null=True, blank=True, related_name="event")
    run = models.ForeignKey(Run, on_delete=models.SET_NULL, null=True, blank=True, related_name="events")
    provider = models.CharField(max_length=20)
    external_account = models.CharField(max_length=120)
    event_id = models.CharField(max_length=120)
    message_key = models.CharField(max_length=120, null=True, blank=True)  # noqa: DJ001 - many events have none
    place = models.CharField(
        max_length=200, default="", db_default="", blank=True, help_text="The thread in which it was said to others"
    )
    version = models.DecimalField(
        max_digits=20, decimal_places=6, null=True, blank=True, help_text="The provider's order of the edit that counts"
    )
    deleted_at = models.DateTimeField(null=True, blank=True, help_text="When the provider told that it was deleted")
    kind = models.CharField(max_length=60)
    is_test = models.BooleanField(default=False)
    address = models.JSONField(default=dict, help_text="Where the answer goes")
    position = models.DecimalField(max_digits=20, decimal_places=6, help_text="The provider's order within a thread")
    payload = models.TextField()
    author = models.CharField(
        max_length=120, blank=True, default="", db_default="", help_text="Who said it, at the provider"
    )
    is_readable = models.BooleanField(default=True, db_default=True, help_text="It has words, not only files")
    state = models.CharField(max_length=8, choices=State, default=State.PENDING)
    attempt = models.PositiveIntegerField(default=0)
    reason = models.TextField(blank=True, help_text="Why it is not answered, in technical words: for staff")
    cause = models.CharField(max_length=80, blank=True, help_text="The same as channels.reasons names it")
    received_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = InboxEventQuerySet.as_manager()

    class Meta(TenantModel.Meta):
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["provider", "external_account", "event_id"], name="channels_event_once"),
            models.UniqueConstraint(
                fields=["provider", "external_account", "message_key"], name="channels_message_once"
            ),
        ]
        indexes = [
            models.Index(fields=["received_at"], name="channels_event_waiting", condition=UNANSWERED),
            models.Index(fields=["received_at"], name="channels_event_doubtful", condition=DOUBTFUL),
            models.Index(
                fields=["connection", "author", "received_at"], name="channels_event_author", condition=SIGNED
            ),
            models.Index(fields=["connection", "place", "position"], name="channels_event_talk", condition=OVERHEARD),
            models.Index(fields=["tenant", "received_at"], name="channels_event_overheard", condition=OVERHEARD),
        ]


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    def holding_up(self, now: datetime) -> "DeliveryQuerySet":
        """What must be over before the conversation goes on: an unknown one frees it after a while."""
        freed = now - timedelta(seconds=settings.UNKNOWN_FREES_SECONDS)
        on_its_way = models.Q(state__in=[Delivery.State.PENDING, Delivery.State.SENDING])
        return self.filter(on_its_way | models.Q(state=Delivery.State.UNKNOWN, unknown_since__gt=freed))

    def in_order(self) -> "DeliveryQuerySet":
        return self.order_by("created_at", "run_id", "sequence")


class Delivery(TenantModel):
    """One message on its way out. Exactly one row per part of an answer, by constraint."""

    class State(models.TextChoices):
        PENDING = "pending"
        SENDING = "sending"
        SENT = "sent"
        UNKNOWN = "unknown", "The provider's answer was not seen"
        FAILED = "failed"

    thread = models.ForeignKey(Thread, on_delete=models.CASCADE, related_name="deliveries")
    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="deliveries")
    sequence = models.PositiveIntegerField()
    address = models.JSONField()
    text = models.TextField()
    state = models.CharField(max_length=8, choices=State, default=State.PENDING)
    attempt = models.PositiveIntegerField(default=0)
    next_attempt_at = models.DateTimeField(default=timezone.now)
    sending_since = models.DateTimeField(null=True, blank=True)
    unknown_since = models.DateTimeField(null=True, blank=True)
    external_id = models.CharField(max_length=120, blank=True)
    error = models.TextField(blank=True, help_text="Why it is not sent, in technical words: for staff")
    cause = models.CharField(max_length=80, blank=True, help_text="The same as channels.reasons names it")
    created_at = models.DateTimeField(default=timezone.now)
    sent_at = models.DateTimeField(null=True, blank=True)

    objects = DeliveryQuerySet.as_manager()

    class Meta(TenantModel.Meta):
        verbose_name_plural = "deliveries"
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["run", "sequence"], name="channels_delivery_once"),
        ]
        indexes = [
            models.Index(
                fields=["next_attempt_at"],
                name="channels_delivery_open",
                condition=models.Q(state__in=["pending", "sending", "unknown"]),
            )
        ]

    def move(self, state: "Delivery.State", **changes: Any) -> None:
        """Change the state and these columns, in one UPDATE."""
        self.state = state
        for name, value in changes.items():
            setattr(self, name, value)
        self.save(update_fields=["state", *changes])
