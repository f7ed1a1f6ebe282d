"""Run with `make chaos`, or `python -m tests.chaos --help`. Exit status 1: lost, duplicated or wrongly booked."""

import argparse
import json
import os
import random
import sys
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg

from tests.bench.figures import load, say, table
from tests.chaos import money, stops
from tests.chaos.lines import open_chat, open_phones
from tests.chaos.people import Person, Rush, Said, crowd, slowly
from tests.chaos.report import Report, check
from tests.chaos.stops import Stop
from tests.chaos.weather import Weather
from tests.flow.office import Office, open_office
from tests.stack import UNHURRIED, UNLOOPED, Stack
from tests.temporary import temporary_stack

SETTLE_SECONDS = 150.0
SLOW_LLM_SECONDS = 20.0
SLOW_MESSAGES = 8
"""Of each thread in the two slow workspaces."""
SLOW_THREADS = 2
"""Of the workspace whose posts are slow. Each kill leaves as many in doubt, and Slack lets us look up one a minute."""
STACK = {
    **UNLOOPED,
    **UNHURRIED,
    "CHAT_MESSAGES_PER_MINUTE": "100000",
    "CHAT_ADDRESS_MESSAGES_PER_MINUTE": "100000",
    "SANDBOX_WHATSAPP_RETRY_DELAYS": "1,3,10,30,60",
    "QUIET_SECONDS": "0.5",
    "SANDBOX_LLM_LATENCY": "0.8",
    "SANDBOX_SLACK_POST_BURST": str(stops.QUESTIONS),  # then one a second and channel, as at Slack
    "SANDBOX_SLACK_RETRY_DELAYS": "0,15,60",  # Slack's own are 0, 60 and 300 s
    "TRIAL_CREDIT_USD": "1000",
}
FATAL = ("lost", "duplicated")


def main() -> int:
    """Break everything for a while, wait until it settles, and count."""
    given = _arguments()
    chance = random.Random(given.seed)
    say(f"Seed {given.seed}; {load()}.")
    with temporary_stack(**STACK) as stack:
        offices = [open_office(stack) for _ in range(given.offices)]
        phones = [open_phones(stack) for _ in range(given.phones)]
        chats = [open_chat(stack) for _ in range(given.chats)]
        slow_llm, slow_posts, rushed = slow = [open_office(stack) for _ in range(3)]
        people = crowd([*offices, *phones, *chats], given.threads, given.messages, given.seconds, chance)
        waiting = crowd([slow_llm], given.threads, given.threads * SLOW_MESSAGES, given.seconds, chance)
        for person in waiting:
            person.name, person.wish = f"l{person.name}", slowly(SLOW_LLM_SECONDS)
        posting = crowd([slow_posts], SLOW_THREADS, SLOW_THREADS * SLOW_MESSAGES, given.seconds, chance)
        for person in posting:
            person.name = f"p{person.name}"
        people += [*waiting, *posting]
        rush = Rush(rushed, SLOW_LLM_SECONDS)
        weather = Weather(stack, random.Random(chance.random()), [office.team for office in offices])
        weather.phones = [office.team for office in phones]
        weather.slow_posts(slow_posts.team)
        offices += [*phones, *chats, *slow]
        stopped = _storm(people, rush, weather, given.messages, given.seconds)
        waited = _settle(stack, offices)
        drained = time.monotonic() - weather.last_kill
        said = [*(message for person in people for message in person.said), *rush.said]
        found, wrong, calls = check(said), money.audit(stack, offices), money.calls(offices)
        twice = money.billed_twice(offices)
        if given.keep_log:
            given.keep_log.write_bytes(stack.log.read_bytes())
    _report(found, wrong, said, sum(person.redelivered for person in people), weather, waited)
    table("LLM calls, each settled once", ["calls"], [[state, str(count)] for state, count in sorted(calls.items())])
    table("Stops of the worker", stops.HEAD, [each.cells() for each in stopped])
    if os.environ.get("JSON") == "1":
        say(json.dumps(_figures(found, said, weather, drained) | _stops(stopped, twice)))
    return int(bool(wrong) or bool(twice) or any(found.counts[kind] for kind in FATAL))


def _stops(stopped: Sequence[Stop], twice: int) -> dict[str, float]:
    """stops: those while at least 50 calls were under way."""
    return {"billed_twice": twice, "stops": sum(each.counts for each in stopped)}


def _figures(found: Report, said: Sequence[Said], weather: Weather, drained: float) -> dict[str, float]:
    """The last line with JSON=1. drained_s: from the last kill or stop until nothing was in progress."""
    late = sum(number for kind, number in found.counts.items() if kind.startswith("out of order"))
    return {
        "messages": len(said),
        "kills": weather.killed.total(),
        "lost": found.counts["lost"],
        "doubled": found.counts["duplicated"],
        "out_of_order": late,
        "drained_s": round(drained, 1),
    }


def _storm(people: Sequence[Person], rush: Rush, weather: Weather, calls: int, seconds: float) -> list[Stop]:
    """Everyone writes while everything breaks; returns how the worker was stopped."""
    stop = threading.Event()
    try:
        with ThreadPoolExecutor(len(people) + 3) as at_once:
            jobs = [at_once.submit(person.talk, stop) for person in people]
            jobs.append(at_once.submit(weather.plan_faults, calls, seconds, stop))
            killing = seconds - len(stops.SIGNALS) * stops.TAKE_SECONDS
            jobs.append(at_once.submit(weather.kill_processes, killing, stop))
            stopped = at_once.submit(stops.stop_the_worker, rush, weather, seconds, stop)
            for job in jobs:
                job.result()
            return stopped.result()
    finally:
        stop.set()


def _settle(stack: Stack, offices: Sequence[Office]) -> float:
    """Wait until nothing is in progress; returns the seconds it took. Anything still open then counts as lost."""
    begun = time.monotonic()
    while time.monotonic() - begun < SETTLE_SECONDS and not _is_settled(stack, offices):
        time.sleep(1)
    return time.monotonic() - begun


def _is_settled(stack: Stack, offices: Sequence[Office]) -> bool:
    """Whether every event was delivered, and all of Roster's events and deliveries have ended."""
    if not all(office.is_told() for office in offices):
        return False
    try:
        return not stack.query(OPEN)
    except psycopg.OperationalError:  # it is restarting
        return False


OPEN = """
    SELECT id FROM channels_inboxevent WHERE state IN ('received', 'pending', 'running', 'answered')
    UNION ALL SELECT d.id FROM channels_delivery d JOIN channels_thread t ON t.id = d.thread_id
      JOIN channels_connection c ON c.id = t.connection_id
     WHERE d.state IN ('pending', 'sending') OR (d.state = 'unknown' AND c.provider != 'whatsapp')
"""
"""On WhatsApp nobody can be asked what became of a message: what is unknown there stays so."""


def _report(
    found: Report, wrong: Sequence[str], said: Sequence[Said], again: int, weather: Weather, waited: float
) -> None:
    figures = {"messages": len(said), "redelivered": again, "lost": 0, "duplicated": 0, **found.counts}
    table("Chaos", ["count"], [[kind, str(count)] for kind, count in figures.items()])
    table("Faults planned", ["times"], [[kind, str(times)] for kind, times in sorted(weather.planned.items())])
    table("Killed", ["times"], [[name, str(times)] for name, times in sorted(weather.killed.items())])
    table("Reasons for apologies", ["times"], [[reason, str(times)] for reason, times in found.reasons.items()])
    for line in [*found.findings, *wrong]:
        say(line)
    say(f"Money: {'wrong' if wrong else 'all amounts agree'}. Settled after {waited:.0f} s; {load()}.")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--messages", type=int, default=300)
    parser.add_argument("--seconds", type=float, default=160, help="how long people write and processes are killed")
    parser.add_argument("--offices", type=int, default=8, help="workspaces, each connected to its own Slack")
    parser.add_argument("--phones", type=int, default=2, help="workspaces, each with its own WhatsApp number")
    parser.add_argument("--chats", type=int, default=2, help="workspaces, each with its own web chat")
    parser.add_argument("--threads", type=int, default=4, help="conversations per workspace")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep-log", type=Path, help="where to keep the processes' log")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
