"""What came in: threads with their lease, and events."""

import hashlib
from uuid import UUID

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from agents.models import Conversation, Run, Turn
from channels.models.connections import Connection
from tenants.models import Job, JobQuerySet, TenantModel
from tenants.models.fields import ReasonField


def place_id_of(place: str) -> UUID:
    """The id of a place, from what its provider calls it (`InboundMessage.place`). An id, not a secret."""
    return UUID(hashlib.md5(place.encode(), usedforsecurity=False).hexdigest())


class ThreadQuerySet(JobQuerySet["Thread"]):
    """Threads of the open scope's workspace."""


class Thread(Job, TenantModel):
    """A conversation's place at a provider, and the lease of the worker that is answering it."""

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="threads")
    external_id = models.CharField(max_length=200)
    place_id = models.UUIDField(null=True, editable=False, help_text=_("What is said in one place is heard together"))
    conversation = models.OneToOneField(Conversation, on_delete=models.CASCADE, related_name="thread")

    objects = ThreadQuerySet.as_manager()

    class Meta(TenantModel.Meta):
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["connection", "external_id"], name="channels_thread_once"),
        ]
        indexes = [models.Index(fields=["connection", "place_id"], name="channels_thread_place")]


OVERHEARD = models.Q(state="ignored") & ~models.Q(payload="")
UNHEARD = models.Q(state="received")
OPEN, DOUBTFUL = models.Q(state__in=["received", "pending", "running"]), models.Q(state="doubtful")
SIGNED, TAKEN = ~models.Q(author=""), models.Q(taken_at__isnull=False)


class InboxEventQuerySet(models.QuerySet["InboxEvent"]):
    def unanswered(self) -> "InboxEventQuerySet":
        """What waits for an answer, in the order in which it was said."""
        return self.filter(state__in=InboxEvent.WAITING).order_by("position", "id")

    def overheard(self) -> "InboxEventQuerySet":
        """What nobody has to answer, with its words still here. Messages of a conversation keep theirs only there."""
        return self.filter(OVERHEARD)

    def insert_new(self, event: "InboxEvent") -> bool:
        """Store an event, unless it or another event about the same message is already stored."""
        self.bulk_create([event], ignore_conflicts=True)
        return self.filter(id=event.id).exists()


class InboxEvent(TenantModel):
    """One event from a provider. Its keys absorb retries and the twin events of one message."""

    class State(models.TextChoices):
        RECEIVED = "received", _("Received")
        PENDING = "pending", _("Pending")
        RUNNING = "running", _("Running")
        ANSWERED = "answered", _("Answered")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")
        IGNORED = "ignored", _("Ignored")
        DOUBTFUL = "doubtful", _("The provider has to say whether a person wrote it")

    WAITING = (State.PENDING, State.RUNNING)
    OPEN = (State.RECEIVED, *WAITING)
    """To be heard or answered."""
    UNFINISHED = (*OPEN, State.ANSWERED, State.DOUBTFUL)

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="events")
    thread = models.ForeignKey(Thread, on_delete=models.CASCADE, null=True, blank=True, related_name="events")
    turn = models.OneToOneField(Turn, on_delete=models.SET_NULL, null=True, blank=True, related_name="event")
    run = models.ForeignKey(Run, on_delete=models.SET_NULL, null=True, blank=True, related_name="events")
    provider = models.CharField(max_length=20)
    external_account = models.CharField(max_length=120)
    event_id = models.CharField(max_length=120)
    message_key = models.CharField(max_length=120, null=True, blank=True)  # noqa: DJ001 - many events have none
    place = models.CharField(
        max_length=200, default="", db_default="", blank=True, help_text=_("The thread in which it was said to others")
    )
    place_id = models.UUIDField(null=True, editable=False, help_text=_("What is said in one place is heard together"))
    due_at = models.DateTimeField(null=True, editable=False, help_text=_("When the quiet period after it is over"))
    version = models.DecimalField(
        max_digits=20,
        decimal_places=6,
        null=True,
        blank=True,
        help_text=_("The provider's order of the edit that counts"),
    )
    deleted_at = models.DateTimeField(null=True, blank=True, help_text=_("When the provider said that it was deleted"))
    kind = models.CharField(max_length=60)
    is_test = models.BooleanField(default=False)
    address = models.JSONField(default=dict, help_text=_("Where the answer goes"))
    position = models.DecimalField(max_digits=20, decimal_places=6, help_text=_("The provider's order within a thread"))
    payload = models.TextField()
    author = models.CharField(
        max_length=120, blank=True, default="", db_default="", help_text=_("Who said it, at the provider")
    )
    is_addressed = models.BooleanField(
        default=False, db_default=False, help_text=_("By itself it is meant for the AI employee")
    )
    is_readable = models.BooleanField(default=True, db_default=True, help_text=_("It has words, not only files"))
    state = models.CharField(max_length=8, choices=State, default=State.PENDING)
    attempt = models.PositiveIntegerField(default=0)
    reason = ReasonField(help_text=_("Why it is not answered, in technical words: for staff"))
    cause = models.CharField(
        max_length=80, blank=True, default="", db_default="", help_text=_("The same as channels.reasons names it")
    )
    received_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True, blank=True)
    taken_at = models.DateTimeField(null=True, editable=False, help_text=_("When its answer was begun first"))
    held_until = models.DateTimeField(
        null=True, editable=False, help_text=_("Over a limit of messages a minute, it waits until then")
    )

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
            models.Index(fields=["connection", "place_id"], name="channels_event_received", condition=UNHEARD),
            models.Index(fields=["tenant", "received_at"], name="channels_event_open", condition=OPEN),
            models.Index(fields=["received_at"], name="channels_event_doubtful", condition=DOUBTFUL),
            models.Index(
                fields=["connection", "author", "received_at"], name="channels_event_author", condition=SIGNED
            ),
            models.Index(fields=["connection", "place", "position"], name="channels_event_talk", condition=OVERHEARD),
            models.Index(fields=["tenant", "received_at"], name="channels_event_overheard", condition=OVERHEARD),
            models.Index(fields=["tenant", "taken_at"], name="channels_event_taken", condition=TAKEN),
        ]
