"""Conversations under way in this process: how many at once, whose turn it is, and each one's way to its end.

While the LLM works, a conversation holds no thread and no connection: only its place here and the lease that the
keeper renews. Threads of a small pool do the rest: hear and claim, land, send.
"""

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import cache, partial
from uuid import UUID

from django.conf import settings

from agents.llm.calls import Completion
from agents.runs import steps
from channels.messages import claim as claims
from channels.messages import deliver, drafts, due, land
from channels.messages.claim import Claim, Strangers
from channels.messages.consignment import Dispatch
from channels.messages.incoming.room import Place
from channels.messages.land import Again, Later
from channels.models import Thread
from channels.progress.stage import Stage, What
from channels.scene import introductions
from tenants.jobs import keeper
from tenants.jobs.hold import Hold
from tenants.jobs.keeper import Ending
from tenants.jobs.pool import FairPool
from tenants.outbound import event_loop

log = logging.getLogger(__name__)

LOOK_AGAIN_SECONDS = 0.05
"""With work left over, how often to look again while places become free."""

Came = Claim | Dispatch | Strangers | Again | Later | bool | None
"""What a step brought. A bool is what `deliver.send` says: does something wait there now?"""
Step = Callable[[], Came]


@dataclass(eq=False)
class _Visit:
    """A place under way. An answer is dropped for newer input once, and asked for with less once.

    is_left_out: somebody looked for what is due meanwhile, and left this place out. stage: what people are
    shown of it.
    """

    place: Place
    is_left_out: bool = False
    may_start_over: bool = True
    may_ask_less: bool = True
    call: "Future[Completion] | None" = None
    stage: Stage = field(default_factory=Stage)


class Dispatcher:
    """What a worker does about messages.

    slots: conversations under way at once, at most; share: those of one workspace. pool: does the short work.
    """

    def __init__(self, slots: int, share: int, pool: FairPool) -> None:
        self._slots, self._share, self._pool = slots, share, pool
        self._changed = threading.Condition()
        self._visits: dict[Place, _Visit] = {}
        self._errands: set[Hashable] = set()
        self._is_looking = self._is_wanted = self._is_short = self._is_timed = False
        self._is_closed = self._is_canceled = False

    def look(self) -> None:
        """Take up what is due, in turn by workspace, as far as there are slots. Harmless at any time, in any thread."""
        with self._changed:
            self._is_wanted = True
            if self._is_looking:
                return
            self._is_looking = True
        try:
            while self._wants_a_look():
                self._look()
        except Exception:
            with self._changed:
                self._is_looking = False
            raise

    def run(self, tenant_id: UUID, key: Hashable, work: Callable[[], bool]) -> None:
        """Do this about messages in one of the threads, in turn by workspace; where it says so, look what is due.

        key: what it is about, so that it is not done twice at once.
        """
        with self._changed:
            if self._is_closed or key in self._errands:
                return
            self._errands.add(key)

        def errand() -> None:
            is_to_look = False
            try:
                is_to_look = work()
            finally:
                with self._changed:
                    self._errands.discard(key)
                    self._changed.notify_all()
            if is_to_look:
                self.look()

        self._pool.submit(tenant_id, errand)

    def close(self) -> None:
        """Take nothing up any more; what is under way goes on."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()

    def cancel(self) -> None:
        """Wait for no LLM any more: calls are settled at their estimates, and their messages wait for other workers."""
        self.close()
        with self._changed:
            self._is_canceled = True
            calls = [visit.call for visit in self._visits.values() if visit.call]
        for call in calls:
            call.cancel()

    def drain(self, seconds: float) -> bool:
        """Wait until nothing is under way, at most so long; whether it is so."""
        end = time.monotonic() + seconds
        with self._changed:
            while self.under_way and (left := end - time.monotonic()) > 0:
                self._changed.wait(left)
            return not self.under_way

    @property
    def is_closed(self) -> bool:
        """Is nothing taken up any more?"""
        return self._is_closed

    @property
    def under_way(self) -> int:
        """How many conversations are under way, with other work on messages."""
        return len(self._visits) + len(self._errands)

    def _wants_a_look(self) -> bool:
        with self._changed:
            is_wanted = self._is_wanted and not self._is_closed
            self._is_wanted = False
            self._is_looking = is_wanted
            return is_wanted

    def _look(self) -> None:
        with self._changed:
            busy = list(self._visits)
            for visit in self._visits.values():
                visit.is_left_out = True
            free = self._slots - len(busy)
        running = Counter(place.tenant_id for place in busy)
        found = due.places(free, self._share, busy, running) if free > 0 else []
        with self._changed:
            running.update(place.tenant_id for place in found)
            self._is_short = len(found) >= free or max(running.values(), default=0) >= self._share
            begun = [_Visit(place) for place in found if not self._is_closed and place not in self._visits]
            self._visits.update({visit.place: visit for visit in begun})
        for visit in begun:
            self._submit(visit, partial(claims.take_up, visit.place))

    def _submit(self, visit: _Visit, step: Step) -> None:
        self._pool.submit(visit.place.tenant_id, lambda: self._go_on(visit, step))

    def _go_on(self, visit: _Visit, step: Step) -> None:
        """One step after the other, in a thread of the pool, until the LLM is asked or nothing is left to do."""
        following: Step | None = step
        try:
            while following:
                following = self._after(visit, following())
        except Exception:
            log.exception("A conversation was left: the sweep takes it up again")
            visit.stage.ending = What.WAITING
            self._leave(visit)

    def _after(self, visit: _Visit, came: Came) -> Step | None:
        """What to do next in this thread; None if the conversation waits for its LLM, or is done."""
        match came:
            case Claim():
                return self._ask(visit, came)
            case Dispatch():
                visit.is_left_out = False  # once it is sent, it is asked whether something waits
                visit.stage.goes_on(came.audience)
                return partial(deliver.send, came)
            case Strangers():
                return partial(self._introduce, visit, came)
            case Again() if not self._is_closed:
                visit.may_start_over, visit.may_ask_less, visit.is_left_out = False, True, False
                return partial(claims.take_up, visit.place, is_restart=True, are_introduced=True)
            case Again() | Later():
                visit.stage.ending = What.WAITING
            case True if not self._is_closed:
                visit.stage.end()
                visit.may_start_over, visit.may_ask_less, visit.is_left_out = True, True, False
                return partial(claims.take_up, visit.place)
        self._leave(visit)
        return None

    def _introduce(self, visit: _Visit, strangers: Strangers) -> Came:
        """Names make an answer better; without them there is one all the same."""
        try:
            introductions.introduce(visit.place.tenant_id, strangers.thread_id)
        except Exception:
            log.exception("Names could not be asked for")
        return claims.take_up(visit.place, are_introduced=True)

    def _ask(self, visit: _Visit, claim: Claim) -> Step | None:
        """Hand the call to the event loop; its end brings the conversation back into the pool."""
        draft = drafts.draft_of(claim.topic)
        try:
            call = visit.call = steps.ask(claim.run, draft)
        except Exception as error:  # noqa: BLE001 - it is named there
            return partial(self._land_failed, visit, claim, error)

        def end(ending: Ending) -> None:
            if ending is Ending.OVERTAKEN:
                call.cancel()

        if draft:
            call.add_done_callback(draft.end)
        hold = keeper.keep(Thread, claim.thread_id, claim.attempt, on_end=end)
        call.add_done_callback(lambda done: self._submit(visit, partial(self._land, visit, claim, hold, done)))
        if self._is_canceled:
            call.cancel()
        visit.stage.begin(claim.audience, claim.progress)
        return None

    def _land(self, visit: _Visit, claim: Claim, hold: Hold, call: "Future[Completion]") -> Came:
        keeper.let_go(hold)
        visit.call = None
        if call.cancelled():
            self._land_canceled(visit, claim, hold)
            return None
        try:
            completion = call.result()
        except Exception as error:  # noqa: BLE001 - it is named there
            may_ask_less, visit.may_ask_less = visit.may_ask_less, False
            return self._land_failed(visit, claim, error, may_ask_less=may_ask_less)
        return land.answered(claim, completion, may_start_over=visit.may_start_over and not self._is_closed)

    def _land_canceled(self, visit: _Visit, claim: Claim, hold: Hold) -> None:
        if hold.ending is Ending.OVERTAKEN:
            land.overtaken(claim)
            visit.stage.leave()  # whoever took over shows what comes of it
        else:
            land.stopped(claim)
            visit.stage.ending = What.WAITING

    def _land_failed(self, visit: _Visit, claim: Claim, error: Exception, *, may_ask_less: bool = False) -> Came:
        landed = land.failed(claim, land.named(error), may_ask_less=may_ask_less)
        if isinstance(landed, Dispatch):
            visit.stage.ending = What.FAILED
        return landed

    def _leave(self, visit: _Visit) -> None:
        """Look again if others wait for a slot, or something may have come that was left out of the last look."""
        visit.stage.end()
        with self._changed:
            self._visits.pop(visit.place, None)
            self._changed.notify_all()
            is_to_look = (self._is_short or visit.is_left_out) and not (self._is_timed or self._is_closed)
            self._is_timed = self._is_timed or is_to_look
        if is_to_look:
            event_loop.later(LOOK_AGAIN_SECONDS, lambda: self._pool.submit(None, self._look_again))

    def _look_again(self) -> None:
        with self._changed:
            self._is_timed = False
        self.look()


_starting = threading.Lock()


@cache
def _dispatcher_once() -> Dispatcher:
    pool = FairPool(settings.MESSAGE_THREADS, settings.TENANT_THREADS, "messages")
    return Dispatcher(settings.MESSAGE_SLOTS, settings.TENANT_SLOTS, pool)


def dispatcher() -> Dispatcher:
    """This process's own."""
    with _starting:  # functools.cache alone lets threads that begin together make several
        return _dispatcher_once()
