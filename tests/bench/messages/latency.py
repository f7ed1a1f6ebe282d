"""The time from a message in Slack to the reply, without the LLM's time."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from tests.bench.figures import Spread, cpu_seconds
from tests.flow.office import Office, open_office
from tests.stack import UNLOOPED, Stack
from tests.temporary import temporary_stack
from tests.waiting import eventually

EVERY_SECONDS = 0.4
AT_ONCE = 10
REST_SECONDS = 2.0
PEERS = "sandbox"


@dataclass(frozen=True)
class Way:
    """One message's timing in seconds. `whole`: from Slack sending its event to the post at Slack."""

    whole: float
    llm: float
    before: float
    """Until the event is stored: signature check and lookups."""
    waiting: float
    """From there until the LLM call starts, including the quiet period."""
    sending: float
    """From the end of the LLM call to the post at Slack."""

    @property
    def own(self) -> float:
        return self.whole - self.llm


@dataclass(frozen=True)
class Latency:
    """The measurements, and the quiet period they were taken with."""

    quiet: float
    apart: list[Way]
    at_once: list[Way]
    cpu: dict[str, float]
    """CPU seconds per message, by kind of process; less affected by other load on the machine."""

    @property
    def own_cpu(self) -> float:
        """CPU seconds per message of web, worker, beat and Postgres, without the sandbox's."""
        return sum(seconds for name, seconds in self.cpu.items() if name != PEERS)


def measure(messages: int, quiet: float) -> Latency:
    """Ask that many questions one after another, each in its own thread, then the same number ten at once."""
    with temporary_stack(
        SANDBOX_LLM_LATENCY="0",
        SANDBOX_SLACK_POST_BURST="0",
        QUIET_SECONDS=str(quiet),
        TRIAL_CREDIT_USD="1000",
        **UNLOOPED,
    ) as stack:
        office = open_office(stack)
        _ask_apart(office, AT_ONCE, quiet)  # warm up connections and modules
        _all_answered(office, AT_ONCE)
        before = _cpu(stack)
        apart = _ask_apart(office, messages, quiet)
        _all_answered(office, AT_ONCE + messages)
        cpu = {name: (after - before[name]) / messages for name, after in _cpu(stack).items()}
        at_once = _ask_at_once(office, messages, quiet)
        _all_answered(office, AT_ONCE + messages + len(at_once))
        found = ways(office)
        return Latency(quiet, [found[ts] for ts in apart], [found[ts] for ts in at_once], cpu)


def _cpu(stack: Stack) -> dict[str, float]:
    words = {"web": "granian", "worker and beat": "celery", "Postgres": "postgres", PEERS: "sandbox"}
    return {name: cpu_seconds(stack, word) for name, word in words.items()}


def _ask_apart(office: Office, messages: int, quiet: float) -> list[str]:
    """Ask one question at fixed times, after the previous answer; without polling in between."""
    return [str(office.mentions(f"Note m{number}.")["ts"]) for number in _paced(range(messages), EVERY_SECONDS)]


def _ask_at_once(office: Office, messages: int, quiet: float) -> list[str]:
    asked: list[str] = []
    with ThreadPoolExecutor(AT_ONCE) as people:
        for first in _paced(range(0, messages, AT_ONCE), REST_SECONDS + quiet):
            said = people.map(office.mentions, [f"Note b{first + each}." for each in range(AT_ONCE)])
            asked += [str(each["ts"]) for each in said]
    return asked


def _paced(numbers: range, seconds: float) -> Iterator[int]:
    begun = time.monotonic()
    for position, number in enumerate(numbers):
        time.sleep(max(0.0, begun + position * seconds - time.monotonic()))
        yield number


def _all_answered(office: Office, messages: int) -> None:
    sent: Callable[[], bool] = lambda: sum(d["state"] == "sent" for d in office.rows("channels_delivery")) >= messages  # noqa: E731
    eventually(sent, within=120, what=f"{messages} replies; see {office.stack.log}")


def ways(office: Office) -> dict[str, Way]:
    """Every answered message's timing by its ts. Slack's ts is the time of the post; all clocks are this machine's."""
    told = {each["event_id"]: each for each in office.stack.look("slack/control/events", team=office.team)["events"]}
    calls = {row["run_id"]: row for row in office.rows("agents_llmcall")}
    runs = {row["id"]: row["run_id"] for row in office.rows("agents_turn")}
    posts = {runs[row["turn_id"]]: float(row["external_id"]) for row in office.rows("channels_delivery")}
    found: dict[str, Way] = {}
    for event in office.rows("channels_inboxevent"):
        if event["run_id"] is None:
            continue
        sent, received = told[event["event_id"]]["created"], event["received_at"].timestamp()
        call, posted = calls[event["run_id"]], posts[event["run_id"]]
        asked, answered = call["started_at"].timestamp(), call["finished_at"].timestamp()
        found[event["message_key"].split(":")[1]] = Way(
            whole=posted - sent, llm=answered - asked, before=received - sent,
            waiting=asked - received, sending=posted - answered,
        )  # fmt: skip
    return found


def rows(found: Latency) -> list[list[str]]:
    """One measurement's table rows."""
    lines = []
    for name, timed in (("one at a time", found.apart), ("ten at once", found.at_once)):
        label = f"{name}, quiet period {found.quiet:g} s"
        lines.append([label, *Spread([way.own for way in timed]).cells()])
        if found.quiet:
            lines.append(["  without the quiet period", *Spread([way.own - found.quiet for way in timed]).cells()])
        lines += [
            [f"    {label}", *Spread([getattr(way, part) for way in timed]).cells()] for part, label in PARTS.items()
        ]
    return lines


PARTS = {
    "before": "until stored",
    "waiting": "until the LLM is called",
    "llm": "(the LLM's own, not counted)",
    "sending": "until posted",
}
