"""What a worker does about messages, one step at a time and in this thread: by the product's own functions.

A message that an answer left claimed is sent by `send_due`, as the worker that claimed it does at once.
"""

from concurrent.futures import CancelledError
from uuid import UUID

from agents.llm.calls import Completion, LLMError
from agents.runs import steps
from channels.messages import claim as claims
from channels.messages import deliver, land
from channels.messages.claim import Claim, Strangers, Taken
from channels.messages.deliver import Dispatch
from channels.messages.incoming.room import Place
from channels.messages.land import Again, Landed
from channels.models import InboxEvent, Thread
from channels.scene import introductions
from tenants.jobs import keeper
from tenants.jobs.keeper import Ending
from tenants.scope import tenant_scope

_claimed: dict[UUID, Dispatch] = {}


def hear(tenant_id: UUID) -> None:
    """Hear everything that came in."""
    with tenant_scope(tenant_id):
        received = InboxEvent.objects.filter(state=InboxEvent.State.RECEIVED, place_id__isnull=False)
        places = {Place(tenant_id, *row) for row in received.values_list("connection_id", "place_id")}
    for place in places:
        claims.hear_all(place)


def place_of(tenant_id: UUID, thread_id: UUID) -> Place | None:
    """Where a thread is; None once it is gone."""
    with tenant_scope(tenant_id):
        row = Thread.objects.filter(id=thread_id).values_list("connection_id", "place_id").first()
    return Place(tenant_id, *row) if row and row[1] else None


def take(tenant_id: UUID, thread_id: UUID, *, is_restart: bool = False) -> Taken:
    """Claim a thread's place, once people are introduced."""
    place = place_of(tenant_id, thread_id)
    if place is None:
        return None
    taken = claims.take_up(place, is_restart=is_restart)
    if isinstance(taken, Strangers):
        introductions.introduce(tenant_id, taken.thread_id)
        taken = claims.take_up(place, is_restart=is_restart, are_introduced=True)
    return taken


def claim(tenant_id: UUID, thread_id: UUID) -> Claim | None:
    """The same; None if there is nothing to ask an LLM."""
    taken = take(tenant_id, thread_id)
    if isinstance(taken, Dispatch):
        _claimed[thread_id] = taken
    return taken if isinstance(taken, Claim) else None


def answer(tenant_id: UUID, thread_id: UUID) -> None:
    """Claim, ask, land; nothing is sent."""
    taken: Taken = take(tenant_id, thread_id)
    if isinstance(taken, Dispatch):
        _claimed[thread_id] = taken
    if isinstance(taken, Claim) and attempt(taken, may_start_over=True):
        again = take(tenant_id, thread_id, is_restart=True)
        if isinstance(again, Claim):
            attempt(again, may_start_over=False)


def attempt(claimed: Claim, *, may_start_over: bool) -> bool:
    """Ask and land. True if the answer was dropped for newer input."""
    following: Landed = claimed
    may_ask_less = True
    while isinstance(following, Claim):
        following = _asked(following, may_start_over=may_start_over, may_ask_less=may_ask_less)
        may_ask_less = False
    if isinstance(following, Dispatch):
        _claimed[claimed.thread_id] = following
    return isinstance(following, Again)


def land_answer(claimed: Claim, completion: Completion, *, may_start_over: bool) -> bool:
    """Land an answer, to be sent by `send_due`. True if it was dropped for newer input."""
    landed = land.answered(claimed, completion, may_start_over=may_start_over)
    if isinstance(landed, Dispatch):
        _claimed[claimed.thread_id] = landed
    return isinstance(landed, Again)


def _asked(claimed: Claim, *, may_start_over: bool, may_ask_less: bool) -> Landed:
    try:
        call = steps.ask(claimed.run)
    except LLMError as error:
        return land.failed(claimed, error)

    def end(ending: Ending) -> None:
        if ending is Ending.OVERTAKEN:
            call.cancel()

    with keeper.kept(Thread, claimed.thread_id, claimed.attempt, on_end=end):
        try:
            completion = call.result()
        except CancelledError:
            land.overtaken(claimed)
            return None
        except LLMError as error:
            return land.failed(claimed, error, may_ask_less=may_ask_less)
    return land.answered(claimed, completion, may_start_over=may_start_over)


def send_due(tenant_id: UUID, thread_id: UUID) -> bool:
    """Send what is claimed, or else what is due; whether something waits for an answer there now."""
    claimed_now = _claimed.pop(thread_id, None)
    return deliver.send(claimed_now) if claimed_now else deliver.send_due(tenant_id, thread_id)
