"""What happens to a message whose author edits or deletes it at the provider.

Until an answer is sent, it is for what the message says now, or there is none. After that only its words change here.
Every step may be repeated. Locks are taken in the order of the pipeline.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import IntegrityError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from agents.models import Conversation
from agents.runs import steps, transcript
from agents.runs.transcript import ERASED
from channels.media import shelf
from channels.messages.incoming.addressing import SAID_TO_OTHERS
from channels.models import Delivery, InboxEvent, InboxEventQuerySet, Thread
from channels.providers.base import Edit, InboundEvent
from tenants.wordings import NOTHING, Wording

DELETED = Wording("channels.deleted", _("Deleted by its author."))
_OPEN = (
    InboxEvent.State.RECEIVED,
    InboxEvent.State.PENDING,
    InboxEvent.State.DOUBTFUL,
    InboxEvent.State.FAILED,
    InboxEvent.State.IGNORED,
)
"""No answer to these was sent or is in the making, so a deletion ends them."""


class MovedError(IntegrityError):
    """Somebody picked up the message at this very moment: look it up once more."""


def find(event: InboundEvent, key: str) -> InboxEvent | None:
    """The stored event of a message, by the message's key, inside the tenant's scope."""
    keys = {"provider": event.provider, "external_account": event.account, "message_key": key}
    return InboxEvent.objects.filter(**keys).first()


def locked(event_id: UUID) -> InboxEvent:
    """The event, locked after its thread, its conversation and the answer to it. Raises MovedError."""
    events = InboxEvent.objects.select_related("thread", "turn", "run__revision")
    seen = events.get(id=event_id)
    if seen.thread_id:
        list(Thread.objects.select_for_update(no_key=True).filter(id=seen.thread_id))
    if seen.turn:
        list(Conversation.objects.select_for_update(no_key=True).filter(id=seen.turn.conversation_id))
    if seen.run_id:
        parts = Delivery.objects.select_for_update(no_key=True, of=("self",)).filter(turn__run=seen.run_id)
        list(parts.order_by("id"))
    event = events.select_for_update(no_key=True, of=("self",)).get(id=event_id)
    if (event.thread_id, event.turn_id, event.run_id) != (seen.thread_id, seen.turn_id, seen.run_id):
        raise MovedError(f"event {event.id} has moved on")
    return event


def gone() -> Mapping[str, Any]:
    """What we keep of a deletion that came before its message, besides the key, which absorbs the message."""
    now = timezone.now()
    return {"state": InboxEvent.State.IGNORED, "reason": DELETED(), "deleted_at": now, "finished_at": now}


def may_be_heard(event: InboxEvent) -> bool:
    """Was this said to others, and neither deleted nor erased since?"""
    return event.state == InboxEvent.State.IGNORED and bool(event.place) and event.deleted_at is None


def is_news(event: InboxEvent, edit: Edit) -> bool:
    """Does an edit come after what is known of the message? Repeated ones change nothing."""
    return event.deleted_at is None and (event.version is None or edit.version >= event.version)


def edit(event: InboxEvent, edit: Edit, *, is_for_others: bool) -> UUID | None:
    """Take over what a locked event's message says now; the thread to answer, if something waits there.

    is_for_others: nobody has to answer it as it reads now. What was erased, or is not kept any more, does not come
    back.
    """
    if not is_news(event, edit):
        return None
    event.version, event.is_readable = edit.version, edit.message.is_readable
    if event.payload:
        event.payload = edit.payload
    if event.state in {InboxEvent.State.RECEIVED, InboxEvent.State.DOUBTFUL}:  # it is heard as it reads then
        event.is_addressed = edit.message.is_addressed
    event.save(update_fields=["version", "payload", "is_readable", "is_addressed"])
    turn = event.turn
    if turn is None or turn.text == ERASED:
        return None
    shelf.follow(turn.id, event.connection_id, edit.message.files)
    if not transcript.reword(turn, edit.message.text):
        return None
    if event.state == InboxEvent.State.RUNNING:
        _ask_again(event)
    elif event.state == InboxEvent.State.ANSWERED:
        _take_back(event)
    _turn_away(event) if is_for_others else _turn_back(event)
    return _waiting(event)


def _turn_away(event: InboxEvent) -> None:
    """By their edit somebody turned to others, before an answer was sent: it waits for none."""
    waits = InboxEvent.objects.filter(id=event.id, state=InboxEvent.State.PENDING)
    waits.update(state=InboxEvent.State.IGNORED, reason=SAID_TO_OTHERS(), payload="", finished_at=timezone.now())


def _turn_back(event: InboxEvent) -> None:
    """And by another edit back to the employee."""
    away = InboxEvent.objects.filter(id=event.id, state=InboxEvent.State.IGNORED, reason=SAID_TO_OTHERS())
    away.update(state=InboxEvent.State.PENDING, reason=NOTHING, finished_at=None)


def delete(event: InboxEvent) -> UUID | None:
    """Erase what a locked event's message said; the thread to answer, if something else waits there."""
    if event.deleted_at:
        return None
    if event.turn:
        transcript.withdraw(event.turn)
        shelf.forget([event.turn.id])
    event.deleted_at, event.payload, was = timezone.now(), "", event.state
    if was in _OPEN or (was == InboxEvent.State.ANSWERED and _take_back(event)):
        event.state, event.reason, event.finished_at = InboxEvent.State.IGNORED, DELETED(), event.deleted_at
        event.run = None
    event.save(update_fields=["deleted_at", "payload", "state", "reason", "finished_at", "run"])
    if was == InboxEvent.State.RUNNING:
        _ask_again(event)  # whoever has it finds out when the answer lands, and settles its call
    return _waiting(event)


def drop_deleted(thread: Thread) -> int:
    """Under the thread's lock: what was deleted while it was being answered waits no more; returns how many."""
    deleted = InboxEvent.objects.filter(thread=thread, state__in=InboxEvent.WAITING, deleted_at__isnull=False)
    return deleted.update(state=InboxEvent.State.IGNORED, reason=DELETED(), finished_at=timezone.now())


def _ask_again(event: InboxEvent) -> None:
    """What is being answered together with this waits again, as with newer input: the LLM has read the old words."""
    asked = _of_thread(event).filter(state=InboxEvent.State.RUNNING, deleted_at=None)
    asked.update(state=InboxEvent.State.PENDING)


def _take_back(event: InboxEvent) -> bool:
    """Drop an answer of which nothing went out yet; what it answers waits again. False if it is too late."""
    run = event.run
    if run is None:
        return False
    parts = Delivery.objects.filter(turn__run=run)
    if parts.exclude(state=Delivery.State.PENDING).exists():
        return False
    parts.delete()
    steps.take_back(run)
    answered = InboxEvent.objects.filter(run=run, state=InboxEvent.State.ANSWERED)
    answered.update(state=InboxEvent.State.PENDING, run=None)
    return True


def _waiting(event: InboxEvent) -> UUID | None:
    waits = event.thread_id and _of_thread(event).unanswered().filter(deleted_at=None).exists()
    return event.thread_id if waits else None


def _of_thread(event: InboxEvent) -> InboxEventQuerySet:
    return InboxEvent.objects.filter(thread=event.thread_id)
