"""Many messages from many workspaces at given times, and when they were answered, by what is in Slack."""

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

from tests.flow.office import Office
from tests.stack import UNLOOPED, Stack
from tests.temporary import temporary_stack

AT_ONCE = 16
LOOK_SECONDS = 0.5


@dataclass(frozen=True)
class Asked:
    """A message that starts a thread."""

    office: Office
    ts: str


@contextmanager
def busy_stack(llm_seconds: float, **extra: str) -> Iterator[Stack]:
    """A product without quiet period and without limits on posts and answers. extra: more variables."""
    with temporary_stack(
        SANDBOX_LLM_LATENCY=str(llm_seconds),
        SANDBOX_SLACK_POST_BURST="0",
        QUIET_SECONDS="0",
        TRIAL_CREDIT_USD="1000",
        **UNLOOPED,
        **extra,
    ) as stack:
        yield stack


def ask(offices: Sequence[Office], texts: Sequence[str], every: float = 0.0) -> list[Asked]:
    """Send each text from the next office, one per interval or as fast as possible."""
    begun = time.monotonic()

    def send(number: int) -> Asked:
        time.sleep(max(0.0, begun + number * every - time.monotonic()))
        office = offices[number % len(offices)]
        return Asked(office, str(office.mentions(texts[number])["ts"]))

    with ThreadPoolExecutor(AT_ONCE) as people:
        return list(people.map(send, range(len(texts))))


def answered(asked: Sequence[Asked], *, within: float) -> dict[str, float]:
    """The time of each message's first answer by the message's ts, once all are answered or that many seconds later."""
    deadline = time.monotonic() + within
    offices = {each.office.slug: each.office for each in asked}.values()
    wanted = {each.ts for each in asked}
    while True:
        found = {ts: at for office in offices for ts, at in _answers(office) if ts in wanted}
        if len(found) == len(wanted) or time.monotonic() > deadline:
            return found
        time.sleep(LOOK_SECONDS)


def _answers(office: Office) -> Iterator[tuple[str, float]]:
    """A thread and the time of a post in it, the first one last."""
    return ((post["thread_ts"], float(post["ts"])) for post in reversed(office.heard()) if "thread_ts" in post)
