"""Each error page through a real request: its status, its text, and the request id that is also in header and logs."""

import json
import re
from typing import Any

import pytest
import structlog
from django.test import Client
from pytest_django import Settings
from structlog.testing import capture_logs

from tenants.models import Role
from tests import factories
from tests.conftest import Cast
from tests.security.broken_urls import SECRET

MIB = 1024 * 1024
Answer = Any  # the test client's type, which no stub exports


def page(response: Answer, status: int, heading: str) -> str:
    """The page's text, after checking what every error page has."""
    assert response.status_code == status
    text: str = response.content.decode()
    assert f"<h1>{heading}</h1>" in text
    assert f"Error {status}" in text
    assert response.headers["X-Request-ID"] in text
    assert "Traceback" not in text
    assert SECRET not in text
    return text


def problem(response: Answer, status: int) -> dict[str, Any]:
    assert response.status_code == status
    assert response.headers["Content-Type"] == "application/problem+json"
    document: dict[str, Any] = json.loads(response.content)
    assert document["status"] == status
    assert document["request_id"] == response.headers["X-Request-ID"]
    assert document["detail"]
    assert SECRET not in response.content.decode()
    return document


@pytest.fixture
def fault(settings: Settings) -> None:
    """A site with broken views."""
    settings.ROOT_URLCONF = "tests.security.broken_urls"


def test_400_for_an_unknown_host(stranger: Client) -> None:
    answer = stranger.get("/", headers={"Host": "evil.example"})

    assert "evil.example" not in page(answer, 400, "We could not understand that request")


def test_400_says_what_is_malformed(stranger: Client) -> None:
    text = page(stranger.get("/accounts/login/?next=%00"), 400, "We could not understand that request")

    assert "The address has a NUL character in it: leave it out." in text
    assert "NUL" in problem(stranger.get("/api/v1/agents/?cursor=%00"), 400)["detail"]


def test_403_names_what_is_missing(cast: Cast) -> None:
    viewer = Client()
    viewer.force_login(factories.make_member(cast.acme, Role.VIEWER))

    page(viewer.get("/t/acme/employees/new/"), 403, "You cannot do this here")


def test_403_for_a_form_without_its_token(cast: Cast) -> None:
    client = Client(enforce_csrf_checks=True)

    page(client.post("/accounts/login/", {}), 403, "This form can no longer be sent")


def test_404(stranger: Client, alice: Client) -> None:
    for client in (stranger, alice):
        page(client.get("/nowhere/"), 404, "There is nothing at this address")
    problem(stranger.get("/api/v1/nowhere"), 404)


def test_405_names_the_right_methods(stranger: Client) -> None:
    answer = stranger.post("/")

    assert "use GET" in page(answer, 405, "This address does not work that way")
    assert answer.headers["Allow"] == "GET"
    assert problem(stranger.get("/webhooks/slack/events"), 405)["detail"].endswith("use POST.")


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS"])
def test_other_methods_get_a_normal_response(stranger: Client, cast: Cast, method: str) -> None:
    for address in ("/", "/accounts/login/", "/api/v1/agents/", "/t/acme/", "/livez"):
        assert stranger.generic(method, address).status_code < 500


def test_413_says_how_much_is_allowed(alice: Client, program: Client) -> None:
    too_much = "x" * (2 * MIB + 1)

    assert f"at most {2 * MIB} bytes" in page(
        alice.post("/workspaces/new/", {"name": too_much}), 413, "That was too much to send at once"
    )
    answer = program.post("/api/v1/agents/", too_much, content_type="application/json")
    assert f"at most {2 * MIB} bytes" in problem(answer, 413)["detail"]


def test_413_for_a_webhook_allows_what_providers_send(stranger: Client, cast: Cast) -> None:
    small, large = "x" * (3 * MIB), "x" * (4 * MIB + 1)

    assert stranger.post("/webhooks/slack/events", small, content_type="application/json").status_code == 401
    problem(stranger.post("/webhooks/slack/events", large, content_type="application/json"), 413)


def test_413_for_more_fields_than_any_form_has(alice: Client) -> None:
    answer = alice.post("/workspaces/new/", {f"field{number}": "1" for number in range(1001)})

    assert "too many fields" in page(answer, 413, "That was too much to send at once")


def test_429_says_how_long_to_wait(stranger: Client, cast: Cast) -> None:
    form = {"login": "alice@acme.example", "password": "wrong"}

    answers = [stranger.post("/accounts/login/", form) for _ in range(40)]

    last = answers[-1]
    assert f"Wait {last.headers['Retry-After']} seconds" in page(last, 429, "Too many tries in a short time")
    assert 0 < int(last.headers["Retry-After"]) <= 60


def test_500_shows_only_the_request_id(stranger: Client, fault: None) -> None:
    page(stranger.get("/broken/"), 500, "Something broke on our side")
    problem(stranger.get("/api/v1/broken/"), 500)


def test_the_id_is_the_one_in_the_logs(stranger: Client, fault: None) -> None:
    with capture_logs(processors=[structlog.contextvars.merge_contextvars]) as lines:
        answer = stranger.get("/broken/", headers={"X-Request-ID": "claimed"})

    assert {line["request_id"] for line in lines if "request_id" in line} == {answer.headers["X-Request-ID"]}
    assert answer.headers["X-Request-ID"] != "claimed"


def test_each_request_has_its_own_id(stranger: Client) -> None:
    ids = {stranger.get("/livez").headers["X-Request-ID"] for _ in range(5)}

    assert len(ids) == 5
    assert all(re.fullmatch(r"[0-9a-f-]{36}", each) for each in ids)
