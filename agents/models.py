"""AI employees, what people and they said to each other, and each try at an answer."""

from datetime import datetime

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, OuterRef, Subquery
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from agents import phrases
from billing.models import Seat
from tenants.models import TenantModel
from tenants.models.fields import ReasonField
from tenants.wordings import NOTHING, Reason
from usage.models import USD, TokenCounts


def unavailable_text() -> str:
    """What an employee says when it may not answer, until an operator words it otherwise."""
    return str(phrases.UNAVAILABLE)


class Profile(models.Model):
    """What makes an AI employee answer the way it does; kept with each revision."""

    name = models.CharField(max_length=80)
    job_title = models.CharField(max_length=120)
    business_function = models.CharField(
        max_length=200, blank=True, default="", db_default="", help_text=_("What it is there for; empty: its role")
    )
    instructions = models.TextField(max_length=20_000)
    unavailable_text = models.CharField(max_length=500, default=unavailable_text)
    provider = models.CharField(max_length=40, default="openai")
    model = models.CharField(max_length=120, default="gpt-4.1-mini")
    max_output_tokens = models.PositiveIntegerField(
        default=1_000, validators=[MinValueValidator(16), MaxValueValidator(16_000)]
    )

    class Meta:
        abstract = True

    @property
    def purpose(self) -> str:
        """What it is there for, in a few words."""
        return self.business_function.strip() or self.job_title


PROFILE_FIELDS = tuple(field.name for field in Profile._meta.local_fields)


class AgentQuerySet(models.QuerySet["Agent"]):
    def employed(self) -> "AgentQuerySet":
        """Not deleted; in the order of hiring."""
        return self.filter(deleted_at=None).order_by("created_at", "id")

    def in_order(self) -> "AgentQuerySet":
        """Who is employed, in the order of seats; `seat` is the place in it, None for those who are paused."""
        seat = Seat.objects.filter(holder_id=OuterRef("id")).values("position")
        ordered = self.filter(deleted_at=None).annotate(seat=Subquery(seat))
        return ordered.order_by(F("seat").asc(nulls_last=True), "created_at", "id")

    def on_duty(self) -> "Agent | None":
        """Who answers a channel that names nobody: the first in the order of seats.

        Where all are paused it is one of them, so that people are told that it is unavailable.
        """
        return self.in_order().first()


class Agent(TenantModel, Profile):
    """An AI employee as it is configured now."""

    revision_number = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)
    deleted_at = models.DateTimeField(null=True, blank=True)
    paused_at = models.DateTimeField(null=True, blank=True, help_text=_("Since when an operator has it paused"))
    unanswered_since = models.DateTimeField(
        null=True, blank=True, help_text=_("When the first message came that got no answer, after the last that did")
    )
    unanswered_cause = models.CharField(
        max_length=80, blank=True, default="", db_default="", help_text=_("Why, as agents.reasons names it")
    )

    picture = models.CharField(
        max_length=64, blank=True, default="", db_default="", help_text=_("The key of its picture; empty: initials")
    )

    objects = AgentQuerySet.as_manager()

    def __str__(self) -> str:
        return self.name

    @property
    def picture_path(self) -> str:
        """Where its uploaded picture is on this site; empty without one, where pages show initials."""
        return reverse("picture", args=[self.tenant_id, self.picture]) if self.picture else ""


class Portrait(TenantModel):
    """An AI employee's picture, as a PNG that we encoded. Never changed: another picture is another row."""

    agent = models.OneToOneField(Agent, on_delete=models.CASCADE, related_name="portrait")
    key = models.CharField(max_length=64)
    png = models.BinaryField()
    created_at = models.DateTimeField(default=timezone.now)

    class Meta(TenantModel.Meta):
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["tenant", "key"], name="agents_portrait_key"),
        ]


class AgentRevision(TenantModel, Profile):
    """An AI employee as it was configured at some time; never changed."""

    agent = models.ForeignKey(Agent, on_delete=models.CASCADE, related_name="revisions")
    number = models.PositiveIntegerField()
    created_at = models.DateTimeField(default=timezone.now)

    class Meta(TenantModel.Meta):
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["agent", "number"], name="agents_revision_number"),
        ]


class Person(TenantModel):
    """Somebody who talks to AI employees, whatever ids they have at providers."""

    name = models.CharField(max_length=120, blank=True, help_text=_("Empty as long as nobody told it"))
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.name or str(self.id)


class Conversation(TenantModel):
    """What one or more people and one AI employee say to each other in one place."""

    agent = models.ForeignKey(Agent, on_delete=models.PROTECT, related_name="conversations")
    channel = models.CharField(max_length=20)
    title = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    last_turn_at = models.DateTimeField(default=timezone.now)
    last_heard_at = models.DateTimeField(null=True, blank=True, help_text=_("When a person last said something"))

    class Meta(TenantModel.Meta):
        indexes = [models.Index(fields=["tenant", "-last_turn_at"], name="agents_conversation_recent")]

    def __str__(self) -> str:
        """Who talks where; the title is what somebody said, so it stays out of logs and trails."""
        return f"{self.agent.name} · {self.channel.title()}"


class Outcome(models.TextChoices):
    """How an LLM's answer ended: whole, or not."""

    WHOLE = "whole", _("Whole")
    CUT = "cut", _("Cut off")
    REFUSED = "refused", _("Declined by the AI model")
    FILTERED = "filtered", _("Held back by the AI provider's content filter")


class Run(TenantModel):
    """One try at an answer. A try that lost its lease may finish, but its answer is never sent."""

    class State(models.TextChoices):
        THINKING = "thinking", _("Thinking")
        ANSWERED = "answered", _("Answered")
        REFUSED = "refused", _("Refused by the quota")
        FAILED = "failed", _("Failed")
        SUPERSEDED = "superseded", _("Overtaken by newer input or another worker")

    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="runs")
    revision = models.ForeignKey(AgentRevision, on_delete=models.PROTECT, related_name="runs")
    attempt = models.PositiveIntegerField(help_text=_("The fencing number of the conversation's lease"))
    state = models.CharField(max_length=12, choices=State, default=State.THINKING)
    outcome = models.CharField(
        max_length=8, choices=Outcome, blank=True, default="", db_default="", help_text=_("How the LLM's answer ended")
    )
    error = ReasonField(help_text=_("Why there is no answer, in technical words: for staff"))
    cause = models.CharField(
        max_length=80, blank=True, default="", db_default="", help_text=_("The same as agents.reasons names it")
    )
    started_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta(TenantModel.Meta):
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["conversation", "attempt"], name="agents_run_attempt"),
        ]

    @property
    def is_answer(self) -> bool:
        """Did it bring an answer of the employee's own, and not a text in its place?"""
        return self.state == Run.State.ANSWERED and not self.cause

    ENDING = ("state", "error", "cause", "finished_at", "outcome")
    """The columns of its end."""

    def end(
        self, state: "Run.State", at: datetime, error: Reason = NOTHING, cause: str = "", outcome: str = ""
    ) -> None:
        self.set_ended(state, at, error, cause, outcome)
        self.save(update_fields=self.ENDING)

    def set_ended(
        self, state: "Run.State", at: datetime, error: Reason = NOTHING, cause: str = "", outcome: str = ""
    ) -> None:
        """The same in memory only, for whoever writes it together with something else."""
        self.state, self.error, self.cause, self.finished_at, self.outcome = state, error, cause, at, outcome


class Turn(TenantModel):
    """One thing said in a conversation."""

    class Speaker(models.TextChoices):
        PERSON = "person", _("Person")
        EMPLOYEE = "employee", _("Employee")

    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="turns")
    run = models.OneToOneField(Run, on_delete=models.PROTECT, null=True, blank=True, related_name="turn")
    speaker = models.CharField(max_length=8, choices=Speaker)
    person = models.ForeignKey(
        Person, on_delete=models.SET_NULL, null=True, blank=True, related_name="turns", help_text=_("Who said it")
    )
    author = models.CharField(max_length=120, blank=True)
    """The AI employee's name at that time; of a person, what was known before people were rows."""
    text = models.TextField()
    said_at = models.DateTimeField(default=timezone.now)

    class Meta(TenantModel.Meta):
        indexes = [models.Index(fields=["conversation", "said_at"], name="agents_turn_order")]

    @property
    def said_by(self) -> str:
        """The name of who said it; else the id at a provider, where the query annotates it as `handle`; else empty."""
        return (self.person.name if self.person else "") or self.author or getattr(self, "handle", "")


class LLMCall(TenantModel, TokenCounts):
    """One request to an LLM provider, written down before it is made, so that no billed call goes unmetered."""

    class State(models.TextChoices):
        STARTED = "started", _("Started")
        SETTLED = "settled", _("Settled")
        ASSUMED = "assumed", _("Its end was not seen: settled at the estimate")

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="calls")
    provider = models.CharField(max_length=40)
    model = models.CharField(max_length=120)
    state = models.CharField(max_length=8, choices=State, default=State.STARTED)
    estimate_usd = models.DecimalField(**USD)
    actual_usd = models.DecimalField(**USD, null=True, blank=True)
    price = models.JSONField(default=dict)
    provider_request_id = models.CharField(max_length=120, blank=True)
    error = ReasonField(help_text=_("Why it brought no answer; `said` has the provider's own words"))
    started_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta(TenantModel.Meta):
        verbose_name = _("LLM call")
        indexes = [models.Index(fields=["started_at"], name="agents_llmcall_open", condition=models.Q(state="started"))]
