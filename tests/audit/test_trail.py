"""Reading the audit trail by page, filter, download and API; and that nobody can change it."""

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from django.db import InternalError, ProgrammingError, connection, transaction
from django.test import Client

from config.local.embedded.postgres import Postgres
from tenants.audit import actor, journal, trail
from tenants.models import AccountEvent, ActorKind, ApiToken, AuditEvent, Role, Tenant
from tenants.scope import tenant_scope
from tenants.web.views.audit import safe_cell
from tenants.wordings import TOLD
from tests import factories
from tests.api.conftest import Caller
from tests.audit.conftest import browser_of, entries, only
from tests.conftest import Cast

PATH = "/t/acme/settings/audit/"
CSV = f"{PATH}export.csv"
RENAMED = journal.Action("test.renamed", "Renamed something")


def add(tenant: Tenant, detail: str, at: datetime | None = None, **fields: Any) -> AuditEvent:
    with tenant_scope(tenant.id):
        return AuditEvent.objects.create(
            action=RENAMED.name, detail=TOLD(text=detail), at=at or datetime.now(UTC), **fields
        )


def shown(client: Client, query: str = "") -> str:
    answer = client.get(f"{PATH}{query}")
    assert answer.status_code == 200
    return answer.content.decode()


def table(client: Client, query: str = "") -> list[dict[str, str]]:
    answer = client.get(f"{CSV}{query}")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    body = b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]  # only streamed responses have it
    return list(csv.DictReader(io.StringIO(body)))


@pytest.fixture
def owner(cast: Cast) -> Caller:
    _, plain = ApiToken.issue(cast.acme, "Auditor", Role.OWNER)
    return Caller({"Authorization": f"Bearer {plain}"})


@pytest.mark.parametrize("model", [AuditEvent, AccountEvent])
@pytest.mark.parametrize("change", ["UPDATE {} SET detail = '{{}}'", "DELETE FROM {}", "TRUNCATE {}"])
def test_neither_app_nor_staff_can_change_entries(
    committed_cast: Cast, postgres: Postgres, model: Any, change: str
) -> None:
    statement = change.format(model._meta.db_table)
    with pytest.raises(ProgrammingError, match="permission denied"), tenant_scope(committed_cast.acme.id):
        connection.cursor().execute(statement)
    with psycopg.connect(postgres.url("staff")) as staff, pytest.raises(psycopg.errors.InsufficientPrivilege):
        staff.execute(statement.encode())
    assert entries(committed_cast.acme)


def test_an_entry_needs_a_workspace(cast: Cast) -> None:
    with pytest.raises(Exception, match="No tenant is set"):
        journal.record(RENAMED)
    with pytest.raises((ProgrammingError, InternalError)), transaction.atomic():
        AuditEvent.objects.create(tenant=cast.acme, action="test.renamed")


def test_owner_and_admin_can_read_it_and_others_cannot(cast: Cast) -> None:
    for role, status in {Role.OWNER: 200, Role.ADMIN: 200, Role.OPERATOR: 403, Role.VIEWER: 403}.items():
        client = browser_of(factories.make_member(cast.acme, role))
        assert [client.get(path).status_code for path in (PATH, CSV)] == [status, status]
    assert browser_of(cast.bob).get(PATH).status_code == browser_of(cast.bob).get("/t/x/settings/audit/").status_code


def test_the_page_shows_who_what_where_and_what_changed(alice: Client, cast: Cast) -> None:
    with tenant_scope(cast.acme.id), actor.acting(actor.person(cast.alice, ip="192.0.2.7", user_agent="Netscape")):
        journal.record(
            RENAMED, cast.acme, changes={"time_zone": ["UTC", "Asia/Tokyo"]}, detail=TOLD(text="Because it moved.")
        )
    page = shown(alice)
    for text in ("Renamed something", "alice@acme.example", "192.0.2.7", "Netscape", "Because it moved.", "Asia/Tokyo"):
        assert text in page
    assert "Time zone" in page


def test_entry_text_is_escaped(alice: Client, cast: Cast) -> None:
    add(cast.acme, "<script>alert(1)</script>", target_name="<b>x</b>", changes={"<i>": ["<u>", None]})
    page = shown(alice)
    assert "&lt;script&gt;" in page
    assert not any(tag in page for tag in ("<script>alert", "<b>x", "<i>", "<u>"))


def test_entries_of_other_workspaces_are_nowhere(alice: Client, owner: Caller, cast: Cast) -> None:
    add(cast.globex, "secret of Globex")
    assert "secret of Globex" not in shown(alice)
    assert "secret of Globex" not in str(owner.get("audit/").json)
    assert "secret of Globex" not in str(table(alice))


@pytest.fixture
def moments(cast: Cast) -> dict[str, AuditEvent]:
    """Moments around the first of March in Tokyo, which starts at three in the afternoon UTC."""
    Tenant.objects.filter(id=cast.acme.id).update(time_zone="Asia/Tokyo")
    return {
        "before": add(cast.acme, "before", datetime(2026, 2, 28, 14, 59, 59, tzinfo=UTC)),
        "first": add(cast.acme, "first", datetime(2026, 2, 28, 15, 0, tzinfo=UTC), actor_kind=ActorKind.MEMBER),
        "last": add(cast.acme, "last", datetime(2026, 3, 1, 14, 59, 59, tzinfo=UTC), actor_id=cast.bob.id),
        "after": add(cast.acme, "after 100%", datetime(2026, 3, 1, 15, 0, tzinfo=UTC), target_kind="agent"),
    }


FILTERS = [
    ("from=2026-03-01&to=2026-03-01", ["last", "first"]),
    ("to=2026-02-28", ["before"]),
    ("from=2026-03-02&action=test.renamed", ["after"]),
    ("who=member&action=test.renamed", ["first"]),
    ("target=agent", ["after"]),
    ("text=100%25", ["after"]),
    ("text=LAST", ["last"]),
    ("action=employee.hired", []),
]


@pytest.mark.parametrize(("query", "expected"), FILTERS)
def test_page_api_and_download_filter_alike(
    alice: Client, owner: Caller, moments: dict[str, AuditEvent], query: str, expected: list[str]
) -> None:
    ids = [str(moments[name].id) for name in expected]
    assert [each["id"] for each in owner.get(f"audit/?{query}").results] == ids
    assert [each["id"] for each in table(alice, f"?{query}")] == ids
    page = shown(alice, f"?{query}")
    assert [name for name in moments if f"<p>{moments[name].detail}</p>" in page] == [
        name for name in moments if name in expected
    ]


def test_a_former_member_can_still_be_asked_for(
    alice: Client, owner: Caller, moments: dict[str, AuditEvent], cast: Cast
) -> None:
    assert "<p>last</p>" in shown(alice, f"?who={cast.bob.id}")
    assert [each["id"] for each in owner.get(f"audit/?who={cast.bob.id}").results] == [str(moments["last"].id)]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("from=yesterday", "from"),
        ("to=2026-02-30", "to"),
        ("to=9999-12-31", "to"),
        ("from=2026-03-02&to=2026-03-01", "from"),
        ("who=nobody", "who"),
        ("cursor=x", "cursor"),
        ("page_size=0", "page_size"),
        ("page_size=201", "page_size"),
        ("page_size=%D9%A1", "page_size"),
    ],
)
def test_a_bad_filter_is_named(alice: Client, owner: Caller, query: str, field: str) -> None:
    assert list(owner.get(f"audit/?{query}").problem(400)["errors"]) == [field]
    if field not in {"cursor", "page_size"}:
        assert [alice.get(f"{path}?{query}").status_code for path in (PATH, CSV)] == [400, 400]


def test_the_earliest_and_latest_dates_are_accepted(owner: Caller, moments: dict[str, AuditEvent]) -> None:
    assert owner.get("audit/?from=0001-01-01&to=9998-12-31&action=test.renamed").results


def test_pages_follow_each_other_both_ways_without_gaps(
    alice: Client, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tenants.web.views.audit.PAGE", 3)
    events = [add(cast.acme, f"number {number}") for number in range(7)]

    def numbers(query: str) -> list[int]:
        page = shown(alice, query)
        return [number for number in range(6, -1, -1) if f"<p>number {number}</p>" in page]

    assert numbers("?text=number") == [6, 5, 4]
    assert numbers(f"?text=number&before={events[4].id}") == [3, 2, 1]
    assert numbers(f"?text=number&before={events[1].id}") == [0]
    assert numbers(f"?text=number&after={events[3].id}") == [6, 5, 4]
    assert numbers(f"?text=number&after={events[0].id}") == [3, 2, 1]
    assert f"?text=number&amp;before={events[4].id}" in shown(alice, "?text=number")
    assert "Newer" not in shown(alice, "?text=number")
    assert "Older" not in shown(alice, f"?text=number&before={events[1].id}")


def test_api_pages_are_complete_even_with_new_entries(owner: Caller, cast: Cast) -> None:
    for number in range(5):
        add(cast.acme, f"number {number}")
    first = owner.get("audit/?text=number&page_size=2").json
    add(cast.acme, "number 5")
    second = owner.get(first["next"]).json
    third = owner.get(second["next"]).json
    details = [each["detail"] for page in (first, second, third) for each in page["results"]]
    assert details == [f"number {number}" for number in (4, 3, 2, 1, 0)]
    assert third["next"] is None


def test_an_entry_in_the_api(owner: Caller, cast: Cast) -> None:
    with tenant_scope(cast.acme.id), actor.acting(actor.person(cast.alice, ip="192.0.2.7")):
        journal.record(RENAMED, cast.acme, changes={"name": ["Acme", "Ace"]})
    found = owner.get("audit/?action=test.renamed").results[0]
    assert UUID(found.pop("id"))
    assert datetime.fromisoformat(found.pop("at")) > datetime.now(UTC) - timedelta(minutes=1)
    assert found == {
        "action": "test.renamed",
        "description": "Renamed something",
        "actor": {"kind": "member", "id": str(cast.alice.id), "name": "alice@acme.example"},
        "target": {"kind": "tenant", "id": str(cast.acme.id), "name": "Acme"},
        "changes": {"name": ["Acme", "Ace"]},
        "detail": "",
        "ip": "192.0.2.7",
        "user_agent": "",
        "request_id": "",
    }


def test_the_api_requires_permission_to_read_it(cast: Cast) -> None:
    for role in (Role.OPERATOR, Role.VIEWER):
        _, plain = ApiToken.issue(cast.acme, role.value, role)
        assert "admin" in Caller({"Authorization": f"Bearer {plain}"}).get("audit/").problem(403)["detail"]


def test_the_download_is_itself_recorded(alice: Client, cast: Cast) -> None:
    table(alice, "?text=Globex&from=2026-01-02")
    entry = only(cast.acme, "audit.exported")
    assert (entry.actor_id, str(entry.detail)) == (cast.alice.id, "Entries that match text=Globex, from=2026-01-02.")


def test_the_download_has_every_entry_in_iso_time(alice: Client, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trail, "BATCH", 2)
    for number in range(5):
        add(cast.acme, f"number {number}", datetime(2026, 3, 1, 12, 0, number, tzinfo=UTC))
    rows = table(alice, "?text=number")
    assert [row["detail"] for row in rows] == [f"number {number}" for number in (4, 3, 2, 1, 0)]
    assert rows[0]["at"] == "2026-03-01T12:00:04.000+00:00"


def test_no_cell_starts_a_formula(alice: Client, cast: Cast) -> None:
    add(cast.acme, '=HYPERLINK("http://evil.example")', target_name="@SUM(1)", changes={"name": ["-1", "+2"]})
    (row,) = table(alice, "?action=test.renamed")
    assert row["detail"] == '\'=HYPERLINK("http://evil.example")'
    assert row["target_name"] == "'@SUM(1)"
    assert json.loads(row["changes"]) == {"name": ["-1", "+2"]}


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"])  # noqa: RUF001
def test_each_formula_prefix_is_escaped(start: str) -> None:
    assert safe_cell(f"{start}1") == f"'{start}1"
    assert safe_cell(f"a{start}1") == f"a{start}1"


def test_an_empty_result_says_so(alice: Client) -> None:
    page = shown(alice, "?text=nothing+like+it")
    assert "No entry matches this filter." in page
    assert "Download CSV" not in page


def test_an_unknown_cursor_shows_the_first_page(alice: Client, cast: Cast) -> None:
    add(cast.acme, "number 1")
    assert "<p>number 1</p>" in shown(alice, "?before=x")
    assert "<p>number 1</p>" in shown(alice, f"?before={UUID(int=2**128 - 1)}&after=")
    assert "<p>number 1</p>" not in shown(alice, f"?after={UUID(int=2**128 - 1)}")
