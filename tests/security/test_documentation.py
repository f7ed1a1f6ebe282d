"""The API documentation: the whole schema, public, and nothing loaded from other hosts."""

import json
import re
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from config.api import docs, root
from config.api.examples import Schemas
from tests.conftest import Cast

METHODS = {"get", "post", "put", "patch", "delete"}


@pytest.fixture
def text(stranger: Client, cast: Cast) -> str:
    answer = stranger.get("/api/docs")
    assert answer.status_code == 200
    content: str = answer.content.decode()
    return content


def operations() -> list[dict[str, Any]]:
    return [item[method] for item in root.openapi()["paths"].values() for method in item if method in METHODS]


def test_every_operation_of_the_schema_is_there_and_can_be_linked_to(text: str) -> None:
    shown = {operation.id for section in docs.sections() for operation in section.operations}

    assert shown == {operation["operationId"] for operation in operations()}
    for operation in operations():
        assert f'id="{operation["operationId"]}"' in text
        assert f'href="#{operation["operationId"]}"' in text


def test_each_id_is_unique(text: str) -> None:
    ids = re.findall(r'\sid="([^"]+)"', text)

    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("path", ["/api/docs", "/api/docs/"])
def test_anybody_may_read_it_with_and_without_a_slash(stranger: Client, alice: Client, path: str) -> None:
    assert stranger.get(path).status_code == alice.get(path).status_code == 200


def test_nothing_comes_from_another_host(text: str) -> None:
    fetched = re.findall(r'<(?:script|link|img|iframe)[^>]+(?:src|href)="([^"]+)"', text)

    assert fetched
    assert all(address.startswith("/static/") for address in fetched)


def test_examples_use_our_own_url_and_send_json(text: str) -> None:
    for section in docs.sections():
        for operation in section.operations:
            assert f"'{settings.PUBLIC_URL}/api/v1/" in operation.curl
            assert "{" not in operation.curl.splitlines()[0], "an argument without an example"
            sent = re.search(r"-d '(.*)'$", operation.curl, re.DOTALL)
            assert sent is None or json.loads(sent[1].replace("'\\''", "'"))


def test_every_status_of_an_operation_is_explained() -> None:
    shown = {operation.id: operation for section in docs.sections() for operation in section.operations}

    for operation in operations():
        assert {str(answer.status) for answer in shown[operation["operationId"]].answers} == set(operation["responses"])


def test_required_fields_and_their_limits_are_marked() -> None:
    hire = next(each for section in docs.sections() for each in section.operations if each.id == "createAgent")
    name = next(field for field in hire.body if field.name == "name")

    assert (name.type, name.required, name.notes) == ("text", True, "at most 80 characters")
    assert not next(field for field in hire.body if field.name == "provider").required


def test_descriptions_are_escaped_and_their_code_is_marked() -> None:
    assert docs.prose("`<b>` & `c`") == "<code>&lt;b&gt;</code> &amp; <code>c</code>"


def test_a_recursive_schema_ends() -> None:
    tree = {"type": "object", "properties": {"child": {"$ref": "#/components/schemas/Tree"}}}

    assert Schemas({"Tree": tree}).example({"$ref": "#/components/schemas/Tree"})["child"]["child"]


def test_nullable_lists_and_choices_are_described_in_words() -> None:
    schemas = Schemas({"State": {"type": "string", "enum": ["open", "closed"]}})
    of_states = {"type": "array", "items": {"$ref": "#/components/schemas/State"}, "nullable": True}

    assert schemas.type_of(of_states) == "list of: one of these, or null"
    assert schemas.example(of_states) == ["open"]
    assert schemas.limits(schemas.resolve(of_states["items"])) == "open, closed"  # type: ignore[arg-type]
