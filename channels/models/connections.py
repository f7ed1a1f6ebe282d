"""What is connected, and who is there: routes, connections, contacts, installations that were begun."""

import json
from collections.abc import Mapping

from django.db import models
from django.db.models import Count, F, Q, Window
from django.db.models.functions import Now, RowNumber
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from uuid_utils.compat import uuid7

from agents.models import Agent, Person
from tenants.encryption import EncryptedField
from tenants.models import Tenant, TenantModel
from tenants.models.fields import ReasonField

TOKEN = "token"  # noqa: S105 - the name of one
"""The name of the provider's token among a connection's credentials."""


class Route(models.Model):
    """Which tenant an outside account belongs to. Looked up before any tenant is known, so it holds no secret."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    provider = models.CharField(max_length=20)
    external_id = models.CharField(max_length=120)
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="routes")
    connection_id = models.UUIDField()
    check_at = models.DateTimeField(db_default=Now(), help_text=_("When the connection is to be checked next"))
    released_at = models.DateTimeField(
        null=True, blank=True, help_text=_("When its workspace let another one connect it")
    )
    released_until = models.DateTimeField(
        null=True, blank=True, help_text=_("Until when another workspace may connect it; empty: it may not")
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["provider", "external_id"], name="channels_route_one_tenant")]
        indexes = [models.Index(fields=["connection_id"], name="channels_route_connection")]


class ConnectionQuerySet(models.QuerySet["Connection"]):
    def at_a_glance(self, most: int) -> "ConnectionQuerySet":
        """The first of all, and of each state those that matter most: the oldest that work, the last that were lost.

        how_many: of all. Each with its AI employee.
        """
        loss = [F("lost_at").desc(nulls_last=True), F("connected_at").desc()]
        placed = self.select_related("agent").annotate(
            how_many=Window(Count("*")),
            by_age=Window(RowNumber(), order_by=["connected_at", "id"]),
            by_use=Window(RowNumber(), partition_by="state", order_by=["connected_at", "id"]),
            by_loss=Window(RowNumber(), partition_by="state", order_by=loss),
        )
        is_working = Q(state=Connection.State.ACTIVE)
        shown = Q(is_working, by_use__lte=most) | Q(~is_working, by_loss__lte=most) | Q(by_age__lte=most)
        return placed.filter(shown).order_by("by_age")


class Connection(TenantModel):
    """An outside account that a workspace connected: a workspace there, a number."""

    class State(models.TextChoices):
        ACTIVE = "active", _("Active")
        BROKEN = "broken", _("It does not work")
        DISCONNECTED = "disconnected", _("Disconnected")

    provider = models.CharField(max_length=20)
    external_id = models.CharField(max_length=120)
    name = models.CharField(max_length=120)
    bot_user_id = models.CharField(max_length=60, blank=True)
    installer_id = models.CharField(max_length=60, blank=True, help_text=_("Who installed it, at the provider"))
    scopes = models.TextField(blank=True)
    token = EncryptedField(
        blank=True,
        default="",
        db_default="",
        help_text=_(
            "Only of connections made before their credentials were one JSON: read while that has no token, never "
            "written. No migration moves it, since older processes still read it while a release is rolled out"
        ),
    )
    secrets = EncryptedField(
        blank=True,
        default="",
        db_default="",
        help_text=_("All its credentials by name, as JSON: the token, and its own, such as what signs its webhooks"),
    )
    facts = models.JSONField(
        null=True, blank=True, help_text=_("What the provider told of it that is no secret, by the provider's names")
    )
    state = models.CharField(max_length=12, choices=State, default=State.ACTIVE)
    error = ReasonField(help_text=_("Why it is not active, in technical words: for staff"))
    cause = models.CharField(
        max_length=80,
        blank=True,
        default="",
        db_default="",
        help_text=_("Why it is not active, as channels.reasons names it"),
    )
    lost_at = models.DateTimeField(null=True, blank=True, help_text=_("Since when it is not active"))
    agent = models.ForeignKey(Agent, on_delete=models.SET_NULL, null=True, blank=True, related_name="connections")
    connected_at = models.DateTimeField(default=timezone.now)
    looked_up_at = models.DateTimeField(null=True, blank=True, help_text=_("When its history was last read"))
    only_when_mentioned = models.BooleanField(
        default=False, db_default=False, help_text=_("In channels, nothing without a mention is answered")
    )

    allowed_origins = models.TextField(
        blank=True,
        default="",
        db_default="",
        help_text=_("Whose sites may show its page, an origin a line"),
    )

    objects = ConnectionQuerySet.as_manager()

    class Meta(TenantModel.Meta):
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["tenant", "provider", "external_id"], name="channels_connection_once"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def credentials(self) -> Mapping[str, str]:
        """All of them by name; the provider's token is TOKEN. Raises UndecryptableError."""
        found = dict(json.loads(self.secrets.reveal())) if self.secrets else {}
        if TOKEN not in found and self.token:
            found[TOKEN] = self.token.reveal()
        return found

    @property
    def own_secrets(self) -> Mapping[str, str]:
        """The account's own, such as what signs its webhooks; none where the platform's count."""
        return {name: value for name, value in self.credentials.items() if name != TOKEN}

    @property
    def granted_scopes(self) -> frozenset[str]:
        """What the provider allows us here, by its own names."""
        return frozenset(filter(None, (each.strip() for each in self.scopes.split(","))))

    def erase_credentials(self) -> None:
        """Forget them all; unsaved."""
        self.token = self.secrets = ""

    @property
    def origins(self) -> list[str]:
        """Whose sites may show its page in a frame."""
        return self.allowed_origins.split()

    def answering_agent(self) -> Agent | None:
        """Who answers here, unless a place or the first words name another: the chosen one, else the first in order.

        See channels.routing.choosing.
        """
        return self.chosen_agent or Agent.objects.on_duty()

    @property
    def chosen_agent(self) -> Agent | None:
        """Whom an operator chose to answer here, while it works."""
        is_there = self.agent is not None and self.agent.deleted_at is None and self.agent.paused_at is None
        return self.agent if is_there else None


class ConnectionDraft(TenantModel):
    """A connection that somebody began to set up by hand. Its id is that of the connection to be.

    It is connected to nothing, and forgotten when it expires. Once it has secrets, they verify the provider's question
    whether our address is right, which comes before there is a connection.
    """

    provider = models.CharField(max_length=20)
    secrets = EncryptedField(blank=True, default="", help_text=_("What was entered so far, by name, as JSON"))
    proven_at = models.DateTimeField(
        null=True, blank=True, help_text=_("When the provider found our address right, if it asks")
    )
    expires_at = models.DateTimeField()

    @property
    def values(self) -> Mapping[str, str]:
        """What was entered so far, by name. Raises UndecryptableError."""
        return dict(json.loads(self.secrets.reveal())) if self.secrets else {}


class Contact(TenantModel):
    """A person at a provider: their id at one connection.

    `name` is what the provider said when it was asked: empty before, and the id where it tells no name.
    """

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="contacts")
    external_id = models.CharField(max_length=120)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="contacts")
    name = models.CharField(max_length=120, blank=True)
    is_machine = models.BooleanField(null=True, help_text=_("What the provider said; empty: it was never asked"))

    class Meta(TenantModel.Meta):
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["connection", "external_id"], name="channels_contact_once"),
        ]

    def __str__(self) -> str:
        return self.person.name or self.external_id


class InstallAttempt(TenantModel):
    """One OAuth state: for one use, soon expired, bound to tenant, user and browser session.

    One that the API made has no browser: it is bound to its tenant, and whoever consents at the provider uses it up.
    """

    provider = models.CharField(max_length=20)
    draft = models.ForeignKey(
        ConnectionDraft,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="attempts",
        help_text=_("Whose app asks for consent; empty: the platform's"),
    )
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
