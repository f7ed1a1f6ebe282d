"""The parts of the bench: each measures, prints its tables, and returns its figures by name."""

import json
import os
import subprocess
import sys
from argparse import Namespace
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from tests.bench import logins, seats
from tests.bench.aims import Figures
from tests.bench.figures import SPREAD, Spread, say, table
from tests.bench.messages import fairness, latency, throughput
from tests.bench.statements import message, pages
from tests.bench.statements.reading import recorded_stack
from tests.bench.web import broker, ingest, rounds
from tests.bench.web.slack_events import Sender
from tests.flow.office import Office, open_office
from tests.stack import UNLOOPED
from tests.temporary import temporary_stack


def of_patterns(given: Namespace) -> Figures:
    """Whether the time of each pattern is linear, in a process of its own; with JSON=1 all measurements."""
    done = subprocess.run([sys.executable, "-m", "tests.bench.patterns_alone"], stdout=subprocess.PIPE, check=False)
    lines = done.stdout.decode().rstrip("\n").split("\n")
    measured = json.loads(lines.pop()) if os.environ.get("JSON") == "1" and lines[-1].startswith("[") else None
    say("\n".join(lines))
    return {"patterns_linear": done.returncode == 0, **({"patterns": measured} if measured else {})}


def of_latency(given: Namespace) -> Figures:
    """One message at a time and ten at once: seconds and CPU."""
    found = [latency.measure(given.messages, each) for each in given.quiet]
    rows = [row for each in found for row in latency.rows(each)]
    table("From Slack's event to the post, beyond the LLM", SPREAD, rows)
    names = list(found[0].cpu)
    shown = [
        [f"quiet period {each.quiet:g} s", *(f"{each.cpu[name] * 1000:.0f} ms" for name in names)] for each in found
    ]
    table("CPU time for a message", names, shown)
    figures: dict[str, Any] = {"cpu_ms_per_message": _ms(found[0].own_cpu)}
    for each in found:
        for name, ways in {"apart": each.apart, "at_once": each.at_once}.items():
            figures[f"own_ms_p50_{name}_quiet_{each.quiet:g}"] = _ms(Spread([way.own for way in ways]).median)
    return figures


def of_webhook(given: Namespace) -> Figures:
    """The webhook while the broker is down, and how many events it takes."""
    with _web_stack() as (office, sender):
        bursts = broker.measure(office.stack, sender)
        table(
            f"The webhook's answer, {1 / broker.EVERY_SECONDS:.0f} events a second",
            [*SPREAD, "not 200"],
            broker.rows(bursts),
        )
        table(f"Ingest over {ingest.CONNECTIONS} connections", ingest.HEAD, ingest.measure(office, sender))
    return {
        f"receive_p99_ms_broker_{name}": _ms(Spread(burst.seconds).percentile(0.99)) for name, burst in bursts.items()
    }


def of_receive(given: Namespace) -> Figures:
    """Signed events and empty views, against a bare Django site under the same front."""
    with _web_stack() as (office, sender):
        events, views = rounds.measure(office, sender)
    table(f"Signed events, {rounds.ROUNDS} rounds", rounds.HEAD, events.rows("limit: a bare view with one INSERT"))
    table(f"Empty views, {rounds.ROUNDS} rounds", rounds.HEAD, views.rows("limit: a bare empty view"))
    ratios = {f"{name}_view_ratio": round(views.ratio(name), 3) for name in views.kinds}
    return {"receive_ratio": round(events.worst, 3), **ratios}


def of_statements(given: Namespace) -> Figures:
    """The statements of a message and of each page."""
    with recorded_stack() as recording:
        costs, found = message.measure(recording), pages.measure(recording)
    for name, cost in costs.items():
        title = f"Statements of {name}: {cost.statements:g}, transactions: {cost.transactions:g}"
        table(title, ["each"], message.rows(cost))
    table("Statements of a page", ["each"], pages.rows(found))
    return {
        "statements_per_message": max(cost.statements for cost in costs.values()),
        "transactions_per_message": max(cost.transactions for cost in costs.values()),
        "page_statements_max": max(found.values()),
    }


def of_pace(given: Namespace) -> Figures:
    """The latency that Roster adds at ten messages a second."""
    spread = throughput.pace()
    title = f"Added latency, {1 / throughput.PACE_SECONDS:.0f} messages a second"
    table(title, SPREAD, [["beyond the LLM's own", *spread.cells()]])
    return {"added_ms_p50": _ms(spread.median), "added_ms_p99": _ms(spread.percentile(0.99))}


def of_answers(given: Namespace) -> Figures:
    """How many answers a second there are at most."""
    found = throughput.answers()
    cells = [str(found.number), f"{found.seconds:.1f} s", f"{found.rate:.1f}/s"]
    table(f"Answers, LLM of {throughput.LLM_SECONDS:g} s", ["n", "within", "rate"], [["all at once", *cells]])
    return {"answers_per_second": round(found.rate, 1)}


def of_in_flight(given: Namespace) -> Figures:
    """How much memory 400 calls take, or as many as one worker has open."""
    found = throughput.in_flight()
    cells = [str(found.calls), f"{found.mb:.0f} MB", f"{found.idle_mb:.0f} MB"]
    table("Calls in flight in one worker", ["calls", "memory", "before"], [[f"{throughput.IN_FLIGHT} asked", *cells]])
    reached = round(found.mb) if found.calls >= throughput.IN_FLIGHT else None
    return {"in_flight_400_mb": reached, "in_flight_calls": found.calls, "in_flight_mb": round(found.mb)}


def of_fairness(given: Namespace) -> Figures:
    """How long one workspace waits while another one's calls hang."""
    alone, beside = fairness.measure()
    rows = [["alone", *alone.cells()], [f"beside {fairness.HANGING} hanging calls", *beside.cells()]]
    table("A workspace's wait for an answer", fairness.HEAD, rows)
    return {"fairness_added_ms_p50": _ms(beside.median - alone.median), "fairness_unanswered": beside.unanswered}


def of_seats(given: Namespace) -> Figures:
    """The time from a seat change at Stripe until it is enforced."""
    found = seats.measure(given.changes)
    table("From Stripe's event to the seats, one change at a time", [*SPREAD, seats.RATIO], seats.rows(found))
    kinds = {f"seats_ms_p50_{kind}": Spread([way.whole for way in ways]) for kind, ways in found.ways.items()}
    return {name: _ms(spread.median) for name, spread in kinds.items()}


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
    "statements": of_statements,
    "latency": of_latency,
    "pace": of_pace,
    "answers": of_answers,
    "in-flight": of_in_flight,
    "fairness": of_fairness,
    "receive": of_receive,
    "webhook": of_webhook,
    "seats": of_seats,
    "logins": of_logins,
}


@contextmanager
def _web_stack() -> Iterator[tuple[Office, Sender]]:
    """A product with an office that has one conversation, and a sender of its signed events."""
    with temporary_stack(
        SANDBOX_LLM_LATENCY="0", SANDBOX_SLACK_POST_BURST="0", TRIAL_CREDIT_USD="1000", **UNLOOPED
    ) as stack:
        office = open_office(stack)
        office.reply_to(office.mentions("Note this.")["ts"])
        yield office, Sender(stack.generated["SLACK_SIGNING_SECRET"], office.team, office.bot, stack.port)


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 1)
