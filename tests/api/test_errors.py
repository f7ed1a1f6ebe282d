"""Authentication, and that every error is a problem document."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from tenants.models import ApiToken, Role, User
from tenants.scope import tenant_scope
from tests import factories
from tests.api.conftest import Caller
from tests.conftest import Cast

MAYA = {"name": "Maya", "job_title": "Customer support", "instructions": "We open at 9."}
PATHS = ["agents/", "channels/", "conversations/", "usage/summary"]


def session_of(user: User, slug: str = "", *, checks_csrf: bool = False) -> Caller:
    client = Client(enforce_csrf_checks=checks_csrf)
    client.force_login(user)
    return Caller({"Roster-Workspace": slug} if slug else {}, client)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer rst_wrong", "Basic YTpi", "Bearer \u00e9"])
def test_without_a_good_token_nobody_gets_in(anonymous: Caller, path: str, authorization: str) -> None:
    headers = {"Authorization": authorization} if authorization else {}
    answer = anonymous.call("GET", path, headers=headers)
    answer.problem(401)
    assert answer.response.headers["WWW-Authenticate"] == 'Bearer realm="Roster"'


def test_expired_token_is_refused(cast: Cast) -> None:
    _, plain = ApiToken.issue(cast.acme, "Old", Role.OWNER, timezone.now() - timedelta(seconds=1))
    assert "expired" in Caller({"Authorization": f"Bearer {plain}"}).get("agents/").problem(401)["detail"]


def test_token_says_when_it_was_used_last(acme: Caller) -> None:
    acme.get("agents/")
    assert ApiToken.objects.get().last_used_at


@pytest.mark.parametrize("path", PATHS)
def test_member_gets_in_with_the_session(cast: Cast, path: str) -> None:
    assert session_of(cast.alice, "acme").get(path).status == 200


def test_session_sees_the_workspace_of_its_header(cast: Cast) -> None:
    with tenant_scope(cast.acme.id):
        factories.make_agent()
    assert len(session_of(cast.alice, "acme").get("agents/").results) == 1
    assert session_of(cast.bob, "globex").get("agents/").results == []


def test_session_without_the_header_is_told_about_it(cast: Cast) -> None:
    assert "Roster-Workspace" in session_of(cast.alice).get("agents/").problem(401)["detail"]


@pytest.mark.parametrize("path", PATHS)
def test_other_workspaces_look_like_missing_ones(cast: Cast, path: str) -> None:
    for stranger in (cast.outsider, cast.bob):
        foreign = session_of(stranger, "acme").get(path).problem(403)["detail"]
        unknown = session_of(stranger, "nowhere").get(path).problem(403)["detail"]
        assert foreign == unknown.replace("nowhere", "acme")


def test_token_decides_and_not_the_header(acme: Caller, cast: Cast) -> None:
    with tenant_scope(cast.globex.id):
        factories.make_agent()
    assert acme.call("GET", "agents/", headers={"Roster-Workspace": "globex"}).results == []


def test_session_writes_only_with_a_csrf_token(cast: Cast) -> None:
    alice = session_of(cast.alice, "acme", checks_csrf=True)
    assert "X-CSRFToken" in alice.post("agents/", MAYA).problem(403)["detail"]
    alice.client.cookies["csrftoken"] = "a" * 32
    assert alice.call("POST", "agents/", MAYA, headers={"X-CSRFToken": "a" * 32}).status == 201


def test_viewer_s_session_may_not_write(cast: Cast) -> None:
    viewer = session_of(factories.make_member(cast.acme, Role.VIEWER), "acme")
    assert viewer.get("agents/").status == 200
    assert "operator" in viewer.post("agents/", MAYA).problem(403)["detail"]


@pytest.mark.parametrize("path", ["", "nothing/", "agents/not-an-id/", "agents/a/b/c", "usage/", "channels/x/test"])
def test_unknown_address_is_a_problem(acme: Caller, path: str) -> None:
    acme.get(path).problem(404)


def test_unknown_version_is_a_problem(acme: Caller) -> None:
    acme.get("http://testserver/api/v9/agents/").problem(404)


@pytest.mark.parametrize(
    ("method", "path"),
    [("DELETE", "agents/"), ("POST", "channels/"), ("GET", "channels/slack/install"), ("POST", "usage/summary")],
)
def test_wrong_method_names_the_right_ones(acme: Caller, method: str, path: str) -> None:
    answer = acme.call(method, path)
    answer.problem(405)
    assert answer.response.headers["Allow"]


def test_body_that_is_not_json(acme: Caller) -> None:
    acme.call("POST", "agents/", raw="{", content_type="application/json").problem(400)
    acme.call("POST", "agents/", raw=b"\xff", content_type="application/json").problem(400)
    acme.call("POST", "agents/", raw="name=Maya", content_type="application/x-www-form-urlencoded").problem(415)


def test_body_with_text_that_cannot_be_stored(acme: Caller) -> None:
    for text in ("a\u0000b", "\ud800"):
        assert (
            "NUL character or half of a surrogate"
            in acme.post("agents/", {**MAYA, "name": text}).problem(400)["detail"]
        )


def test_body_that_is_too_deep_or_too_long(acme: Caller) -> None:
    assert "nested" in acme.call("POST", "agents/", raw="[" * 100_000).problem(400)["detail"]
    assert "2097152 bytes" in acme.call("POST", "agents/", raw=f'"{"x" * 2_097_152}"').problem(413)["detail"]


def test_client_that_refuses_json(acme: Caller) -> None:
    acme.call("GET", "agents/", headers={"Accept": "text/html"}).problem(406)


@pytest.mark.parametrize("path", ["agents", "channels", "conversations"])
def test_trailing_slash_is_optional(acme: Caller, path: str) -> None:
    assert acme.get(path).json == acme.get(f"{path}/").json


def test_refused_change_leaves_nothing_behind(acme: Caller) -> None:
    acme.post("agents/", MAYA)
    acme.post("agents/", MAYA).problem(402)
    assert len(acme.get("agents/").results) == 1
