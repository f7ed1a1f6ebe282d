"""The OpenAPI schema: public, free of warnings, and changed only deliberately."""

import re
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command

from tests.api.conftest import Caller

SNAPSHOT = Path(__file__).parents[2] / "docs" / "openapi.yaml"
RENEW = "The API's schema changed. If that is meant: .venv/bin/python manage.py spectacular --file docs/openapi.yaml"
METHODS = {"get", "post", "put", "patch", "delete"}


def test_schema_matches_the_stored_file() -> None:
    made = StringIO()
    call_command("spectacular", "--validate", "--fail-on-warn", stdout=made)
    assert made.getvalue().strip() == SNAPSHOT.read_text().strip(), RENEW


@pytest.mark.parametrize("path", ["schema", "schema/"])
def test_anybody_may_read_it(anonymous: Caller, path: str) -> None:
    answer = anonymous.get(path)
    assert answer.response.headers["Content-Type"] == "application/json"
    assert answer.json["info"]["title"] == "Roster API"
    assert anonymous.call("GET", path, headers={"Authorization": "Bearer wrong"}).status == 200


def test_it_is_available_as_yaml(anonymous: Caller) -> None:
    answer = anonymous.call("GET", "schema", headers={"Accept": "application/yaml"})
    assert getattr(answer.response, "content", b"").startswith(b"openapi: 3")


def test_each_operation_has_a_name_and_a_description(anonymous: Caller) -> None:
    schema = anonymous.get("schema").json
    operations = [
        operation for item in schema["paths"].values() for method, operation in item.items() if method in METHODS
    ]
    names = [operation["operationId"] for operation in operations]
    assert len(set(names)) == len(names) == 39
    for operation in operations:
        assert re.fullmatch(r"[a-z]+[A-Za-z]+", operation["operationId"])
        assert operation["summary"]
        assert operation["tags"]
        assert {"401", "403"} <= operation["responses"].keys()


def test_paths_are_written_as_documented(anonymous: Caller) -> None:
    assert set(anonymous.get("schema").json["paths"]) == {
        "/api/v1/agents/",
        "/api/v1/agents/{id}/",
        "/api/v1/agents/{id}/revisions/",
        "/api/v1/audit/",
        "/api/v1/billing/checkout",
        "/api/v1/billing/portal",
        "/api/v1/billing/preview",
        "/api/v1/billing/subscription",
        "/api/v1/channels/",
        "/api/v1/channels/{id}/",
        "/api/v1/channels/{id}/routing",
        "/api/v1/channels/{id}/health",
        "/api/v1/channels/{id}/test",
        "/api/v1/channels/slack/install",
        "/api/v1/channels/webchat",
        "/api/v1/channels/whatsapp",
        "/api/v1/channels/whatsapp/install",
        "/api/v1/conversations/",
        "/api/v1/conversations/{id}/",
        "/api/v1/conversations/{id}/messages/",
        "/api/v1/invitations/",
        "/api/v1/invitations/{id}/",
        "/api/v1/members/",
        "/api/v1/members/{id}/",
        "/api/v1/usage/summary",
    }
