"""Answers on their way out: each is sent once. If we did not see what became of one, we look it up before a retry."""

import logging
import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import connection as database
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from agents.models import Turn
from channels import reasons
from channels.connections import health
from channels.messages import consignment, outcomes
from channels.messages.consignment import Dispatch
from channels.models import Delivery, InboxEvent, Thread
from channels.outreach import window
from channels.providers.base import (
    CALL_SECONDS,
    AnotherWayError,
    DeliveryError,
    DeliveryNotNowError,
    OutcomeUnknownError,
    Progress,
)
from channels.providers.registry import provider_named
from channels.providers.shapes.sending import Address
from tenants.scope import tenant_scope
from tenants.statements import execute, insert, update, update_row
from tenants.wordings import Wording

log = logging.getLogger(__name__)

KEEP_TRYING_FOR = timedelta(hours=6)
"""After this long an answer is no use any more."""
LONGEST_WAIT = 60.0
SENDING_SECONDS = 2 * CALL_SECONDS
"""After this long without news, whoever was sending is dead: its call ended long before."""
BROKE_OFF = Wording("channels.broke_off", _("Sending ended with %(error)s."))


After = Dispatch | bool
"""What follows a message: the next one, or whether something waits for an answer and nothing holds it up."""


def queue(thread: Thread, turn: Turn, address: Address) -> Dispatch:
    """Put what was said on its way, inside the tenant's scope and the transaction that saves it.

    Its first part is claimed already: the caller sends it once the transaction is committed.
    """
    parts = _parts(thread, turn, address)
    execute(insert(*parts))
    return consignment.dispatch_of(parts[0], is_last=len(parts) == 1)


def say(thread: Thread, turn: Turn, answered: Sequence[InboxEvent]) -> Dispatch:
    """Put the answer to these messages of a claimed thread on its way, and free the thread: one statement."""
    parts = _parts(thread, turn, answered[-1].address)
    ids = [event.id for event in answered]
    events = update(InboxEvent.objects.filter(id__in=ids), state=InboxEvent.State.ANSWERED, run=turn.run)
    thread.set_released()
    execute(insert(*parts), events, update_row(thread, Thread.RELEASED))
    return consignment.dispatch_of(parts[0], is_last=len(parts) == 1)


def _parts(thread: Thread, turn: Turn, address: Address) -> list[Delivery]:
    """The rows of what was said, the first of them claimed."""
    now = timezone.now()
    texts = provider_named(thread.connection.provider).split(turn.text)
    parts = [
        Delivery(thread=thread, turn=turn, sequence=number, text=text, address=dict(address), created_at=now)
        for number, text in enumerate(texts)
    ]
    first = parts[0]
    first.state, first.attempt, first.sending_since = Delivery.State.SENDING, 1, now
    return parts


def send(dispatch: Dispatch) -> bool:
    """Send a claimed message and what follows it in its thread. Calls the provider: open no scope around this.

    True if something waits for an answer there now.
    """
    after: After = dispatch
    while isinstance(after, Dispatch):
        database.close()
        after = _send(after)
    return after


def send_due(tenant_id: UUID, thread_id: UUID) -> bool:
    """Send what is due in a thread, in order. True if something waits for an answer there now."""
    with tenant_scope(tenant_id):
        dispatch = claim_next(thread_id)
    if dispatch is None:
        return False
    is_more = send(dispatch)
    dispatch.audience.show(Progress(Progress.What.DONE))  # whoever claimed the conversation may have died since
    return is_more


def claim_next(thread_id: UUID) -> Dispatch | None:
    """Claim the thread's next message if it is due and none before it is still on its way."""
    now = timezone.now()
    threads = Thread.objects.select_for_update(no_key=True, skip_locked=True, of=("self",))
    thread = (
        threads.select_related("connection", "conversation__agent", "conversation__tenant").filter(id=thread_id).first()
    )
    if thread is None:
        return None
    later = Delivery.objects.filter(turn=OuterRef("turn"), sequence__gt=OuterRef("sequence"))
    deliveries = Delivery.objects.filter(thread_id=thread_id).holding_up(now).in_order()
    deliveries = deliveries.annotate(is_followed=Exists(later))
    delivery = deliveries.select_related("turn__run").first()
    if delivery is None or delivery.state != Delivery.State.PENDING or delivery.next_attempt_at > now:
        return None
    delivery.thread = thread
    delivery.move(Delivery.State.SENDING, attempt=delivery.attempt + 1, sending_since=now)
    return consignment.dispatch_of(delivery, is_last=False, is_followed=delivery.is_followed)  # type: ignore[attr-defined]  # annotated


def _after(thread_id: UUID, *, is_last: bool) -> After:
    return (None if is_last else claim_next(thread_id)) or _has_more(thread_id, timezone.now())


HAS_MORE = """
SELECT EXISTS (
    SELECT FROM channels_thread thread
     WHERE thread.id = %(thread)s
       AND (EXISTS (SELECT FROM channels_inboxevent event
                     WHERE event.state = 'received' AND event.connection_id = thread.connection_id
                       AND event.place_id = thread.place_id)
            OR EXISTS (SELECT FROM channels_inboxevent event
                        WHERE event.state IN ('pending', 'running') AND event.thread_id = thread.id))
       AND NOT EXISTS (SELECT FROM channels_delivery delivery
                        WHERE delivery.thread_id = thread.id
                          AND (delivery.state IN ('pending', 'sending')
                               OR delivery.state = 'unknown' AND delivery.unknown_since > %(freed)s)))
"""


def _has_more(thread_id: UUID, now: datetime) -> bool:
    """Does something wait in this thread's place, with nothing of the thread on its way? In SQL as loops.LOOK is."""
    freed = now - timedelta(seconds=settings.UNKNOWN_FREES_SECONDS)
    with database.cursor() as cursor:
        cursor.execute(HAS_MORE, {"thread": thread_id, "freed": freed})
        return bool(cursor.fetchone()[0])


def _send(dispatch: Dispatch) -> After:
    """Post one message and write down what came of it."""
    if _is_overdue(dispatch):
        return False
    try:
        external_id = _post(dispatch)
    except AnotherWayError as error:
        log.info("Delivery %s goes another way: %s", dispatch.delivery_id, error)
        return _land_another_way(dispatch, error)
    except DeliveryError as error:
        log.warning("Delivery %s: %s", dispatch.delivery_id, error)
        return land_error(dispatch, error)
    return land_sent(dispatch, external_id)


def _is_overdue(dispatch: Dispatch) -> bool:
    """A process that stood still since the claim may count as dead before its call would end: it sends nothing."""
    return timezone.now() - dispatch.since > timedelta(seconds=SENDING_SECONDS - CALL_SECONDS)


def _post(dispatch: Dispatch) -> str:
    """Send one message; the provider's id of it. Raises DeliveryError, whatever happens."""
    if dispatch.window and not dispatch.window.is_open:
        raise window.closed(dispatch.provider.label)
    try:
        return dispatch.provider.post(dispatch.account, dispatch.message)
    except DeliveryError:
        raise
    except Exception as error:  # a provider's SDK promises no class of its own: it may have been sent
        log.exception("Delivery %s", dispatch.delivery_id)
        raise OutcomeUnknownError(BROKE_OFF(error=type(error).__name__)) from error


def _open(dispatch: Dispatch) -> QuerySet[Delivery]:
    open_states = [Delivery.State.SENDING, Delivery.State.UNKNOWN]
    return Delivery.objects.filter(id=dispatch.delivery_id, attempt=dispatch.attempt, state__in=open_states)


def ours(dispatch: Dispatch) -> Delivery | None:
    """The delivery, locked, unless somebody else has moved it on since."""
    locked = _open(dispatch).select_for_update(no_key=True, of=("self",))
    return locked.select_related("thread__connection", "turn__run").first()


def land_sent(dispatch: Dispatch, external_id: str) -> After:
    """The provider has it, under this id of its own."""
    with tenant_scope(dispatch.tenant_id):
        if not outcomes.arrived(_open(dispatch), dispatch.told, external_id):
            return False
        return _after(dispatch.thread_id, is_last=dispatch.is_last)


def _land_another_way(dispatch: Dispatch, error: AnotherWayError) -> After:
    """This part and the rest of its answer go there: written down before it is sent, so that a look-up finds it."""
    with tenant_scope(dispatch.tenant_id):
        delivery = ours(dispatch)
        if delivery is None:
            return False
        delivery.move(Delivery.State.PENDING, next_attempt_at=timezone.now())
        rest = delivery.turn.deliveries.filter(sequence__gte=delivery.sequence, state=Delivery.State.PENDING)
        rest.update(address=dict(error.address))
        if error.lacks:
            health.lacks(delivery.thread.connection, error.lacks)
        return _after(dispatch.thread_id, is_last=False)


def land_error(dispatch: Dispatch, error: DeliveryError) -> bool:
    """Try again later, look it up, or give up; whether something waits for an answer there now."""
    with tenant_scope(dispatch.tenant_id):
        delivery = ours(dispatch)
        if delivery is None:
            return False
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
        return _has_more(dispatch.thread_id, now)


def _wait(error: DeliveryNotNowError, attempt: int) -> float:
    """Seconds until the next try: what the provider asks, or longer each time, and never all at once."""
    backoff = min(2.0 ** min(attempt, 10) / 2, LONGEST_WAIT)
    return max(error.retry_after, backoff) * random.uniform(1, 1.2)  # noqa: S311 - jitter is no secret


def due_after(now: datetime) -> Q:
    """Deliveries that a sweep should wake: waiting and due."""
    return Q(state=Delivery.State.PENDING, next_attempt_at__lte=now)
