"""Run with `make bench`, or `python -m tests.bench --help`."""

import argparse
import subprocess
import sys
from collections.abc import Sequence

from tests.bench import broker, ingest, latency, logins, seats
from tests.bench.figures import SPREAD, load, say, table
from tests.bench.slack_events import Sender
from tests.flow.office import open_office
from tests.stack import UNLOOPED
from tests.temporary import temporary_stack


def main() -> None:
    """Measure and print. Fails if it can't measure, or if a pattern's time isn't linear."""
    given = _arguments()
    say(f"Before: {load()}.\n")
    are_linear = given.only not in {None, "patterns"} or _patterns()
    if given.only in {None, "latency"}:
        _latency(given.messages, given.quiet)
    if given.only in {None, "webhook"}:
        _webhook()
    if given.only in {None, "seats"}:
        _seats(given.changes)
    if given.only in {None, "logins"}:
        _logins(given.samples)
    say(f"After: {load()}, this included.")
    sys.exit(0 if are_linear else 1)


def _patterns() -> bool:
    return subprocess.run([sys.executable, "-m", "tests.bench.patterns_alone"], check=False).returncode == 0


def _latency(messages: int, quiet: Sequence[float]) -> None:
    found = [latency.measure(messages, each) for each in quiet]
    rows = [row for each in found for row in latency.rows(each)]
    table("From Slack's event to the post, beyond the LLM", SPREAD, rows)
    names = list(found[0].cpu)
    shown = [
        [f"quiet period {each.quiet:g} s", *(f"{each.cpu[name] * 1000:.0f} ms" for name in names)] for each in found
    ]
    table("CPU time for a message", names, shown)


def _webhook() -> None:
    with temporary_stack(
        SANDBOX_LLM_LATENCY="0", SANDBOX_SLACK_POST_BURST="0", TRIAL_CREDIT_USD="1000", **UNLOOPED
    ) as stack:
        office = open_office(stack)
        office.reply_to(office.mentions("Note this.")["ts"])
        sender = Sender(stack.generated["SLACK_SIGNING_SECRET"], office.team, office.bot, stack.port)
        title = f"The webhook's answer, {1 / broker.EVERY_SECONDS:.0f} events a second"
        table(title, [*SPREAD, "not 200"], broker.measure(stack, sender))
        table(f"Ingest over {ingest.CONNECTIONS} connections", ingest.HEAD, ingest.measure(office, sender))


def _seats(changes: int) -> None:
    rows = seats.rows(seats.measure(changes))
    table("From Stripe's event to the seats, one change at a time", [*SPREAD, seats.RATIO], rows)


def _logins(samples: int) -> None:
    with temporary_stack(TRUSTED_PROXIES="1") as stack:
        table("What the time of an answer tells", logins.TIMES_HEAD, logins.measure_times(stack, samples))
        behind = ["behind a proxy", *logins.measure_guesses(stack, "203.0.113.9")]
    with temporary_stack() as stack:
        rows = [behind, ["without a proxy", *logins.measure_guesses(stack, "")]]
    table("Guesses that claim another client each time", logins.GUESSES_HEAD, rows)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--only", choices=("patterns", "latency", "webhook", "seats", "logins"), help="default: all")
    parser.add_argument("--messages", type=int, default=100, help="one at a time, and the same number ten at once")
    parser.add_argument("--changes", type=int, default=50, help="seat changes at Stripe, per kind")
    parser.add_argument("--samples", type=int, default=200, help="timed log-ins per kind")
    parser.add_argument("--quiet", type=float, nargs="+", default=[0.0, 2.0], help="quiet periods in seconds")
    return parser.parse_args()


if __name__ == "__main__":
    main()
