"""Answers on their way out: each is sent once. If we did not see what became of one, we look it up before a retry."""

import logging
import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection as database
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from agents.models import Turn
from channels import reasons
from channels.connections import credentials, health
from channels.messages import outcomes
from channels.models import Connection, Delivery, InboxEvent, Thread
from channels.providers.base import (
    CALL_SECONDS,
    Account,
    Address,
    AnotherWayError,
    DeliveryError,
    DeliveryNotNowError,
    DeliveryRefusedError,
    OutcomeUnknownError,
    Outgoing,
    Provider,
)
from channels.providers.registry import provider_named
from tenants.scope import tenant_scope
from tenants.wordings import Wording

log = logging.getLogger(__name__)

KEEP_TRYING_FOR = timedelta(hours=6)
"""After this long an answer is no use any more."""
LONGEST_WAIT = 60.0
SENDING_SECONDS = 2 * CALL_SECONDS
"""After this long without news, whoever was sending is dead: its call ended long before."""
LOOK_UP_AFTER_SECONDS = 3
LOOK_UPS_FOR = timedelta(hours=1)
"""After this it stays unknown, for the operator to see."""
BROKE_OFF = Wording("channels.broke_off", _("Sending ended with %(error)s."))
SENDER_ENDED = Wording("channels.sender_ended", _("The worker that was sending it ended."))


@dataclass(frozen=True)
class Dispatch:
    """One delivery under way since then, detached from the database. `attempt` fences."""

    tenant_id: UUID
    delivery_id: UUID
    attempt: int
    provider: Provider
    account: Account
    message: Outgoing
    since: datetime


def queue(thread: Thread, turn: Turn, address: Address) -> None:
    """Put what was said on its way, inside the tenant's scope and the transaction that saves it."""
    parts = provider_named(thread.connection.provider).split(turn.text)
    Delivery.objects.bulk_create(
        Delivery(thread=thread, turn=turn, sequence=number, text=part, address=dict(address))
        for number, part in enumerate(parts)
    )


def send_due(tenant_id: UUID, thread_id: UUID) -> bool:
    """Send what is due in a thread, in order. True if that freed the thread for something that waits for an answer."""
    has_sent = False
    while dispatch := _next(tenant_id, thread_id):
        database.close()
        if not _send(dispatch):
            return False
        has_sent = True
    return has_sent and _has_more_to_answer(tenant_id, thread_id)


def _has_more_to_answer(tenant_id: UUID, thread_id: UUID) -> bool:
    with tenant_scope(tenant_id):
        is_held_up = Delivery.objects.filter(thread_id=thread_id).holding_up(timezone.now()).exists()
        return not is_held_up and InboxEvent.objects.unanswered().filter(thread_id=thread_id).exists()


def _next(tenant_id: UUID, thread_id: UUID) -> Dispatch | None:
    """Claim the thread's next message if it is due and none before it is still on its way."""
    with tenant_scope(tenant_id):
        now = timezone.now()
        if not Thread.objects.select_for_update(no_key=True, skip_locked=True).filter(id=thread_id).exists():
            return None
        delivery = Delivery.objects.filter(thread_id=thread_id).holding_up(now).in_order().first()
        if delivery is None or delivery.state != Delivery.State.PENDING or delivery.next_attempt_at > now:
            return None
        delivery.move(Delivery.State.SENDING, attempt=delivery.attempt + 1, sending_since=now)
        return _dispatch(tenant_id, delivery)


def _dispatch(tenant_id: UUID, delivery: Delivery) -> Dispatch:
    connection = delivery.thread.connection
    sent_after = delivery.created_at - timedelta(seconds=60)  # clocks differ
    return Dispatch(
        tenant_id=tenant_id,
        delivery_id=delivery.id,
        attempt=delivery.attempt,
        provider=provider_named(connection.provider),
        account=credentials.account_of(connection),
        message=Outgoing(delivery.id, delivery.address, delivery.text, sent_after),
        since=timezone.now(),
    )


def _send(dispatch: Dispatch) -> bool:
    """Post one message and write down what came of it. True if the thread's next may follow at once."""
    if _is_overdue(dispatch):
        return False
    try:
        external_id = _post(dispatch)
    except AnotherWayError as error:
        log.info("Delivery %s goes another way: %s", dispatch.delivery_id, error)
        _land_another_way(dispatch, error.address)
        return True
    except DeliveryError as error:
        log.warning("Delivery %s: %s", dispatch.delivery_id, error)
        _land_error(dispatch, error)
        return False
    _land_sent(dispatch, external_id)
    return True


def _is_overdue(dispatch: Dispatch) -> bool:
    """A process that stood still since the claim may count as dead before its call would end: it sends nothing."""
    return timezone.now() - dispatch.since > timedelta(seconds=SENDING_SECONDS - CALL_SECONDS)


def _post(dispatch: Dispatch) -> str:
    """Send one message; the provider's id of it. Raises DeliveryError, whatever happens."""
    try:
        return dispatch.provider.post(dispatch.account, dispatch.message)
    except DeliveryError:
        raise
    except Exception as error:  # a provider's SDK promises no class of its own: it may have been sent
        log.exception("Delivery %s", dispatch.delivery_id)
        raise OutcomeUnknownError(BROKE_OFF(error=type(error).__name__)) from error


def _ours(dispatch: Dispatch) -> Delivery | None:
    """The delivery, locked, unless somebody else has moved it on since."""
    deliveries = Delivery.objects.select_for_update(no_key=True, of=("self",)).select_related(
        "thread__conversation__agent", "turn__run"
    )
    open_states = [Delivery.State.SENDING, Delivery.State.UNKNOWN]
    return deliveries.filter(id=dispatch.delivery_id, attempt=dispatch.attempt, state__in=open_states).first()


def _land_sent(dispatch: Dispatch, external_id: str) -> None:
    with tenant_scope(dispatch.tenant_id):
        delivery = _ours(dispatch)
        if delivery:
            outcomes.arrived(delivery, external_id)


def _land_another_way(dispatch: Dispatch, address: Address) -> None:
    """This part and the rest of its answer go there: written down before it is sent, so that a look-up finds it."""
    with tenant_scope(dispatch.tenant_id):
        delivery = _ours(dispatch)
        if delivery is None:
            return
        delivery.move(Delivery.State.PENDING, next_attempt_at=timezone.now())
        rest = delivery.turn.deliveries.filter(sequence__gte=delivery.sequence, state=Delivery.State.PENDING)
        rest.update(address=dict(address))


def _land_error(dispatch: Dispatch, error: DeliveryError) -> None:
    with tenant_scope(dispatch.tenant_id):
        delivery = _ours(dispatch)
        if delivery is None:
            return
        now, cause = timezone.now(), reasons.cause_of(error)
        match error:
            case DeliveryNotNowError() if now - delivery.created_at < KEEP_TRYING_FOR:
                wait = timedelta(seconds=_wait(error, delivery.attempt))
                delivery.move(Delivery.State.PENDING, next_attempt_at=now + wait, error=error.reason, cause=cause)
            case OutcomeUnknownError():
                since = delivery.unknown_since or now
                delivery.move(Delivery.State.UNKNOWN, unknown_since=since, error=error.reason, cause=cause)
            case _:
                outcomes.failed(delivery, error)


def _wait(error: DeliveryNotNowError, attempt: int) -> float:
    """Seconds until the next try: what the provider asks, or longer each time, and never all at once."""
    backoff = min(2.0 ** min(attempt, 10) / 2, LONGEST_WAIT)
    return max(error.retry_after, backoff) * random.uniform(1, 1.2)  # noqa: S311 - jitter is no secret


def look_up(tenant_id: UUID, thread_id: UUID) -> None:
    """Find out about a delivery whose outcome was not seen: look it up, and send again only what is absent."""
    dispatch = _next_unknown(tenant_id, thread_id)
    if dispatch is None:
        return
    database.close()
    try:
        external_id = dispatch.provider.find(dispatch.account, dispatch.message)
    except DeliveryNotNowError as error:
        log.info("Look-up of %s must wait: %s", dispatch.delivery_id, error)
    except DeliveryError as error:
        log.warning("Look-up of %s: %s", dispatch.delivery_id, error)
        _land_look_up_error(dispatch, error)
    else:
        _land_found(dispatch, external_id)


def _land_look_up_error(dispatch: Dispatch, error: DeliveryError) -> None:
    """A refused look-up says nothing about the message: it stays unknown."""
    _land_error(dispatch, OutcomeUnknownError(error.reason))
    if isinstance(error, DeliveryRefusedError):
        with tenant_scope(dispatch.tenant_id):
            health.refused(Delivery.objects.get(id=dispatch.delivery_id).thread.connection_id, error)


def _land_found(dispatch: Dispatch, external_id: str | None) -> None:
    if external_id:
        _land_sent(dispatch, external_id)
        return
    with tenant_scope(dispatch.tenant_id):
        delivery = _ours(dispatch)
        if delivery:
            delivery.move(Delivery.State.PENDING, next_attempt_at=timezone.now(), unknown_since=None)


def _next_unknown(tenant_id: UUID, thread_id: UUID) -> Dispatch | None:
    with tenant_scope(tenant_id):
        now = timezone.now()
        deliveries = Delivery.objects.select_for_update(no_key=True, skip_locked=True, of=("self",)).select_related(
            "thread__connection"
        )
        unseen = deliveries.filter(is_unseen(now), thread_id=thread_id).in_order()
        delivery = unseen.first()
        every = _looks_up_every(delivery.thread) if delivery else None
        if every is None:  # what is unknown already waits for the provider's word
            delivery = unseen.filter(state=Delivery.State.SENDING).first() if delivery else None
        if delivery is None:
            return None
        since = delivery.unknown_since or delivery.sending_since or now
        delivery.move(Delivery.State.UNKNOWN, unknown_since=since, error=delivery.error or SENDER_ENDED())
        may_look_up = every is not None and _may_look_up(delivery.thread.connection_id, now, every)
        return _dispatch(tenant_id, delivery) if may_look_up else None


def _looks_up_every(thread: Thread) -> timedelta | None:
    return provider_named(thread.connection.provider).capabilities.looks_up_every


def is_unseen(now: datetime) -> Q:
    """Deliveries to look up: unknown for a moment, or in sending for longer than sending takes."""
    settled_down, given_up = now - timedelta(seconds=LOOK_UP_AFTER_SECONDS), now - LOOK_UPS_FOR
    unknown = Q(state=Delivery.State.UNKNOWN, unknown_since__lte=settled_down, unknown_since__gt=given_up)
    return unknown | Q(state=Delivery.State.SENDING, sending_since__lte=now - timedelta(seconds=SENDING_SECONDS))


def _may_look_up(connection_id: UUID, now: datetime, every: timedelta) -> bool:
    """No more often than the provider allows for one connection."""
    waited = Q(looked_up_at=None) | Q(looked_up_at__lte=now - every)
    return bool(Connection.objects.filter(waited, id=connection_id).update(looked_up_at=now))


def due_after(now: datetime) -> Q:
    """Deliveries that a sweeper should wake: waiting and due."""
    return Q(state=Delivery.State.PENDING, next_attempt_at__lte=now)
