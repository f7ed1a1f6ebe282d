"""A person stops an answer: nobody makes it any more, and nothing of it that was not sent yet goes out.

Whoever waits for the LLM finds out by its lease, in whatever process that is: see tenants.jobs.keeper.
"""

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from agents.models import Conversation
from agents.runs import steps
from channels.messages.incoming.room import Place
from channels.models import Connection, Delivery, InboxEvent, Thread
from channels.progress.audience import end_once_saved
from channels.providers.base import Stop
from channels.reasons import Cause
from tenants.scope import current_tenant_id, hold_alone
from tenants.wordings import Wording

STOPPED = Wording("channels.stopped_by_person", _("Stopped by the person."))
State = InboxEvent.State


def stop(connection: Connection, stop: Stop) -> None:
    """Inside the tenant's scope. Harmless where nothing is being done. Locks as docs/pipeline.md says."""
    thread = Thread.objects.filter(connection=connection, external_id=stop.thread_id).first()
    if thread and thread.place_id:
        hold_alone(Place(current_tenant_id(), connection.id, thread.place_id).lock)
        _stop_in(thread, stop)
    unheard = InboxEvent.objects.filter(connection=connection, state=State.RECEIVED, address=dict(stop.address))
    _set_aside(_said_before(unheard, stop))
    end_once_saved(connection, stop.address)


def _stop_in(seen: Thread, stop: Stop) -> None:
    thread = Thread.objects.select_for_update(no_key=True, of=("self",)).get(id=seen.id)
    conversation = Conversation.objects.select_related("agent", "tenant").select_for_update(no_key=True, of=("self",))
    thread.conversation = conversation.get(id=thread.conversation_id)
    unsent = Delivery.objects.filter(thread=thread, state=Delivery.State.PENDING)
    answered = InboxEvent.objects.filter(thread=thread, state=State.ANSWERED, run__turn__deliveries__in=unsent)
    cut_off = list(answered.values_list("id", flat=True).distinct())
    unsent.update(state=Delivery.State.FAILED, error=STOPPED(), cause=Cause.STOPPED)
    _set_aside(InboxEvent.objects.filter(id__in=cut_off))
    waits = InboxEvent.objects.unanswered().filter(thread=thread)
    if thread.leased_until is not None and waits.filter(state=State.RUNNING).exists():
        steps.give_up(thread.conversation, STOPPED())
        thread.overtake(failures=0, retry_at=None)
    waits.filter(state=State.RUNNING).update(state=State.PENDING)
    _set_aside(_said_before(waits, stop))


def _said_before(events: QuerySet[InboxEvent], stop: Stop) -> QuerySet[InboxEvent]:
    return events if stop.position is None else events.filter(position__lte=stop.position)


def _set_aside(events: QuerySet[InboxEvent]) -> None:
    """They are dealt with. Their words are in the conversation, if anybody has heard them."""
    events.order_by().update(state=State.IGNORED, reason=STOPPED(), finished_at=timezone.now(), payload="")
