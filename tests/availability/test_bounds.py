"""The size and the number of queries of every page and API list don't grow with the number of rows."""

import logging
from contextlib import ExitStack
from dataclasses import dataclass, field

import pytest
from django.conf import settings
from django.db import connections
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoDbBlocker

from config.local.embedded.postgres import Postgres
from tenants.models import Role
from tests.availability.crowd import fill
from tests.conftest import empty
from tests.isolation import values
from tests.isolation.callers import logged_in
from tests.isolation.conftest import QUIET
from tests.isolation.furnishing import World, furnish
from tests.isolation.routes import all_routes
from tests.isolation.values import Things, UnknownArgumentError
from tests.staff.people import Person, make_staff

pytestmark = pytest.mark.timeout(600)

FEW, MANY = 110, 220
"""More rows than one page of any list, and twice as many."""
SPARE_BYTES = 4_000
"""Allowed difference for digits in counts and lengths of names."""

WHOLE = {
    "workspace:routing": "a choice among all AI employees, of which a workspace has as many as it pays for",
    "workspace:audit_csv": "a file with all requested entries, streamed in batches",
    "workspace:download_export": "a file, streamed",
}
"""Answers that may grow, and why."""


@dataclass
class Look:
    """A route's answer: its size and number of statements."""

    status: int
    size: int
    statements: int


@dataclass
class Walk:
    """All routes' answers with few and with many rows."""

    few: dict[str, Look] = field(default_factory=dict)
    many: dict[str, Look] = field(default_factory=dict)


@pytest.fixture(scope="module")
def walk(django_db_setup: None, postgres: Postgres, django_db_blocker: DjangoDbBlocker) -> Walk:
    with django_db_blocker.unblock(), override_settings(**QUIET):
        logging.disable(logging.CRITICAL)
        world, staff = furnish("acme"), make_staff()
        walk = Walk()
        fill(world, 3, FEW)
        walk.few = look_at_all(world, staff)
        fill(world, FEW, MANY)
        walk.many = look_at_all(world, staff)
        logging.disable(logging.NOTSET)
        connections.close_all()
    empty(postgres)
    return walk


def look_at_all(world: World, staff: Person) -> dict[str, Look]:
    session = logged_in(world.people[Role.OWNER])
    token = {"Authorization": f"Bearer {world.tokens[Role.OWNER]}"}
    Client().get(f"/t/{world.slug}/", headers=session)  # so that the first visit's session data is already stored
    found = {}
    for route in all_routes():
        if route.is_written_otherwise or route.name in WHOLE:
            continue
        try:
            path = route.path(values.arguments(route, world.slug, Things(world)))
        except (UnknownArgumentError, KeyError):
            continue
        if route.kind == "admin":
            found[route.pattern] = _look(staff.client, path, {})
        else:
            found[route.pattern] = _look(
                Client(raise_request_exception=False), path, token if route.api_view else session
            )
    return found


def _look(client: Client, path: str, headers: dict[str, str]) -> Look:
    with ExitStack() as stack:
        counts = [
            stack.enter_context(CaptureQueriesContext(connections[alias]))
            for alias in settings.DATABASES
            if alias != "owner"
        ]
        answer = client.get(path, headers=headers)
        body = b"".join(answer) if answer.streaming else answer.content
    return Look(answer.status_code, len(body), sum(len(each) for each in counts))


def test_no_page_and_no_list_grows_with_the_number_of_rows(walk: Walk) -> None:
    grown = {
        pattern: (look, walk.many[pattern])
        for pattern, look in walk.few.items()
        if walk.many[pattern].size > look.size + SPARE_BYTES or walk.many[pattern].statements > look.statements
    }
    assert grown == {}, {name: [(look.size, look.statements) for look in pair] for name, pair in grown.items()}


def test_the_walk_really_visited_the_pages(walk: Walk) -> None:
    seen = {pattern: look for pattern, look in walk.many.items() if look.status == 200}
    largest = sorted(seen.items(), key=lambda item: -item[1].size)
    print(f"\n{len(seen)} pages and lists with {MANY} rows of everything; the largest:")  # noqa: T201
    for pattern, look in largest[:60]:
        print(f"  {look.size:>8,} bytes {look.statements:>4} statements  {pattern}")  # noqa: T201
    assert len(seen) > 60
    broken = {pattern: look.status for pattern, look in walk.many.items() if look.status >= 500}
    assert broken == {"healthz": 503, "t/<slug:workspace>/billing/plan/": 502}, "Redis and Stripe are unavailable here"
