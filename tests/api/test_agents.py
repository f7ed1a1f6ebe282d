"""`agents/`: hiring, changing, letting go, through the same code as the portal."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from agents.models import Agent
from tenants.scope import tenant_scope
from tests.api.conftest import Caller
from tests.conftest import Cast

MAYA = {"name": "Maya", "job_title": "Customer support", "instructions": "We open at 9."}


def test_hired_employee_is_read_back(acme: Caller) -> None:
    hired = acme.post("agents/", MAYA)
    assert hired.status == 201
    assert hired.json | MAYA == hired.json
    assert hired.json["revision"] == 1
    assert UUID(hired.json["id"]).version == 7
    assert acme.get(f"agents/{hired.json['id']}/").json == hired.json
    assert acme.get("agents/").results == [hired.json]


def test_no_seat_left_is_402_and_says_what_to_do_and_where(acme: Caller, cast: Cast) -> None:
    acme.post("agents/", MAYA)
    problem = acme.post("agents/", {**MAYA, "name": "Ben"}).problem(402)
    assert "Add seats under Billing, or pause or let another AI employee go." in problem["detail"]
    assert problem["billing_url"] == "http://testserver/t/acme/billing/"
    with tenant_scope(cast.acme.id):
        assert Agent.objects.count() == 1


def test_letting_go_frees_the_seat(acme: Caller) -> None:
    first = acme.post("agents/", MAYA).json["id"]
    assert acme.delete(f"agents/{first}/").status == 204
    acme.get(f"agents/{first}/").problem(404)
    assert acme.post("agents/", MAYA).status == 201


def test_each_change_is_a_revision_and_an_unchanged_save_is_not(acme: Caller) -> None:
    agent = acme.post("agents/", MAYA).json
    path = f"agents/{agent['id']}/"
    assert acme.patch(path, {"name": "Mia"}).json["revision"] == 2
    assert acme.put(path, {**MAYA, "name": "Mia"}).json["revision"] == 2
    assert acme.put(path, MAYA).json["revision"] == 3
    revisions = acme.get(f"{path}revisions/").results
    assert [(each["number"], each["name"]) for each in revisions] == [(3, "Maya"), (2, "Mia"), (1, "Maya")]


def test_read_only_fields_are_left_alone(acme: Caller) -> None:
    agent = acme.post("agents/", {**MAYA, "id": str(uuid4()), "revision": 7, "tenant": str(uuid4())}).json
    assert agent["revision"] == 1
    changed = acme.patch(f"agents/{agent['id']}/", {"revision": 9, "created_at": "2020-01-01T00:00:00Z"}).json
    assert changed == agent


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 81}, "name"),
        ({"name": {"a": 1}}, "name"),
        ({"instructions": "x" * 20_001}, "instructions"),
        ({"max_output_tokens": 15}, "max_output_tokens"),
        ({"max_output_tokens": 16_001}, "max_output_tokens"),
        ({"max_output_tokens": "many"}, "max_output_tokens"),
        ({"provider": "nobody"}, "provider"),
        ({"model": "no-such-model"}, "model"),
        ({"provider": "anthropic"}, "model"),
    ],
)
def test_bad_field_is_named(acme: Caller, change: dict[str, Any], field: str) -> None:
    assert list(acme.post("agents/", {**MAYA, **change}).problem(400)["errors"]) == [field]
    agent = acme.post("agents/", MAYA).json
    assert list(acme.patch(f"agents/{agent['id']}/", change).problem(400)["errors"]) == [field]
    assert acme.get(f"agents/{agent['id']}/").json == agent


def test_missing_fields_are_named(acme: Caller) -> None:
    assert set(acme.post("agents/", {}).problem(400)["errors"]) == {"name", "job_title", "instructions"}
    assert list(acme.post("agents/", []).problem(400)["errors"]) == ["non_field_errors"]


def test_another_provider_with_a_priced_model(acme: Caller) -> None:
    agent = acme.post("agents/", {**MAYA, "provider": "anthropic", "model": "claude-sonnet-4-5"})
    assert agent.status == 201, agent.json


def test_employee_of_another_workspace_looks_like_a_missing_one(acme: Caller, globex: Caller) -> None:
    foreign, unknown = acme.post("agents/", MAYA).json["id"], uuid4()
    assert globex.get("agents/").results == []
    for method, path in (
        ("GET", "agents/{}/"),
        ("PUT", "agents/{}/"),
        ("PATCH", "agents/{}/"),
        ("DELETE", "agents/{}/"),
        ("GET", "agents/{}/revisions/"),
    ):
        theirs, nobodys = (globex.call(method, path.format(id), MAYA).problem(404) for id in (foreign, unknown))
        assert theirs | {"request_id": ""} == nobodys | {"request_id": ""}
    assert acme.get(f"agents/{foreign}/").json["revision"] == 1


def test_viewer_reads_and_changes_nothing(acme: Caller, viewer: Caller) -> None:
    agent = acme.post("agents/", MAYA).json
    assert viewer.get("agents/").results == [agent]
    viewer.post("agents/", MAYA).problem(403)
    viewer.patch(f"agents/{agent['id']}/", {"name": "Eve"}).problem(403)
    viewer.delete(f"agents/{agent['id']}/").problem(403)
    assert acme.get(f"agents/{agent['id']}/").json == agent


def test_pages_follow_each_other(acme: Caller) -> None:
    agent = acme.post("agents/", MAYA).json
    path = f"agents/{agent['id']}/"
    for number in range(2, 6):
        acme.patch(path, {"name": f"Maya {number}"})
    first = acme.get(f"{path}revisions/?page_size=2")
    second = acme.get(first.json["next"])
    third = acme.get(second.json["next"])
    numbers = [[each["number"] for each in page.results] for page in (first, second, third)]
    assert numbers == [[5, 4], [3, 2], [1]]
    assert first.json["previous"] is None
    assert third.json["next"] is None
    assert [each["number"] for each in acme.get(third.json["previous"]).results] == [3, 2]


@pytest.mark.parametrize("cursor", ["nonsense", "cD1ub3QtYW4taWQ=", "cD0lMDA=", "bz0tMQ=="])
def test_forged_cursor_is_refused(acme: Caller, cursor: str) -> None:
    assert list(acme.get(f"agents/?cursor={cursor}").problem(400)["errors"]) == ["cursor"]
