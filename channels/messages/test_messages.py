"""The test message: a question really posted at the provider, answered the way every message is."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from uuid_utils.compat import uuid7

from agents.phrases import said
from channels import actions, phrases, reasons
from channels.connections import credentials, health
from channels.messages.incoming import changes, hear
from channels.messages.incoming.room import Place, Room
from channels.models import Connection, Delivery, InboxEvent, Thread, place_id_of
from channels.providers.base import DeliveryRefusedError, InboundEvent, InboundMessage, Provider
from channels.providers.registry import provider_named
from tenants.audit import journal
from tenants.scope import current_tenant_id, hold_alone, tenant_scope

UNSIGNED = "{}"
"""How test messages used to be stored: only the name of the author says whose they are."""
AUTHOR = "author"
TOLD_WITHIN = timedelta(minutes=1)
"""A phone that is on is reached sooner."""


@dataclass(frozen=True)
class Sent:
    """A test message under way: the event to follow, the thread to answer and when, and what the provider said."""

    event_id: UUID
    thread_id: UUID
    message: InboundMessage
    quiet_seconds: float


class NotReadyError(Exception):
    """Nobody can answer, or there is nothing to answer through. Its text names the fix."""


def send(tenant_id: UUID, connection_id: UUID, text: str) -> Sent:
    """Post a question and put it into the inbox. Calls the provider: open no scope around this.

    Raises channels.providers.base.DeliveryError, NotReadyError, Connection.DoesNotExist.
    """
    with tenant_scope(tenant_id):
        connection = Connection.objects.select_related("tenant").get(id=connection_id)
        if connection.state == Connection.State.DISCONNECTED:
            raise NotReadyError(_("%(name)s is disconnected: connect it again first.") % {"name": connection.name})
        if connection.answering_agent() is None:
            raise _nobody()
        heading = said(phrases.TEST, connection.tenant.language)
        provider, account = provider_named(connection.provider), credentials.account_of(connection)
    if provider.capabilities.people_write_first:
        raise _people_first(provider, provider.writing_url(account, text))
    try:
        message = provider.start_test(account, heading, text)
    except DeliveryRefusedError as error:
        with tenant_scope(tenant_id):
            health.refused(connection.id, error)
        raise
    with tenant_scope(tenant_id):
        return _accept(connection, message)


def _people_first(provider: Provider, url: str) -> NotReadyError:
    """Nobody can be written to there who has not written before, so whoever tests it begins."""
    words = _("On %(channel)s, people have to write first: open %(url)s and send the message. It is answered there.")
    return NotReadyError(words % {"channel": provider.label, "url": url})


def _accept(connection: Connection, message: InboundMessage) -> Sent:
    event = InboundEvent(
        provider=connection.provider,
        account=connection.external_id,
        event_id=f"test-{uuid7()}",
        kind="test_message",
        payload=json.dumps({AUTHOR: message.author}),
        message=message,
        occurred_at=datetime.now(UTC),
        is_test=True,
    )
    thread_id, stored = _heard(connection, event, message)
    journal.record(actions.TEST_SENT, connection)
    return Sent(stored.id, thread_id, message, provider_named(connection.provider).quiet_seconds)


def _heard(connection: Connection, event: InboundEvent, message: InboundMessage) -> tuple[UUID, InboxEvent]:
    """Store it and hear it at once: its words are in no payload of the provider's."""
    place_id = place_id_of(message.place)
    hold_alone(Place(current_tenant_id(), connection.id, place_id).lock)
    threads = Thread.objects.filter(connection=connection, place_id=place_id).select_related("conversation__agent")
    room = Room(connection, threads)
    if not room.team:
        raise _nobody()
    stored = changes.made(connection, event, message, state=InboxEvent.State.RECEIVED)
    stored.save(force_insert=True)
    changed = hear.hear_said(room, [(stored, message)], stored.received_at)
    hear.write([stored, *changed])
    hear.count(room, stored.received_at)
    if stored.thread is None:
        raise _nobody()
    return stored.thread.id, stored


def _nobody() -> NotReadyError:
    return NotReadyError(_("There is no AI employee yet: set one up first."))


def author_in(payload: str) -> str | None:
    """Whose a stored test message is, by the provider's id; None where it does not say."""
    stored = json.loads(payload) if payload else {}
    return str(stored[AUTHOR]) if AUTHOR in stored else None


def sent() -> QuerySet[InboxEvent]:
    """The workspace's test messages, newest first."""
    return InboxEvent.objects.filter(is_test=True).select_related("connection", "turn").order_by("-received_at")


def written(connection: Connection, since: datetime) -> QuerySet[InboxEvent]:
    """What people wrote there by themselves since then, newest first: the test where nobody can be written to first."""
    heard = InboxEvent.objects.filter(connection=connection, is_test=False, turn__isnull=False, received_at__gte=since)
    return heard.select_related("connection", "turn__person").order_by("-received_at")


@dataclass(frozen=True)
class Progress:
    """How far a test message is."""

    event: InboxEvent
    delivery: Delivery | None

    @property
    def question(self) -> str:
        return self.event.turn.text if self.event.turn else ""

    @property
    def reply(self) -> str:
        return self.delivery.text if self.delivery else ""

    @property
    def is_over(self) -> bool:
        return self.event.state in {InboxEvent.State.DONE, InboxEvent.State.FAILED}

    @property
    def is_answered(self) -> bool:
        """The employee's own answer arrived: not its apology, not its unavailable text."""
        return self.event.state == InboxEvent.State.DONE and self.event.run is not None and self.event.run.is_answer

    @property
    def is_settled(self) -> bool:
        """Nothing more is to come: it did not work, or the provider said that it reached the person, or never will.

        After a minute nobody waits for that any longer.
        """
        if not self.is_answered or self.delivery is None or self.delivery.sent_at is None:
            return self.is_over
        is_told = provider_named(self.event.provider).capabilities.delivery_updates
        waited = timezone.now() - self.delivery.sent_at
        return not is_told or self.delivery.delivered_at is not None or waited > TOLD_WITHIN

    @property
    def seconds(self) -> float | None:
        """From the question in the inbox to the reply at the provider."""
        if self.delivery is None or self.delivery.sent_at is None:
            return None
        return (self.delivery.sent_at - self.event.received_at).total_seconds()

    @property
    def problem(self) -> str:
        """Why there is no answer, for the operator."""
        if not self.is_over or self.is_answered:
            return ""
        run = self.event.run
        return reasons.words(self.event.cause or (run.cause if run else ""), self.event.provider)

    @property
    def told(self) -> str:
        """What people were told instead of an answer: only what arrived."""
        if self.delivery is None or self.delivery.state != Delivery.State.SENT or self.is_answered:
            return ""
        return self.delivery.text

    @property
    def is_unclear(self) -> bool:
        """The provider did not confirm the reply yet."""
        return not self.is_over and self.delivery is not None and self.delivery.state == Delivery.State.UNKNOWN


def progress_of(event: InboxEvent) -> Progress:
    """How far this test message is, inside the tenant's scope."""
    delivery = Delivery.objects.filter(turn__run=event.run).order_by("sequence").first() if event.run else None
    return Progress(event, delivery)
