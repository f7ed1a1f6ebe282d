"""Limits how long, and how many at once, web requests wait for a provider.

A web process has few threads. If an outside service hangs, whoever calls it holds one until the time is over; without
a limit a few clicks would hold them all, and nothing else would answer. So only some of the threads may wait for each
service at a time, and each request only so long in total. Anybody beyond that is refused right away.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cache
from threading import BoundedSemaphore

from django.conf import settings
from django.utils.translation import gettext as _

BUSY_SECONDS = 30
"""When to come back: by then the requests that wait now are done."""
LEAST_SECONDS = 0.001


class BusyError(Exception):
    """Too many requests are waiting. Nothing was started. `wait`: seconds after which to try again."""

    def __init__(self, message: str, wait: int = BUSY_SECONDS) -> None:
        super().__init__(message)
        self.wait = wait


@dataclass
class Visit:
    """A web request: the services it has a place at, when its waiting time is over, and whether it was refused."""

    places: dict[str, BoundedSemaphore] = field(default_factory=dict)
    end: float | None = None
    is_refused: bool = False

    def enter(self, service: str) -> None:
        """Take a place at a service. Raises BusyError."""
        place = _places(service, settings.WEB_PROVIDER_PLACES)
        if not place.acquire(blocking=False):
            self.is_refused = True
            raise BusyError(
                _("%(service)s does not answer right now. Nothing was changed: try again in a minute.")
                % {"service": service}
            )
        self.places[service] = place
        self.end = self.end or time.monotonic() + settings.WEB_PROVIDER_SECONDS

    def leave(self) -> None:
        """Give all places back."""
        for place in self.places.values():
            place.release()


_visit: ContextVar[Visit | None] = ContextVar("visit", default=None)


@cache
def _places(service: str, count: int) -> BoundedSemaphore:
    return BoundedSemaphore(count)


def enter(service: str) -> None:
    """Take one of this process's places at a service before calling it; it is given back when the request ends.

    So a request that started something with a service can finish it. Outside of web requests, such as in a worker, no
    place is needed. service: its name, as people read it. Raises BusyError.
    """
    visit = _visit.get()
    if visit is not None and service not in visit.places:
        visit.enter(service)


def left(seconds: float) -> float:
    """How many of these seconds a call may take: fewer, if the request's own time ends earlier."""
    visit = _visit.get()
    if visit is None or visit.end is None:
        return seconds
    return max(LEAST_SECONDS, min(seconds, visit.end - time.monotonic()))


@contextmanager
def visit() -> Iterator[Visit]:
    """The span of a web request."""
    made = Visit()
    token = _visit.set(made)
    try:
        yield made
    finally:
        _visit.reset(token)
        made.leave()
