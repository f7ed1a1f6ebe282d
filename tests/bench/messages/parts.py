"""The parts of the bench about messages: each measures, prints its tables, and returns its figures by name."""

from argparse import Namespace
from typing import Any

from tests.bench.aims import Figures
from tests.bench.figures import SPREAD, Spread, ms, say, table
from tests.bench.messages import fairness, latency, throughput


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
    figures: dict[str, Any] = {"cpu_ms_per_message": ms(found[0].own_cpu)}
    for each in found:
        for name, ways in {"apart": each.apart, "at_once": each.at_once}.items():
            figures[f"own_ms_p50_{name}_quiet_{each.quiet:g}"] = ms(Spread([way.own for way in ways]).median)
    return figures


def of_pace(given: Namespace) -> Figures:
    """The latency that Roster adds at ten messages a second."""
    spread = throughput.pace()
    title = f"Added latency, {1 / throughput.PACE_SECONDS:.0f} messages a second"
    table(title, SPREAD, [["beyond the LLM's own", *spread.cells()]])
    return {"added_ms_p50": ms(spread.median), "added_ms_p99": ms(spread.percentile(0.99))}


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
    """How long one workspace waits while another one's calls hang or are slow, and whether all else goes on."""
    found = fairness.measure()
    rows = []
    for kind, beside in found.beside.items():
        rows += [["alone", *found.alone[kind].cells()], [f"beside {fairness.GREEDY} {kind} calls", *beside.cells()]]
    table("A workspace's wait for an answer", fairness.HEAD, rows)
    say(f"Meanwhile, sweeps {'went on' if found.is_swept else 'STOOD STILL'}, and a seat change at Stripe was")
    say(f"enforced after {found.billed_after:.1f} s at most.\n")
    return {
        "fairness_added_ms_p50": ms(found.added),
        "fairness_unanswered": sum(each.unanswered for each in found.beside.values()),
        "fairness_billed_after_s": round(found.billed_after, 1),
        "fairness_swept": found.is_swept,
    }
