"""Our own webhook as a provider calls it: from outside, at its public address, really signed."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field

import httpx
from django.utils.translation import gettext_lazy as _

from channels.providers.shapes.health import Move, Result, State
from tenants.outbound import patience
from tenants.wordings import Wording

SECONDS = 4
PROBE = Wording("channels.probe_round_trip", _("Our address"))
ANSWERED = Wording(
    "channels.round_trip_answered",
    _("A signed request to %(address)s was accepted after %(seconds)s seconds."),
)
REFUSED = Wording(
    "channels.round_trip_refused", _("%(address)s answered with HTTP %(status)s to a correctly signed request.")
)
UNREACHABLE = Wording(
    "channels.round_trip_unreachable", _("Roster could not reach its own address %(address)s: %(error)s.")
)
NOTHING_ARRIVES = Wording(
    "channels.round_trip_nothing_arrives",
    _("Nothing that people write here arrives: whoever runs this Roster has to look."),
)
PERHAPS = Wording(
    "channels.round_trip_perhaps",
    _("If it cannot be reached from the internet either, nothing that people write here arrives."),
)


@dataclass(frozen=True)
class Request:
    """A request that our webhook must accept, and the body that it must answer with; empty: any."""

    method: str
    url: str
    query: Mapping[str, str] = field(default_factory=dict, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = b""
    answer: str = ""


@dataclass(frozen=True)
class Answer:
    """What came back. seconds: as people read them."""

    status: int
    text: str
    seconds: str


def send(request: Request) -> Answer | str:
    """Send it; the name of the error if nothing came back.

    From a web request it waits for another thread of the same process, so few may at once: raises patience.BusyError.
    """
    patience.enter("Roster")
    began = time.monotonic()
    try:
        answer = httpx.request(
            request.method,
            request.url,
            params=dict(request.query),
            headers=dict(request.headers),
            content=request.body,
            timeout=patience.left(SECONDS),
        )
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return type(error).__name__
    return Answer(answer.status_code, answer.text[:1_000], f"{max(time.monotonic() - began, 0.1):.1f}")


def walk(request: Request) -> Result:
    """Send it, and tell what came back. It is no proof that others reach the address, so it breaks nothing."""
    came = send(request)
    if isinstance(came, str):
        return Result(PROBE, State.WARNS, UNREACHABLE(address=request.url, error=came), PERHAPS(), Move.OURS)
    if came.status == 200 and request.answer in came.text:
        return Result(PROBE, State.PASSES, ANSWERED(address=request.url, seconds=came.seconds))
    seen = REFUSED(address=request.url, status=came.status)
    return Result(PROBE, State.FAILS, seen, NOTHING_ARRIVES(), Move.OURS)
