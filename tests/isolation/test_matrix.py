"""Every route, method, caller and id: nobody sees or changes what is not theirs, and each change is audited."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from config.local.embedded.postgres import Postgres
from tests.isolation.furnishing import tenant_models
from tests.isolation.judging import Fault, by_kind, changes, judge
from tests.isolation.matrix import Matrix
from tests.isolation.routes import NOBODY, UNSAFE, all_routes, undeclared
from tests.isolation.values import Things, UnknownArgumentError, body, id_fields
from tests.isolation.watching import digests, owner_column, table_columns

pytestmark = pytest.mark.timeout(600)


@dataclass
class Report:
    """The findings of one run of the whole matrix."""

    requests: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    statuses: Counter[int] = field(default_factory=Counter)
    changing: int = 0
    faults: dict[str, list[str]] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)
    touched: list[str] = field(default_factory=list)

    def of(self, kind: str) -> list[str]:
        """The first dozen faults of one kind."""
        return self.faults.get(kind, [])[:12]


@pytest.fixture(scope="module")
def report(matrix: Matrix, postgres: Postgres) -> Iterator[Report]:
    report = Report()
    faults: list[Fault] = []
    before = digests(postgres, matrix.neighbour.owners)
    for route in all_routes():
        try:
            outcomes = matrix.run(route)
        except UnknownArgumentError as error:
            report.unknown.append(str(error))
            continue
        report.kinds[route.kind] += 1
        report.requests += len(outcomes)
        report.statuses.update(each.status for each in outcomes)
        report.changing += sum(1 for each in outcomes if each.succeeded and changes(each))
        faults += judge(matrix, route, outcomes)
    after = digests(postgres, matrix.neighbour.owners)
    report.touched = [table for table in after if before[table] != after[table]]
    report.faults = by_kind(faults)
    yield report
    found = {kind: len(texts) for kind, texts in report.faults.items()}
    print(  # noqa: T201 - the measured results
        f"\nisolation: {report.kinds.total()} routes {dict(report.kinds)}, {report.requests} requests "
        f"{dict(sorted(report.statuses.items()))}, {report.changing} of them changed something of their own; "
        f"leaks {found.get('leak', 0)}, foreign writes {found.get('write', 0)}, all faults {found}"
    )


def test_every_table_has_rows_of_both_workspaces(matrix: Matrix, postgres: Postgres) -> None:
    """A new table fails this until tests.isolation.furnishing can fill it."""
    tables = [name for name, columns in table_columns(postgres).items() if "tenant_id" in columns]
    assert {model._meta.db_table for model in tenant_models()} == set(tables)
    for world in (matrix.home, matrix.neighbour):
        kept = digests(postgres, [str(world.tenant.id)])
        assert [table for table in tables if kept[table].startswith("0 ")] == []


def test_every_table_has_an_owner_column(postgres: Postgres, matrix: Matrix) -> None:
    nobodys = {name for name, columns in table_columns(postgres).items() if not owner_column(name, columns)}
    mirrored = {name for name in nobodys if name.startswith("djstripe_")}  # reached only through the tenant's customer
    assert nobodys - mirrored == {
        "account_emailconfirmation", "auth_group", "auth_group_permissions", "auth_permission", "django_content_type",
        "django_migrations", "django_session", "socialaccount_socialapp", "socialaccount_socialtoken",
        "tenants_incident",
    }  # fmt: skip


def test_every_route_is_known_and_says_who_may_call_it(report: Report) -> None:
    assert undeclared(all_routes()) + report.unknown == []


def test_every_id_in_a_body_is_tried_with_a_foreign_one() -> None:
    for route in all_routes():
        for method in sorted(UNSAFE):
            for name in id_fields(route, method):
                assert body(route, method, Things(None)).get(name) == str(NOBODY), f"{method} {route.pattern}: {name}"


def test_nothing_of_another_workspace_is_shown(report: Report) -> None:
    assert report.of("leak") == []


def test_nothing_of_another_workspace_is_written(report: Report) -> None:
    assert report.of("write") == []
    assert report.touched == []


def test_permissions_match_the_table(report: Report) -> None:
    assert report.of("status") == []


def test_other_workspaces_ids_answer_like_missing_ones(report: Report) -> None:
    assert report.of("difference") == []


def test_nothing_breaks(report: Report) -> None:
    assert report.of("error") == []


def test_every_refused_call_works_for_permitted_callers(report: Report) -> None:
    assert report.of("unproven") == []


def test_every_change_leaves_an_audit_entry(report: Report) -> None:
    assert report.of("unaudited") == []
