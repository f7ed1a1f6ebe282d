"""A web process as in production: other pages answer while Slack and Stripe hang and while very many people log in."""

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import httpx
import pytest
from pytest_django import DjangoDbBlocker

from config.local.embedded.postgres import Postgres
from tenants.models import Role
from tests.accounts.crowd import Guesser
from tests.availability.hanging import Hanging, hanging
from tests.channels.slack import payload, signed
from tests.conftest import empty
from tests.isolation.callers import logged_in
from tests.isolation.furnishing import World, furnish
from tests.isolation.serving import THREADS, web
from tests.waiting import eventually

PLACES = 3
HELD_SECONDS = 8.0
"""How long a request waits for a hanging service."""
SOON = 5.0
"""Seconds for the other requests, even on a busy machine; without limits they would take longer."""
CLICKS = 2 * THREADS

pytestmark = pytest.mark.timeout(300)


@dataclass(frozen=True)
class Site:
    """A web process with a filled workspace, whose Slack and Stripe send a byte now and then."""

    url: str
    world: World
    peer: Hanging

    def look(self, path: str, **headers: str) -> httpx.Response:
        return httpx.get(f"{self.url}{path}", headers=headers, timeout=60)


@pytest.fixture(scope="module")
def site(django_db_setup: None, postgres: Postgres, django_db_blocker: DjangoDbBlocker) -> Iterator[Site]:
    with django_db_blocker.unblock(), hanging("headers without end", every=0.5) as peer:
        world = furnish("acme")
        environment = {
            "DATABASE_URL": postgres.url("app"),
            "DATABASE_POOL_SIZE": "16",
            "SLACK_API_URL": f"{peer.url}/api/",
            "STRIPE_API_URL": f"{peer.url}/stripe",
            "WEB_PROVIDER_PLACES": str(PLACES),
            "WEB_PROVIDER_SECONDS": str(HELD_SECONDS),
            "PASSWORD_HASHES_AT_ONCE": "1",
            "PASSWORD_HASHES_WAITING": "3",
            "TRUSTED_PROXIES": "1",
        }
        with web(**environment) as url:
            site = Site(url, world, peer)
            others(site)  # warm up: the first request loads modules
            yield site
    empty(postgres)


def at_once(number: int, ask: Callable[[int], httpx.Response]) -> Iterator[list[tuple[int, float, str]]]:
    """Start that many requests at once; returns the status, seconds and Retry-After of each."""
    began = time.monotonic()

    def timed(each: int) -> tuple[int, float, str]:
        answer = ask(each)
        return answer.status_code, time.monotonic() - began, answer.headers.get("Retry-After", "")

    with ThreadPoolExecutor(number) as pool:
        pending = [pool.submit(timed, each) for each in range(number)]
        yield []
        yield [each.result() for each in pending]


def _form_headers(site: Site) -> dict[str, str]:
    """The headers of an owner who presses a button."""
    cookie = logged_in(site.world.people[Role.OWNER])["Cookie"]
    return {"Cookie": f"{cookie}; csrftoken={'c' * 32}", "X-CSRFToken": "c" * 32, "Referer": site.url}


def others(site: Site) -> dict[str, float]:
    """Seconds until all other requests are answered: pages, the API, a webhook, a log-in."""
    session = logged_in(site.world.people[Role.VIEWER])
    token = {"Authorization": f"Bearer {site.world.tokens[Role.VIEWER]}"}
    body = json.dumps(payload("app_mention", _team_id="T0NOBODY")).encode()
    calls: dict[str, Callable[[], httpx.Response]] = {
        "home": lambda: site.look("/t/acme/", **session),
        "conversations": lambda: site.look("/t/acme/conversations/", **session),
        "api": lambda: site.look("/api/v1/agents/", **token),
        "log-in page": lambda: site.look("/accounts/login/"),
        "webhook": lambda: httpx.post(
            f"{site.url}/webhooks/slack/events", content=body, timeout=60,
            headers={**signed(body), "Content-Type": "application/json"},
        ),
    }  # fmt: skip
    taken = {}
    for name, call in calls.items():
        began = time.monotonic()
        assert call().status_code == 200, name
        taken[name] = time.monotonic() - began
    return taken


def test_clicks_that_call_slack_and_stripe_cannot_fill_the_web(site: Site) -> None:
    token = {"Authorization": f"Bearer {site.world.tokens[Role.OWNER]}"}
    csrf = _form_headers(site)
    channel = site.world.id_of("Connection")

    def click(number: int) -> httpx.Response:
        ways = (
            (f"/api/v1/channels/{channel}/test", token),
            ("/api/v1/billing/portal", token),
            ("/t/acme/billing/card/", csrf),
            ("/t/acme/billing/portal/", csrf),
        )
        path, headers = ways[number % len(ways)]
        return httpx.post(f"{site.url}{path}", headers=headers, timeout=120)

    clicks = at_once(CLICKS, click)
    before = len(site.peer.taken)
    next(clicks)
    eventually(lambda: len(site.peer.taken) > before, what="the first call")
    answered = others(site)
    told = next(clicks)
    print(  # noqa: T201 - the measured results
        f"\n{CLICKS} clicks while Slack and Stripe hang: {Counter(status for status, *_ in told)}; others: "
        + ", ".join(f"{name} {seconds:.2f} s" for name, seconds in answered.items())
    )
    assert max(answered.values()) < SOON, answered
    assert {status for status, *_ in told} <= {502, 503}
    refused = [each for each in told if each[0] == 503]
    assert len(refused) >= CLICKS - 2 * PLACES * 4
    assert {retry for *_, retry in refused} == {"30"}
    assert max(seconds for _, seconds, _ in told) < 4 * HELD_SECONDS


def test_the_error_names_the_hanging_service_and_says_that_nothing_changed(site: Site) -> None:
    csrf = _form_headers(site)
    clicks = at_once(PLACES, lambda _: httpx.post(f"{site.url}/t/acme/billing/portal/", headers=csrf, timeout=120))
    before = len(site.peer.taken)
    next(clicks)
    eventually(lambda: len(site.peer.taken) >= before + PLACES, what="as many calls as there are places")
    page = httpx.post(f"{site.url}/t/acme/billing/portal/", headers=csrf, timeout=60)
    problem = httpx.post(
        f"{site.url}/api/v1/billing/portal",
        headers={"Authorization": f"Bearer {site.world.tokens[Role.OWNER]}"},
        timeout=60,
    )
    next(clicks)
    words = "Stripe does not answer right now. Nothing was changed: try again in a minute."
    for answer in (page, problem):
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")
        assert words in answer.text
    assert problem.json()["status"] == 503


def test_many_clients_that_log_in_cannot_fill_the_web(site: Site) -> None:
    guesser = Guesser(site.url)
    emails = [site.world.people[Role.OWNER].email, "", site.world.people[Role.ADMIN].email, ""]
    with httpx.Client(cookies=guesser.cookies, timeout=60) as client:
        guess = lambda number: guesser.guess(client, f"203.0.113.{number}", emails[number % 4])  # noqa: E731
        guesses = at_once(CLICKS, guess)
        next(guesses)
        answered = others(site)
        told = next(guesses)
    print(  # noqa: T201 - the measured results
        f"\n{CLICKS} log-ins at once: {Counter(status for status, *_ in told)}; others: "
        + ", ".join(f"{name} {seconds:.2f} s" for name, seconds in answered.items())
    )
    assert max(answered.values()) < SOON, answered
    statuses = Counter(status for status, *_ in told)
    assert set(statuses) == {200, 429, 503} or set(statuses) == {200, 503}
    assert {retry for status, _, retry in told if status == 503} == {"5"}
