"""Ten messages a second, as many answers as possible, and as many calls in flight as possible."""

import time
from dataclasses import dataclass

from tests.bench.figures import Spread
from tests.bench.messages.latency import ways
from tests.bench.messages.sending import answered, ask, busy_stack
from tests.flow.office import open_office
from tests.stack import Stack

PACE_MESSAGES = 200
PACE_SECONDS = 0.1
WARM_UP = 10
OFFICES = 8
ANSWERS = 480
LLM_SECONDS = 1.0
ANSWERS_WITHIN = 90.0
IN_FLIGHT = 400
SLOW_SECONDS = 75
REACHED_WITHIN = 60.0
STILL_SECONDS = 15.0


def pace() -> Spread:
    """Seconds from an event to the post beyond the LLM's own, at ten messages a second."""
    with busy_stack(0) as stack:
        office = open_office(stack)
        answered(ask([office], ["Note this."] * WARM_UP), within=60)
        asked = ask([office], [f"Note m{number}." for number in range(PACE_MESSAGES)], PACE_SECONDS)
        done = answered(asked, within=120)
        assert len(done) == PACE_MESSAGES, f"{len(done)} of {PACE_MESSAGES} are answered; see {stack.log}"
        office.settled()
        known = ways(office)
        return Spread([known[each.ts].own for each in asked])


@dataclass(frozen=True)
class Answers:
    """How many answers there were, and within how many seconds from the first question to the last answer."""

    number: int
    seconds: float

    @property
    def rate(self) -> float:
        return self.number / self.seconds


def answers() -> Answers:
    """Several workspaces ask everything at once, with an LLM that takes a second."""
    with busy_stack(LLM_SECONDS) as stack:
        offices = [open_office(stack) for _ in range(OFFICES)]
        answered(ask(offices, ["Note this."] * OFFICES), within=60)
        asked = ask(offices, [f"Note m{number}." for number in range(ANSWERS)])
        times = sorted(answered(asked, within=ANSWERS_WITHIN).values())
        assert times, f"Nothing is answered; see {stack.log}"
        return Answers(len(times), times[-1] - min(float(each.ts) for each in asked))


@dataclass(frozen=True)
class InFlight:
    """The most calls in flight at once, and the worker's memory then and before, in MB."""

    calls: int
    mb: float
    idle_mb: float


def in_flight() -> InFlight:
    """Many questions whose answers take long: how many calls one worker has open, and in how much memory."""
    with busy_stack(0, TENANT_SLOTS=str(IN_FLIGHT)) as stack:
        offices = [open_office(stack) for _ in range(OFFICES)]
        answered(ask(offices, ["Note this."] * OFFICES), within=60)
        idle, before = _memory(stack), _calls(stack)
        ask(offices, [f"[sandbox:slow={SLOW_SECONDS}] Note m{number}." for number in range(IN_FLIGHT)])
        calls, most, deadline = 0, 0.0, time.monotonic() + REACHED_WITHIN
        grown = time.monotonic()
        while calls < IN_FLIGHT and time.monotonic() < min(deadline, grown + STILL_SECONDS):
            time.sleep(0.5)
            now = _calls(stack) - before
            grown = time.monotonic() if now > calls else grown
            calls, most = max(now, calls), max(most, _memory(stack))
        return InFlight(calls, most, idle)


def _calls(stack: Stack) -> int:
    """How many calls the LLM has seen."""
    return int(sum(stack.look("openai/control/calls")["calls"].values()))


def _memory(stack: Stack) -> float:
    """The worker's resident memory in MB."""
    workers = [each for each in stack.processes("celery") if "worker" in each.cmdline()]
    return sum(float(each.memory_info().rss) for each in workers) / 1e6
