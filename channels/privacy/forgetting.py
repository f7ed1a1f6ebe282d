"""Forgetting whole conversations, and the content of events.

The keys by which we would recognize a redelivery stay, without content. So does the ledger: ids and numbers.
Locks are taken in the order of the pipeline: thread, conversation, deliveries, events, turns, calls.
"""

from collections.abc import Collection, Iterator, Sequence
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from agents.models import Conversation, LLMCall, Run, Turn
from agents.runs import steps
from channels.models import Delivery, InboxEvent, InboxEventQuerySet, Thread
from tenants.scope import tenant_scope
from tenants.wordings import Wording

ERASED = Wording("channels.erased", _("Erased."))
TURNS_AT_ONCE = 1_000


def forget(conversations: Collection[UUID], *, even_open: bool = False) -> int:
    """Delete conversations with everything in them, inside the tenant's scope; returns how many.

    Those that wait for an answer or are being answered are left alone, unless `even_open`: then they end first.
    """
    threads = list(_locked(conversations, waits=even_open))
    taken = Thread.objects.filter(conversation__in=conversations).exclude(id__in=[each.id for each in threads])
    free = set(conversations) - set(taken.values_list("conversation", flat=True))
    found = Conversation.objects.select_for_update(no_key=True).filter(id__in=free).order_by("id")
    locked = list(found.values_list("id", flat=True))
    if even_open:
        end(threads)
    else:
        locked = _closed(locked)
    _delete(locked)
    return len(locked)


def thin(tenant_id: UUID, conversation: UUID, *, even_open: bool = False) -> None:
    """Before a very long conversation is forgotten: delete its oldest turns some at a time. Open no scope around this.

    What is left goes at once. One that is under way is left alone, unless `even_open`.
    """
    while _thin_once(tenant_id, conversation, even_open=even_open):
        pass


def _thin_once(tenant_id: UUID, conversation: UUID, *, even_open: bool) -> bool:
    with tenant_scope(tenant_id):
        turns = Turn.objects.filter(conversation=conversation).order_by("said_at", "id")
        if not turns[TURNS_AT_ONCE:].exists():
            return False
        threads = list(_locked([conversation], waits=even_open))
        if not even_open and not (threads and _closed([conversation])):
            return False
        oldest = list(turns.values_list("id", "run")[:TURNS_AT_ONCE])
        runs_of = [run for _, run in oldest if run]
        said = [turn for turn, _ in oldest]
        Delivery.objects.filter(turn__in=said).delete()
        events = InboxEvent.objects.filter(Q(turn__in=said) | Q(run__in=runs_of)).order_by()
        empty(InboxEvent.objects.filter(id__in=list(events.values_list("id", flat=True))), is_detached=True)
        Turn.objects.filter(id__in=said).delete()
        LLMCall.objects.filter(run__in=runs_of).delete()
        Run.objects.filter(id__in=runs_of).delete()
    return True


def _locked(conversations: Collection[UUID], *, waits: bool) -> Iterator[Thread]:
    threads = Thread.objects.select_for_update(no_key=True, skip_locked=not waits, of=("self",))
    yield from threads.select_related("conversation__agent").filter(conversation__in=conversations).order_by("id")


def _closed(conversations: Collection[UUID]) -> list[UUID]:
    """Those of which nothing is under way."""
    now = timezone.now()
    waiting = InboxEvent.objects.unanswered().filter(Q(turn__conversation__in=conversations)).order_by()
    leaving = Delivery.objects.filter(turn__conversation__in=conversations).holding_up(now)
    leased = Thread.objects.filter(conversation__in=conversations, leased_until__gt=now)
    busy = {
        *waiting.values_list("turn__conversation", flat=True),
        *leaving.values_list("turn__conversation", flat=True),
        *leased.values_list("conversation", flat=True),
    }
    return [each for each in conversations if each not in busy]


def end(threads: Sequence[Thread]) -> None:
    """Fence off whoever is answering, and settle what the LLM was asked; others' messages wait again."""
    for thread in threads:
        thread.overtake()
        steps.abandon(thread.conversation)
        running = InboxEvent.objects.filter(thread=thread, state=InboxEvent.State.RUNNING)
        running.update(state=InboxEvent.State.PENDING)


def _delete(conversations: Collection[UUID]) -> None:
    threads = list(Thread.objects.filter(conversation__in=conversations).values_list("id", flat=True))
    heard = Q(turn__conversation__in=conversations)
    Delivery.objects.filter(heard | Q(thread__in=threads)).delete()
    answered = Q(run__conversation__in=conversations) | Q(thread__in=threads, turn=None)
    told = InboxEvent.objects.filter(answered | heard)
    empty(InboxEvent.objects.filter(id__in=list(told.order_by().values_list("id", flat=True))), is_detached=True)
    # What is left was said in the same place to a predecessor: its event still leads to it when its author is erased.
    InboxEvent.objects.filter(thread__in=threads).update(thread=None)
    Turn.objects.filter(conversation__in=conversations).delete()
    LLMCall.objects.filter(run__conversation__in=conversations).delete()
    Run.objects.filter(conversation__in=conversations).delete()
    Thread.objects.filter(id__in=threads).delete()
    Conversation.objects.filter(id__in=conversations).delete()


def empty(events: InboxEventQuerySet, *, is_detached: bool = False) -> int:
    """Blank the content of events; what was waiting ends. Their keys still absorb redeliveries."""
    events.filter(state__in=InboxEvent.UNFINISHED).update(
        state=InboxEvent.State.IGNORED, reason=ERASED(), finished_at=timezone.now()
    )
    events.filter(state=InboxEvent.State.IGNORED).update(reason=ERASED())
    detached: dict[str, Any] = {"thread": None, "turn": None, "run": None, "address": {}} if is_detached else {}
    return events.update(payload="", author="", place="", **detached)
