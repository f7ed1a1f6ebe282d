"""What became of a delivery, and what follows: seen at once by whoever sent it, or told later by the provider."""

import logging
from uuid import UUID

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from agents.runs import settlement
from channels import reasons
from channels.connections import health
from channels.models import Connection, Delivery, InboxEvent
from channels.providers.base import DeliveryError, DeliveryRefusedError
from channels.providers.webhooks import DeliveryUpdate
from tenants.wordings import NOTHING, Wording
from usage.ledger import records

log = logging.getLogger(__name__)

NOT_DELIVERED = Wording("channels.not_delivered", _("The provider could not deliver it (%(code)s)."))
UNDER_WAY = (Delivery.State.PENDING, Delivery.State.SENDING, Delivery.State.UNKNOWN)
REACHED = (DeliveryUpdate.State.DELIVERED, DeliveryUpdate.State.READ)
POSTED = (Delivery.State.SENDING, Delivery.State.UNKNOWN, Delivery.State.SENT)


def arrived(delivery: Delivery, external_id: str) -> None:
    """The provider took it. With the last part of an answer, what it answers is done."""
    now = timezone.now()
    delivery.move(Delivery.State.SENT, external_id=external_id, sent_at=now, error=NOTHING, cause="")
    run = delivery.turn.run
    if run and run.is_answer:  # an apology arrives too, and is none
        records.count_messages(settlement.spender(delivery.thread.conversation), now, sent=1)
    if run and not delivery.turn.deliveries.exclude(state=Delivery.State.SENT).exists():
        answered = InboxEvent.objects.filter(run=run, state=InboxEvent.State.ANSWERED)
        answered.update(state=InboxEvent.State.DONE, finished_at=now)


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
    return delivery.thread_id if _is_news(delivery, told) else None


def _is_news(delivery: Delivery, told: DeliveryUpdate) -> bool:
    if told.state is DeliveryUpdate.State.FAILED:
        return _fails(delivery, told)
    is_news = delivery.state in UNDER_WAY
    if is_news:
        arrived(delivery, told.external_id)
    if told.state in REACHED and delivery.state == Delivery.State.SENT and delivery.delivered_at is None:
        delivery.move(Delivery.State.SENT, delivered_at=timezone.now())
    return is_news


def _fails(delivery: Delivery, told: DeliveryUpdate) -> bool:
    """Not what reached the person already: updates may come in another order."""
    if delivery.state not in POSTED or delivery.delivered_at:
        return False
    reason = told.reason or NOT_DELIVERED(code=told.code)
    failed(delivery, DeliveryRefusedError(reason, code=told.code))
    return True
