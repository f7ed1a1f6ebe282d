"""How long one workspace waits while another one's calls hang, or are slow and succeed; and does all else go on?"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

import httpx

from tests.bench.messages.sending import Asked, answered, ask, busy_stack
from tests.bench.seats import subscribed
from tests.flow.office import open_office
from tests.stack import Stack

GREEDY = 200
"""Calls that one workspace asks for at once."""
KINDS = {"hanging": "[sandbox:hang=90]", "slow": "[sandbox:slow=10]"}
"""What their messages tell the LLM. slow: they succeed, and wait for each other."""
MESSAGES = 20
EVERY_SECONDS = 0.5
BEGUN_SECONDS = 5.0
"""How long the greedy ones have to take what they can get."""
WITHIN = 45.0


@dataclass(frozen=True)
class Wait:
    """Seconds from a message to its answer; of one that is not answered, how long it has waited so far."""

    seconds: Sequence[float]
    unanswered: int

    @property
    def median(self) -> float:
        return median(self.seconds)

    def cells(self) -> list[str]:
        at_least = "at least " if self.unanswered > len(self.seconds) / 2 else ""
        return [str(len(self.seconds)), str(self.unanswered), f"{at_least}{self.median * 1000:.0f} ms"]


@dataclass(frozen=True)
class Fairness:
    """The wait while nobody else writes, and beside each kind of greedy workspace, by the kind."""

    alone: dict[str, Wait]
    beside: dict[str, Wait]
    is_swept: bool
    """Did sweeps go on meanwhile?"""
    billed_after: float
    """Seconds from a seat change at Stripe meanwhile until it was enforced, at most."""

    @property
    def added(self) -> float:
        """How much the median rose in seconds, at most."""
        return max(self.beside[kind].median - self.alone[kind].median for kind in self.beside)


HEAD = ("n", "unanswered", "median")


def measure() -> Fairness:
    """Each kind on a stack of its own, since 200 hanging calls last."""
    alone: dict[str, Wait] = {}
    beside: dict[str, Wait] = {}
    swept, billed = [], []
    for kind, wish in KINDS.items():
        with busy_stack(0, TRIAL_DAYS="0") as stack, subscribed(stack) as subscriber:
            greedy, other = open_office(stack), open_office(stack)
            answered(ask([greedy, other], ["Note this."] * 10), within=60)
            texts = [f"Note m{number}." for number in range(MESSAGES)]
            alone[kind] = _wait(ask([other], texts, EVERY_SECONDS))
            ask([greedy], [f"{wish} Note h{number}." for number in range(GREEDY)])
            time.sleep(BEGUN_SECONDS)
            beside[kind] = _wait(ask([other], texts, EVERY_SECONDS))
            swept.append(_is_swept(stack))
            billed.append(subscriber.change(3, "always_invoice").whole)
    return Fairness(alone, beside, all(swept), max(billed))


def _is_swept(stack: Stack) -> bool:
    """Has a sweep run within the last half minute?"""
    return bool(httpx.get(f"{stack.url}/healthz", timeout=10).json()["workers"] == "ok")


def _wait(asked: Sequence[Asked]) -> Wait:
    done = answered(asked, within=WITHIN)
    now = time.time()
    return Wait([done.get(each.ts, now) - float(each.ts) for each in asked], sum(each.ts not in done for each in asked))
