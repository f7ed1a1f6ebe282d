"""The matrix can fail: it finds every planted hole."""

from collections.abc import Iterator

import pytest
from django.test import override_settings
from django.urls import clear_url_caches

from tests.isolation.judging import Fault, judge
from tests.isolation.matrix import Matrix
from tests.isolation.routes import Route, all_routes, undeclared
from tests.isolation.values import UnknownArgumentError

PORTAL = "t/<slug:workspace>/"


@pytest.fixture(scope="module")
def holes(matrix: Matrix) -> Iterator[dict[str, Route]]:
    with override_settings(ROOT_URLCONF="tests.isolation.holes"):
        clear_url_caches()
        yield {route.pattern: route for route in all_routes()}
    clear_url_caches()


def faults(matrix: Matrix, route: Route) -> list[Fault]:
    return list(judge(matrix, route, matrix.run(route)))


@pytest.mark.parametrize(
    ("pattern", "word"),
    [
        (f"{PORTAL}open-door/", "@requires"),
        ("api/v1/unguarded/", "no `reads` or `writes`"),
        ("nowhere/", "PUBLIC"),
    ],
)
def test_a_route_that_does_not_say_who_may_call_it_is_found(holes: dict[str, Route], pattern: str, word: str) -> None:
    assert any(pattern in text and word in text for text in undeclared(list(holes.values())))


def test_an_unknown_argument_is_found(matrix: Matrix, holes: dict[str, Route]) -> None:
    with pytest.raises(UnknownArgumentError, match="gadget_id"):
        matrix.run(holes[f"{PORTAL}strange/<uuid:gadget_id>/"])


@pytest.mark.parametrize(
    ("pattern", "kind"),
    [
        (f"{PORTAL}through-the-wall/", "leak"),
        (f"{PORTAL}any-connection/<uuid:connection_id>/", "write"),
        (f"{PORTAL}telling/<uuid:agent_id>/", "difference"),
        (f"{PORTAL}silent/", "unaudited"),
    ],
)
def test_a_hole_is_found(matrix: Matrix, holes: dict[str, Route], pattern: str, kind: str) -> None:
    assert kind in {fault.kind for fault in faults(matrix, holes[pattern])}
