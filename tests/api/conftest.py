"""API callers: real requests through all middleware, with a token of one workspace."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.http import HttpResponseBase
from django.test import Client

from tenants.models import ApiToken, Role, Tenant
from tests.conftest import Cast


@dataclass(frozen=True)
class Answer:
    """The API's response."""

    response: HttpResponseBase

    @property
    def status(self) -> int:
        return self.response.status_code

    @property
    def json(self) -> Any:
        return json.loads(getattr(self.response, "content", b"null") or b"null")

    @property
    def results(self) -> list[dict[str, Any]]:
        return list(self.json["results"])

    def problem(self, status: int) -> dict[str, Any]:
        """The problem document, checked against RFC 9457 and this status."""
        assert self.status == status, self.json
        assert self.response.headers["Content-Type"] == "application/problem+json"
        problem: dict[str, Any] = self.json
        assert problem["status"] == status
        assert problem["title"]
        assert problem["detail"]
        return problem


@dataclass(frozen=True)
class Caller:
    """A caller with credentials."""

    headers: Mapping[str, str] = field(default_factory=dict)
    client: Client = field(default_factory=Client)

    def call(self, method: str, path: str, body: Any = None, **options: Any) -> Answer:
        path = path if path.startswith("http") else f"/api/v1/{path}"
        data = "" if body is None else json.dumps(body)
        options = {"content_type": "application/json", **options}
        headers = {**self.headers, **options.pop("headers", {})}
        return Answer(self.client.generic(method, path, options.pop("raw", data), headers=headers, **options))

    def get(self, path: str) -> Answer:
        return self.call("GET", path)

    def post(self, path: str, body: Any = None) -> Answer:
        return self.call("POST", path, body)

    def patch(self, path: str, body: Any) -> Answer:
        return self.call("PATCH", path, body)

    def put(self, path: str, body: Any) -> Answer:
        return self.call("PUT", path, body)

    def delete(self, path: str) -> Answer:
        return self.call("DELETE", path)


TokenOf = Callable[[Tenant, Role], Caller]


@pytest.fixture
def token_of(db: None) -> TokenOf:
    """Callers by workspace and role."""

    def issue(tenant: Tenant, role: Role) -> Caller:
        _, plain = ApiToken.issue(tenant, "Tests", role)
        return Caller({"Authorization": f"Bearer {plain}"})

    return issue


@pytest.fixture
def acme(cast: Cast, token_of: TokenOf) -> Caller:
    return token_of(cast.acme, Role.OPERATOR)


@pytest.fixture
def globex(cast: Cast, token_of: TokenOf) -> Caller:
    return token_of(cast.globex, Role.OPERATOR)


@pytest.fixture
def viewer(cast: Cast, token_of: TokenOf) -> Caller:
    """A caller at Acme who may only read."""
    return token_of(cast.acme, Role.VIEWER)


@pytest.fixture
def anonymous(cast: Cast) -> Caller:
    return Caller()
