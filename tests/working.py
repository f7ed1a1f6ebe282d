"""What a worker does about messages, one step at a time and in this thread: by the product's own functions.

A worker sends what it has claimed at once. Here a claimed message is put back, so that tests can look at it and change
it before `send_due` claims it again.
"""

from concurrent.futures import CancelledError
from uuid import UUID

from agents.llm.calls import Completion
from agents.runs import steps
from channels.messages import claim as claims
from channels.messages import deliver, land
from channels.messages.claim import Claim, Strangers, Taken
from channels.messages.consignment import Dispatch
from channels.messages.incoming import changes
from channels.messages.incoming import hear as hear_events
from channels.messages.incoming.room import Place, Room
from channels.messages.land import Again, Landed
from channels.models import Connection, Delivery, InboxEvent, Thread, place_id_of
from channels.providers.base import InboundEvent, InboundMessage
from channels.scene import introductions
from tenants.jobs import keeper
from tenants.jobs.keeper import Ending
from tenants.models import Tenant
from tenants.scope import tenant_scope


def hear(tenant_id: UUID) -> None:
    """Hear everything that came in."""
    with tenant_scope(tenant_id):
        received = InboxEvent.objects.filter(state=InboxEvent.State.RECEIVED, place_id__isnull=False)
        rows = received.values_list("connection_id", "place_id")
        places = {Place(tenant_id, connection, place) for connection, place in rows if place}
    for place in places:
        claims.hear_all(place)


def hear_now(connection: Connection, event: InboundEvent, message: InboundMessage) -> Thread:
    """Store an event and hear it, inside the tenant's scope."""
    threads = Thread.objects.filter(connection=connection, place_id=place_id_of(message.place))
    room = Room(connection, threads.select_related("conversation__agent"))
    stored = changes.made(connection, event, message, state=InboxEvent.State.RECEIVED)
    stored.save(force_insert=True)
    hear_events.write([stored, *hear_events.hear_said(room, [(stored, message)], stored.received_at)])
    hear_events.count(room, stored.received_at)
    assert stored.thread
    return stored.thread


def hear_everywhere() -> None:
    """The same in all workspaces."""
    for tenant_id in Tenant.objects.values_list("id", flat=True):
        hear(tenant_id)


def place_of(tenant_id: UUID, thread_id: UUID) -> Place | None:
    """Where a thread is; None once it is gone."""
    with tenant_scope(tenant_id):
        row = Thread.objects.filter(id=thread_id).values_list("connection_id", "place_id").first()
    return Place(tenant_id, row[0], row[1]) if row and row[1] else None


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
        put_back(taken)
    return taken if isinstance(taken, Claim) else None


def answer(tenant_id: UUID, thread_id: UUID) -> None:
    """Claim, ask, land; nothing is sent."""
    taken = take(tenant_id, thread_id)
    if isinstance(taken, Dispatch):
        put_back(taken)
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
        put_back(following)
    return isinstance(following, Again)


def land_answer(claimed: Claim, completion: Completion, *, may_start_over: bool) -> bool:
    """Land an answer, to be sent by `send_due`. True if it was dropped for newer input."""
    landed = land.answered(claimed, completion, may_start_over=may_start_over)
    if isinstance(landed, Dispatch):
        put_back(landed)
    return isinstance(landed, Again)


def _asked(claimed: Claim, *, may_start_over: bool, may_ask_less: bool) -> Landed:
    try:
        call = steps.ask(claimed.run)
    except Exception as error:  # noqa: BLE001 - it is named there
        return land.failed(claimed, land.named(error))

    def end(ending: Ending) -> None:
        if ending is Ending.OVERTAKEN:
            call.cancel()

    with keeper.kept(Thread, claimed.thread_id, claimed.attempt, on_end=end):
        try:
            completion = call.result()
        except CancelledError:
            land.overtaken(claimed)
            return None
        except Exception as error:  # noqa: BLE001 - it is named there
            return land.failed(claimed, land.named(error), may_ask_less=may_ask_less)
    return land.answered(claimed, completion, may_start_over=may_start_over)


def put_back(dispatch: Dispatch) -> None:
    """As if nobody had claimed this message yet."""
    with tenant_scope(dispatch.tenant_id):
        delivery = Delivery.objects.get(id=dispatch.delivery_id)
        delivery.move(Delivery.State.PENDING, attempt=0, sending_since=None)


def next_of(tenant_id: UUID, thread_id: UUID) -> Dispatch | None:
    """Claim the thread's next message that is due."""
    with tenant_scope(tenant_id):
        return deliver.claim_next(thread_id)


def send_due(tenant_id: UUID, thread_id: UUID) -> bool:
    """Send what is due; whether something waits for an answer there now."""
    return deliver.send_due(tenant_id, thread_id)
