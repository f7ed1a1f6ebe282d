"""What became of a delivery, and what follows: seen at once by whoever sent it, or told later by the provider."""

import logging
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Exists, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from agents.models import Conversation
from agents.runs import settlement
from channels import reasons
from channels.connections import charges, health
from channels.models import Connection, Delivery, InboxEvent
from channels.providers.base import DeliveryError, DeliveryRefusedError
from channels.providers.shapes.webhooks import DeliveryUpdate
from tenants.wordings import NOTHING, Wording
from usage.ledger import records
from usage.ledger.records import Spender

log = logging.getLogger(__name__)

NOT_DELIVERED = Wording("channels.not_delivered", _("The provider could not deliver it (%(code)s)."))
UNDER_WAY = (Delivery.State.PENDING, Delivery.State.SENDING, Delivery.State.UNKNOWN)
REACHED = (DeliveryUpdate.State.DELIVERED, DeliveryUpdate.State.READ)
POSTED = (Delivery.State.SENDING, Delivery.State.UNKNOWN, Delivery.State.SENT)


@dataclass(frozen=True)
class Told:
    """What a delivery tells people: a turn. answers: the run whose messages are done with it, if any.

    spender: whom a sent answer is counted on; None for what is no answer, such as an apology.
    """

    turn_id: UUID
    answers: UUID | None
    spender: Spender | None


def told_by(delivery: Delivery) -> Told:
    """The same of a delivery that was read with its thread's conversation and its turn's run."""
    run = delivery.turn.run
    is_counted = run is not None and run.is_answer
    spender = settlement.spender(speaking(delivery)) if is_counted else None
    return Told(delivery.turn_id, run.id if run else None, spender)


def speaking(delivery: Delivery) -> Conversation:
    """The conversation in which its turn was said: the thread's, unless that has gone on with another employee."""
    current = delivery.thread.conversation
    return current if delivery.turn.conversation_id == current.id else delivery.turn.conversation


def arrived(delivery: QuerySet[Delivery], told: Told, external_id: str) -> bool:
    """The provider took it. With the last part of an answer, what it answers is done.

    delivery: the one row, unless somebody moved it on; then nothing happens, and this is False.
    """
    now, sent = timezone.now(), Delivery.State.SENT
    if not delivery.update(state=sent, external_id=external_id, sent_at=now, error=NOTHING, cause=""):
        return False
    if told.spender:
        records.count_messages(told.spender, now, sent=1)
    if told.answers:
        unsent = Delivery.objects.filter(turn=told.turn_id).exclude(state=sent)
        answered = InboxEvent.objects.filter(~Exists(unsent), run=told.answers, state=InboxEvent.State.ANSWERED)
        answered.update(state=InboxEvent.State.DONE, finished_at=now)
    return True


def failed(delivery: Delivery, error: DeliveryError) -> None:
    """Final and visible, with the rest of the answer; the conversation goes on."""
    now, cause = timezone.now(), reasons.cause_of(error)
    rest = Q(id=delivery.id) | (Q(sequence__gt=delivery.sequence) & ~Q(state=Delivery.State.SENT))
    delivery.turn.deliveries.filter(rest).update(state=Delivery.State.FAILED, error=error.reason, cause=cause)
    if delivery.turn.run_id:
        told = (InboxEvent.State.ANSWERED, InboxEvent.State.DONE)
        events = InboxEvent.objects.filter(run=delivery.turn.run_id, state__in=told)
        events.update(state=InboxEvent.State.FAILED, reason=error.reason, cause=cause, finished_at=now)
    if isinstance(error, DeliveryRefusedError):
        health.refused(delivery.thread.connection_id, error)


def update(connection: Connection, told: DeliveryUpdate) -> UUID | None:
    """What the provider says later, inside the tenant's scope, about a message of this connection and no other.

    Harmless in any order and more than once. Returns the thread that may go on, or None if nothing changed.
    """
    deliveries = Delivery.objects.select_for_update(no_key=True, of=("self",)).select_related(
        "thread__conversation__agent", "turn__run"
    )
    delivery = deliveries.filter(id=told.delivery_id, thread__connection=connection).first()
    if delivery is None:
        log.info("An update about a delivery that this connection does not have: %s", told.delivery_id)
        return None
    return delivery.thread_id if _is_news(connection, delivery, told) else None


def _is_news(connection: Connection, delivery: Delivery, told: DeliveryUpdate) -> bool:
    if told.state is DeliveryUpdate.State.FAILED:
        return _fails(delivery, told)
    is_news = delivery.state in UNDER_WAY
    if is_news:
        arrived(Delivery.objects.filter(id=delivery.id), told_by(delivery), told.external_id)
        delivery.refresh_from_db(fields=["state", "sent_at"])
    if delivery.state == Delivery.State.SENT:
        _note(connection, delivery, told)
    return is_news


def _note(connection: Connection, delivery: Delivery, told: DeliveryUpdate) -> None:
    """When it reached the person and was read, and what it is billed as: each is known once, and stays."""
    now, changes = timezone.now(), dict[str, object]()
    if told.state in REACHED and delivery.delivered_at is None:
        changes["delivered_at"] = now
    if told.state is DeliveryUpdate.State.READ and delivery.read_at is None:
        changes["read_at"] = now
    is_billed = told.charge is not None and delivery.is_charged is None
    if told.charge and is_billed:
        changes |= {"charge_category": told.charge.category, "is_charged": told.charge.is_charged}
    if changes:
        delivery.move(Delivery.State.SENT, **changes)
    if is_billed:
        charges.warn(connection, delivery)


def _fails(delivery: Delivery, told: DeliveryUpdate) -> bool:
    """Not what reached the person already: updates may come in another order."""
    if delivery.state not in POSTED or delivery.delivered_at:
        return False
    reason = told.reason or NOT_DELIVERED(code=told.code)
    failed(delivery, DeliveryRefusedError(reason, code=told.code))
    return True
