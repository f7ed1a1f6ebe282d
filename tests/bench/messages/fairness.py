"""How long one workspace waits while another one's calls hang."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from tests.bench.messages.sending import Asked, answered, ask, busy_stack
from tests.flow.office import open_office

HANGING = 200
MESSAGES = 20
EVERY_SECONDS = 0.5
BEGUN_SECONDS = 5.0
"""How long the hanging ones have to take what they can get."""
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


HEAD = ("n", "unanswered", "median")


def measure() -> tuple[Wait, Wait]:
    """The wait while nobody else writes, and while another workspace has 200 calls that hang."""
    with busy_stack(0) as stack:
        greedy, other = open_office(stack), open_office(stack)
        answered(ask([greedy, other], ["Note this."] * 10), within=60)
        texts = [f"Note m{number}." for number in range(MESSAGES)]
        alone = _wait(ask([other], texts, EVERY_SECONDS))
        ask([greedy], [f"[sandbox:hang={2 * WITHIN:.0f}] Note h{number}." for number in range(HANGING)])
        time.sleep(BEGUN_SECONDS)
        return alone, _wait(ask([other], texts, EVERY_SECONDS))


def _wait(asked: Sequence[Asked]) -> Wait:
    done = answered(asked, within=WITHIN)
    now = time.time()
    return Wait([done.get(each.ts, now) - float(each.ts) for each in asked], sum(each.ts not in done for each in asked))
