"""The parts of the bench: each measures, prints its tables, and returns its figures by name."""

import json
import os
import subprocess
import sys
from argparse import Namespace
from collections.abc import Callable, Mapping

from tests.bench import logins, seats
from tests.bench.aims import Figures
from tests.bench.chats import parts as chats
from tests.bench.figures import SPREAD, Spread, ms, say, table
from tests.bench.messages import parts as messages
from tests.bench.statements import parts as statements
from tests.bench.web import parts as web
from tests.temporary import temporary_stack


def of_patterns(given: Namespace) -> Figures:
    """Whether the time of each pattern is linear, in a process of its own; with JSON=1 all measurements."""
    done = subprocess.run([sys.executable, "-m", "tests.bench.patterns_alone"], stdout=subprocess.PIPE, check=False)
    lines = done.stdout.decode().rstrip("\n").split("\n")
    measured = json.loads(lines.pop()) if os.environ.get("JSON") == "1" and lines[-1].startswith("[") else None
    say("\n".join(lines))
    return {"patterns_linear": done.returncode == 0, **({"patterns": measured} if measured else {})}


def of_seats(given: Namespace) -> Figures:
    """The time from a seat change at Stripe until it is enforced."""
    found = seats.measure(given.changes)
    table("From Stripe's event to the seats, one change at a time", [*SPREAD, seats.RATIO], seats.rows(found))
    kinds = {f"seats_ms_p50_{kind}": Spread([way.whole for way in ways]) for kind, ways in found.ways.items()}
    return {name: ms(spread.median) for name, spread in kinds.items()}


def of_logins(given: Namespace) -> Figures:
    """What the time of an answer tells, and how many guesses get through."""
    with temporary_stack(TRUSTED_PROXIES="1") as stack:
        times = logins.measure_times(stack, given.samples)
        table("What the time of an answer tells", logins.TIMES_HEAD, times)
        behind = ["behind a proxy", *logins.measure_guesses(stack, "203.0.113.9")]
    with temporary_stack() as stack:
        rows = [behind, ["without a proxy", *logins.measure_guesses(stack, "")]]
    table("Guesses that claim another client each time", logins.GUESSES_HEAD, rows)
    ratios = [float(row[-1]) for row in times]
    return {
        "login_time_ratio_furthest": max(ratios, key=lambda each: abs(each - 1)),
        "guesses_let_through": max(int(row[2]) for row in rows),
    }


PARTS: Mapping[str, Callable[[Namespace], Figures]] = {
    "patterns": of_patterns,
    "statements": statements.of_statements,
    "latency": messages.of_latency,
    "pace": messages.of_pace,
    "answers": messages.of_answers,
    "in-flight": messages.of_in_flight,
    "fairness": messages.of_fairness,
    "receive": web.of_receive,
    "webhook": web.of_webhook,
    "chats": chats.of_chats,
    "seats": of_seats,
    "logins": of_logins,
}
