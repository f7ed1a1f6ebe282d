"""What waits for an answer in a place, whether it is due, and who has it."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from channels.messages.incoming import corrections
from channels.messages.incoming.room import Place
from channels.models import InboxEvent, InboxEventQuerySet, Thread
from channels.routing import choosing

State = InboxEvent.State
MOST_AT_ONCE = 200
"""Events of a place that are heard and answered together; further ones come next. It bounds time and memory."""


def threads_in(place: Place) -> list[Thread]:
    """The threads of a place, locked, with all that an answer needs of them."""
    threads = Thread.objects.select_for_update(no_key=True, of=("self",)).select_related(
        "conversation__agent", "connection", "tenant"
    )
    here = threads.filter(connection=place.connection_id, place_id=place.place_id)
    found = list(here.annotate(names=choosing.names()).order_by("id"))
    for thread in found:
        connection, conversation = thread.connection, thread.conversation
        conversation.tenant = connection.tenant = thread.tenant
        if connection.agent_id == conversation.agent_id:  # as good as always, if one is chosen
            connection.agent = conversation.agent
    return found


def events_in(place: Place, threads: Collection[Thread]) -> list[InboxEvent]:
    """The first that are to be heard or answered in a place, locked after its threads, in the provider's order."""
    events = InboxEvent.objects.select_for_update(no_key=True, of=("self",)).select_related("turn__person")
    if not threads:
        events = events.select_related("connection__agent", "connection__tenant")
    unheard = Q(state=State.RECEIVED, connection=place.connection_id, place_id=place.place_id)
    is_free = Q(held_until=None) | Q(held_until__lte=timezone.now())
    unanswered = Q(is_free, state__in=InboxEvent.WAITING, thread__in=[thread.id for thread in threads])
    return list(events.filter(unheard | unanswered if threads else unheard).order_by("position", "id")[:MOST_AT_ONCE])


def is_quiet(events: Iterable[InboxEvent], now: datetime) -> bool:
    """A short quiet period lets quick messages get one answer, and ends after a while, whatever comes."""
    waiting = list(events)
    quiet = max((event.due_at for event in waiting if event.due_at), default=now)
    first = min((event.received_at for event in waiting), default=now)
    return now >= min(quiet, first + timedelta(seconds=settings.QUIET_MAX_SECONDS))


def still_ours(thread_id: UUID, attempt: int) -> Thread | None:
    """The thread, locked, unless another worker has taken it over since."""
    threads = Thread.objects.still_ours(thread_id, attempt)
    thread = threads.select_related("conversation__agent", "connection", "tenant").first()
    if thread:
        thread.conversation.tenant = thread.tenant
    return thread


def running(thread: Thread) -> InboxEventQuerySet:
    """What is being answered."""
    return InboxEvent.objects.filter(thread=thread, state=State.RUNNING)


@dataclass(frozen=True)
class Standing:
    """What became of a conversation while its answer was made: what it answers, and whether there is newer input."""

    answered: Sequence[InboxEvent]
    has_newer: bool

    @property
    def is_moot(self) -> bool:
        """Was all that is being answered changed or deleted meanwhile?"""
        return not self.answered


def standing_of(thread: Thread) -> Standing:
    """The same for a locked thread. What was deleted meanwhile waits no more."""
    unheard = Q(state=State.RECEIVED, connection=thread.connection_id, place_id=thread.place_id)
    open_events = InboxEvent.objects.filter(unheard | Q(thread=thread, state__in=InboxEvent.WAITING))
    found = list(open_events.defer("payload").order_by("position", "id"))
    if any(event.deleted_at for event in found):
        corrections.drop_deleted(thread)
        found = [event for event in found if not event.deleted_at]
    answered = [event for event in found if event.state == State.RUNNING]
    return Standing(answered, has_newer=len(answered) < len(found))


def is_over(thread: Thread) -> bool:
    """Does nothing wait for an answer, because all of it was deleted?"""
    corrections.drop_deleted(thread)
    return not InboxEvent.objects.unanswered().filter(thread=thread).exists()


def address_of(events: InboxEventQuerySet) -> dict[str, str]:
    """An answer goes where the last of what it answers was said."""
    return dict(events.order_by("-position").values_list("address", flat=True)[0])
