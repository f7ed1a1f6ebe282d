"""The product's web process against a bare Django site under the same front: the median of alternating rounds."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice, repeat
from statistics import median

from tests.bench.client import closed_loop
from tests.bench.web.ingest import CONNECTIONS, only_the_web
from tests.bench.web.sites import bare_site, empty_views
from tests.bench.web.slack_events import Sender
from tests.flow.office import Office

ROUNDS = 5
SECONDS = 1.5
MOST = 12_000
"""Requests in one burst, at most: more than any of these sites can answer in SECONDS."""
MOST_EVENTS = 3_000


@dataclass(frozen=True)
class Contest:
    """Rates per second, one per round: the bare site's, and the product's by kind of request."""

    bare: list[float]
    kinds: Mapping[str, list[float]]

    def ratio(self, kind: str) -> float:
        """The median over the rounds."""
        return median(rate / limit for rate, limit in zip(self.kinds[kind], self.bare, strict=True))

    @property
    def worst(self) -> float:
        return min(self.ratio(kind) for kind in self.kinds)

    def rows(self, limit: str) -> list[list[str]]:
        """The table's rows; `limit` names the bare site's."""
        lines = [[kind, *_rates(rates), f"{self.ratio(kind):.2f}"] for kind, rates in self.kinds.items()]
        return [*lines, [limit, *_rates(self.bare), ""]]


HEAD = ("lowest", "median", "highest", "ratio")


def _rates(rates: list[float]) -> list[str]:
    return [f"{each:.0f}/s" for each in (min(rates), median(rates), max(rates))]


def measure(office: Office, sender: Sender, own: Sender) -> tuple[Contest, Contest]:
    """Events against bare INSERTs, and the product's empty views against a bare one.

    own: sends what a connection's own secret verifies.
    """
    stack = office.stack
    with bare_site(stack) as bare, empty_views(stack) as views, only_the_web(stack):
        events = _contest(lambda: _rate(bare, _inserts(sender)), _events(office, sender, own))
        kinds = {name: lambda url=url: _rate(views, _gets(url, stack.port)) for name, url in VIEWS.items()}
        return events, _contest(lambda: _rate(bare, _gets("/empty/", bare)), kinds)


VIEWS = {"portal": "/empty/", "webhook": "/webhooks/empty/"}
"""Nobody is logged in."""


def _events(office: Office, sender: Sender, own: Sender) -> dict[str, Callable[[], float]]:
    channel, _, thread_ts = office.rows("channels_thread")[0]["external_id"].partition(":")
    port = office.stack.port
    return {
        "accepted: a message in a conversation": lambda: _rate(port, sender.replies(MOST_EVENTS, channel, thread_ts)),
        "ignored: of a kind that nobody answers": lambda: _rate(port, sender.unanswered(MOST_EVENTS)),
        "a mention that starts a conversation": lambda: _rate(port, sender.mentions(MOST_EVENTS)),
        "the same by a connection's own secret": lambda: _rate(port, own.mentions(MOST_EVENTS)),
    }


def _contest(bare: Callable[[], float], kinds: Mapping[str, Callable[[], float]]) -> Contest:
    """Each round measures the bare site, then each kind; one more round before warms up."""
    found = Contest([], {name: [] for name in kinds})
    for number in range(ROUNDS + 1):
        rates = {"": bare(), **{name: run() for name, run in kinds.items()}}
        if number:
            found.bare.append(rates.pop(""))
            for name, rate in rates.items():
                found.kinds[name].append(rate)
    return found


def _rate(port: int, requests: Iterator[bytes]) -> float:
    burst = closed_loop(port, list(requests), CONNECTIONS, SECONDS)
    assert not burst.refused, f"{burst.refused} of {len(burst.statuses)} answers are not 200: {set(burst.statuses)}"
    return burst.rate


def _inserts(sender: Sender) -> Iterator[bytes]:
    """The product's requests, for the bare site."""
    return (each.replace(b"/webhooks/slack/events", b"/insert/", 1) for each in sender.mentions(MOST_EVENTS))


def _gets(path: str, port: int) -> Iterator[bytes]:
    return islice(repeat(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode()), MOST)
