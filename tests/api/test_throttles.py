"""API limits: counted per caller, sent in headers, and not blocking calls while Redis is down."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.test import Client
from pytest_django import Settings

from agents.models import Agent
from config.local.embedded.valkey import Valkey, temporary_valkey
from tenants.http import throttling
from tenants.http.throttling import Policy, take
from tenants.models import Role
from tenants.outbound.breaker import Breaker
from tenants.scope import tenant_scope
from tests.api.conftest import Caller, TokenOf
from tests.api.test_errors import session_of
from tests.conftest import Cast

MAYA = {"name": "Maya", "job_title": "Customer support", "instructions": "We open at 9."}


@pytest.fixture(scope="module")
def valkey() -> Iterator[Valkey]:
    with temporary_valkey() as server:
        yield server


@pytest.fixture(autouse=True)
def _own_breaker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throttling, "_breaker", Breaker())


@pytest.fixture
def limits(valkey: Valkey, settings: Settings) -> Settings:
    """Small limits, in a real and empty Redis."""
    settings.REDIS_URL = valkey.url
    throttling._redis(valkey.url).flushall()
    settings.API_REQUESTS_PER_MINUTE = 18  # 3 a second
    settings.API_PROVIDER_REQUESTS_PER_MINUTE = 1
    settings.API_UNKNOWN_REQUESTS_PER_MINUTE = 2
    return settings


def test_beyond_the_limit_a_problem_says_how_long_to_wait(acme: Caller, limits: Settings) -> None:
    answers = (acme.get("agents/") for _ in range(100))  # on a slow machine the limit refills meanwhile
    assert next(answers).status == 200
    refused = next(answer for answer in answers if answer.status != 200)
    assert "Too many requests: wait" in refused.problem(429)["detail"]
    assert int(refused.response.headers["Retry-After"]) >= 1


def test_every_answer_includes_the_limits(acme: Caller, limits: Settings) -> None:
    answer = acme.get("nothing/")
    assert answer.status == 404
    assert answer.response.headers["RateLimit-Policy"] == '"requests";q=18;w=60, "burst";q=3;w=1'
    assert re.fullmatch(r'"requests";r=17;t=\d+, "burst";r=2;t=1', answer.response.headers["RateLimit"])


def test_each_caller_has_its_own_limits(acme: Caller, token_of: TokenOf, cast: Cast, limits: Settings) -> None:
    limits.API_REQUESTS_PER_MINUTE = 1
    others = [token_of(cast.acme, Role.OPERATOR), session_of(cast.alice, "acme"), session_of(cast.bob, "globex")]
    assert acme.get("agents/").status == 200
    assert acme.get("agents/").status == 429
    assert [other.get("agents/").status for other in others] == [200, 200, 200]


def test_calls_to_providers_have_a_separate_limit(acme: Caller, limits: Settings) -> None:
    assert acme.post("channels/slack/install").status == 200
    refused = acme.post("channels/slack/install")
    refused.problem(429)
    assert '"provider";q=1;w=60' in refused.response.headers["RateLimit-Policy"]
    assert int(refused.response.headers["Retry-After"]) > 50
    assert acme.get("channels/").status == 200


def test_a_refused_request_does_nothing(acme: Caller, cast: Cast, limits: Settings) -> None:
    limits.API_REQUESTS_PER_MINUTE = 1
    assert acme.get("agents/").status == 200
    acme.post("agents/", MAYA).problem(429)
    with tenant_scope(cast.acme.id):
        assert not Agent.objects.exists()


def test_many_ipv6_addresses_of_one_client_count_as_one(limits: Settings) -> None:
    client = Client()

    def guess(address: str) -> int:
        return client.get("/api/v1/agents/", REMOTE_ADDR=address).status_code

    assert [guess(f"2001:db8:0:1::{number}") for number in range(3)] == [401, 401, 429]
    assert guess("2001:db8:0:2::1") == 401
    assert [guess(f"198.51.100.{number}") for number in range(3)] == [401, 401, 401]


def test_guessing_tokens_is_stopped_but_a_valid_token_from_there_works(acme: Caller, limits: Settings) -> None:
    guesses = [Caller({"Authorization": f"Bearer rst_{number}"}).get("agents/") for number in range(4)]
    assert [guess.status for guess in guesses] == [401, 401, 429, 429]
    assert acme.get("agents/").status == 200


def test_many_at_once_get_no_more_than_the_limit(valkey: Valkey, settings: Settings) -> None:
    settings.REDIS_URL = valkey.url
    policies = [Policy("many", 50, window=3600)]
    with ThreadPoolExecutor(16) as pool:
        levels = list(pool.map(lambda _: take("somebody", policies)[0], range(200)))
    assert sum(level.wait == 0 for level in levels) == 50


def test_a_request_refused_by_one_limit_does_not_count_toward_the_other(valkey: Valkey, settings: Settings) -> None:
    settings.REDIS_URL = valkey.url
    policies = [Policy("wide", 10, window=3600), Policy("narrow", 1, window=3600)]
    lefts = [[level.left for level in take("picky", policies)] for _ in range(3)]
    assert lefts == [[9, 0], [9, 0], [9, 0]]


def test_without_redis_the_api_keeps_working_and_logs_it_once(
    acme: Caller, caplog: pytest.LogCaptureFixture, settings: Settings
) -> None:
    settings.API_REQUESTS_PER_MINUTE = 1
    answers = [acme.get("agents/") for _ in range(3)]
    assert [answer.status for answer in answers] == [200, 200, 200]
    assert "RateLimit" not in answers[0].response.headers
    assert answers[0].response.headers["RateLimit-Policy"]
    assert caplog.text.count("nobody's requests to the API are limited") == 1
