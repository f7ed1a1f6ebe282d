"""How long to wait after hitting one of allauth's rate limits: allauth does not say so itself."""

import math
import time
from collections.abc import Iterator

from allauth.account import app_settings
from allauth.core.internal import ratelimit
from django.core.cache import cache
from django.http import HttpRequest

USUAL_SECONDS = 300
"""For limits on an address that somebody typed in, which only allauth's view knows."""


def seconds_to_wait(request: HttpRequest) -> int:
    """Seconds until this client's address and account are below all limits; at least one."""
    waits = [wait for wait in _waits(request, time.time()) if wait > 0]
    return math.ceil(max(waits)) if waits else USUAL_SECONDS


def _waits(request: HttpRequest, now: float) -> Iterator[float]:
    for action, rate in _rates(request):
        key = ratelimit.get_cache_key(request, app="allauth.account", action=action, rate=rate)
        newest_first: list[float] = cache.get(key) or []
        if len(newest_first) >= rate.amount:
            yield newest_first[rate.amount - 1] + rate.duration - now


def _rates(request: HttpRequest) -> Iterator[tuple[str, ratelimit.Rate]]:
    known = {"ip", "user"} if request.user.is_authenticated else {"ip"}
    for action, given in app_settings.RATE_LIMITS.items():
        yield from ((action, rate) for rate in ratelimit.parse_rates(given) if rate.per in known)
