"""The parts of the bench about the web process: each measures, prints its tables, and returns its figures by name."""

from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager

from tests.bench.aims import Figures
from tests.bench.figures import SPREAD, Spread, ms, table
from tests.bench.web import broker, ingest, rounds
from tests.bench.web.slack_events import Sender, own_sender_of, sender_of
from tests.flow.office import Office, open_office
from tests.stack import UNLOOPED
from tests.temporary import temporary_stack


def of_receive(given: Namespace) -> Figures:
    """Signed events and empty views, against a bare Django site under the same front."""
    with _web_stack() as (office, sender):
        events, views = rounds.measure(office, sender, own_sender_of(office))
    table(f"Signed events, {rounds.ROUNDS} rounds", rounds.HEAD, events.rows("limit: a bare view with one INSERT"))
    table(f"Empty views, {rounds.ROUNDS} rounds", rounds.HEAD, views.rows("limit: a bare empty view"))
    ratios = {f"{name}_view_ratio": round(views.ratio(name), 3) for name in views.kinds}
    return {"receive_ratio": round(events.worst, 3), **ratios}


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
        f"receive_p99_ms_broker_{name}": ms(Spread(burst.seconds).percentile(0.99)) for name, burst in bursts.items()
    }


@contextmanager
def _web_stack() -> Iterator[tuple[Office, Sender]]:
    """A product with an office that has one conversation, and a sender of its signed events."""
    with temporary_stack(
        SANDBOX_LLM_LATENCY="0", SANDBOX_SLACK_POST_BURST="0", TRIAL_CREDIT_USD="1000", **UNLOOPED
    ) as stack:
        office = open_office(stack)
        office.reply_to(office.mentions("Note this.")["ts"])
        yield office, sender_of(office)
