"""Without Redis each process uses its own memory, so rate limits hold and pages keep working."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from allauth.core import ratelimit
from allauth.core.context import request_context
from django.core.cache import cache
from django.test import RequestFactory
from pytest_django import Settings

from config.local.embedded.valkey import temporary_valkey
from tenants.http import cache as module
from tenants.outbound.breaker import Breaker

THREADS = 16
ATTEMPTS = 80
LIMIT = 7


@pytest.fixture(autouse=True)
def _closed_breaker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_breaker", Breaker())


def allowed(rf: RequestFactory, settings: Settings) -> int:
    """How many of many simultaneous attempts pass a limit of seven."""
    settings.ACCOUNT_RATE_LIMITS = {"login": f"{LIMIT}/m/ip"}
    cache.clear()

    def attempt(_: int) -> bool:
        request = rf.post("/accounts/login/")
        with request_context(request):
            return bool(ratelimit.consume(request, action="login"))

    with ThreadPoolExecutor(THREADS) as pool:
        return sum(pool.map(attempt, range(ATTEMPTS)))


def test_without_redis_a_value_that_was_set_is_found() -> None:
    cache.set("greeting", "hello")

    assert cache.get("greeting") == "hello"
    assert not cache.add("greeting", "bye")
    assert cache.delete("greeting")
    assert cache.get("greeting", "nothing") == "nothing"


def test_without_redis_sixteen_threads_get_no_more_than_the_limit(rf: RequestFactory, settings: Settings) -> None:
    assert 1 <= allowed(rf, settings) <= LIMIT


def test_with_redis_sixteen_threads_get_no_more_than_the_limit(rf: RequestFactory, settings: Settings) -> None:
    with temporary_valkey() as server:
        settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": server.url}}
        assert 1 <= allowed(rf, settings) <= LIMIT


def test_a_limit_keeps_counting_when_redis_dies(rf: RequestFactory, settings: Settings) -> None:
    with temporary_valkey() as server:
        settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": server.url}}
        allowed(rf, settings)
    again = rf.post("/accounts/login/")
    with request_context(again):
        through = sum(bool(ratelimit.consume(again, action="login")) for _ in range(ATTEMPTS))

    assert through == LIMIT, "counting starts over, with the same limit"
