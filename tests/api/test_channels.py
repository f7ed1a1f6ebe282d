"""`channels/`: reading, disconnecting, and the way to Slack's consent page."""

from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest
from django.test import Client
from pytest_django import Settings

from channels.models import Connection, InstallAttempt, Route
from tenants.models import Tenant
from tenants.scope import tenant_scope
from tests import factories
from tests.api.conftest import Caller
from tests.conftest import Cast

SECRET = "xoxb-canary-secret"


def connect(tenant: Tenant, team: str = "T0AAAAAAA") -> Connection:
    with tenant_scope(tenant.id):
        return factories.make_connection(team, token=SECRET)


def test_channel_shows_what_it_is_and_no_secret(acme: Caller, cast: Cast) -> None:
    connection = connect(cast.acme)
    listed = acme.get("channels/")
    (channel,) = listed.results
    assert channel["id"] == str(connection.id)
    assert (channel["provider"], channel["external_id"], channel["name"]) == ("slack", "T0AAAAAAA", "Northwind")
    assert (channel["state"], channel["error"], channel["agent"]) == ("active", "", None)
    assert acme.get(f"channels/{connection.id}/").json == channel
    assert SECRET not in str(listed.json)
    assert not {"token", "scopes", "installer_id"} & channel.keys()


def test_a_channel_is_set_to_answer_only_when_mentioned(acme: Caller, viewer: Caller, cast: Cast) -> None:
    address = f"channels/{connect(cast.acme).id}/"
    assert acme.get(address).json["only_when_mentioned"] is False
    viewer.patch(address, {"only_when_mentioned": True}).problem(403)
    assert acme.patch(address, {"only_when_mentioned": True, "name": "Mine"}).json["only_when_mentioned"] is True
    assert acme.get(address).json["name"] == "Northwind"
    assert list(acme.patch(address, {"only_when_mentioned": "perhaps"}).problem(400)["errors"]) == [
        "only_when_mentioned"
    ]
    assert acme.patch(address, {}).json["only_when_mentioned"] is True
    acme.call("PUT", address, {"only_when_mentioned": False}).problem(405)


def test_disconnecting_erases_the_token_and_frees_the_account(acme: Caller, cast: Cast) -> None:
    connection = connect(cast.acme)
    assert acme.delete(f"channels/{connection.id}/").status == 204
    assert acme.get(f"channels/{connection.id}/").json["state"] == "disconnected"
    with tenant_scope(cast.acme.id):
        assert not Connection.objects.get().credentials
    assert not Route.objects.exists()
    assert "is disconnected: connect it again" in acme.post(f"channels/{connection.id}/test").problem(409)["detail"]


def test_channel_of_another_workspace_looks_like_a_missing_one(acme: Caller, globex: Caller, cast: Cast) -> None:
    foreign, unknown = connect(cast.acme).id, uuid4()
    assert globex.get("channels/").results == []
    for method, path in (("GET", "channels/{}/"), ("DELETE", "channels/{}/"), ("POST", "channels/{}/test")):
        theirs, nobodys = (globex.call(method, path.format(id)).problem(404) for id in (foreign, unknown))
        assert theirs | {"request_id": ""} == nobodys | {"request_id": ""}
    assert acme.get(f"channels/{foreign}/").json["state"] == "active"


def test_viewer_may_not_touch_channels(viewer: Caller, cast: Cast) -> None:
    connection = connect(cast.acme)
    assert len(viewer.get("channels/").results) == 1
    viewer.delete(f"channels/{connection.id}/").problem(403)
    viewer.post(f"channels/{connection.id}/test").problem(403)
    viewer.post("channels/slack/install").problem(403)


@pytest.mark.parametrize("path", ["channels/slack/install", "channels/slack/install/"])
def test_token_gets_a_consent_page_bound_to_no_browser(acme: Caller, cast: Cast, path: str) -> None:
    installed = acme.post(path)
    assert installed.status == 200
    url = urlsplit(installed.json["url"])
    assert f"{url.scheme}://{url.netloc}{url.path}" == "https://slack.com/oauth/v2/authorize"
    assert parse_qs(url.query)["state"][0].startswith(cast.acme.id.hex)
    with tenant_scope(cast.acme.id):
        attempt = InstallAttempt.objects.get()
    assert (attempt.user_id, attempt.session_digest) == (None, "")


def test_session_gets_a_consent_page_for_its_own_browser(cast: Cast) -> None:
    client = Client()
    client.force_login(cast.alice)
    assert Caller({"Roster-Workspace": "acme"}, client).post("channels/slack/install").status == 200
    with tenant_scope(cast.acme.id):
        attempt = InstallAttempt.objects.get()
    assert attempt.user_id == cast.alice.id
    assert attempt.session_digest


def test_slack_without_configuration_is_a_conflict_that_names_the_variables(acme: Caller, settings: Settings) -> None:
    settings.SLACK_CLIENT_SECRET = ""
    assert "SLACK_CLIENT_SECRET" in acme.post("channels/slack/install").problem(409)["detail"]


def test_test_message_needs_an_employee(acme: Caller, cast: Cast) -> None:
    connection = connect(cast.acme)
    assert "no AI employee yet" in acme.post(f"channels/{connection.id}/test").problem(409)["detail"]


@pytest.mark.parametrize("path", ["channels/{}/test", "channels/{}/test/"])
def test_unreachable_provider_is_named(acme: Caller, cast: Cast, path: str) -> None:
    connection = connect(cast.acme)
    with tenant_scope(cast.acme.id):
        factories.make_agent()
    answer = acme.post(path.format(connection.id))
    assert answer.problem(502)["detail"].startswith("Slack cannot be reached, or takes")
    assert answer.response.headers["Retry-After"] == "5"


@pytest.mark.parametrize("text", ["", "x" * 1_001, None, ["a"]])
def test_bad_question_is_refused_before_sending(acme: Caller, cast: Cast, text: object) -> None:
    connection = connect(cast.acme)
    assert list(acme.post(f"channels/{connection.id}/test", {"text": text}).problem(400)["errors"]) == ["text"]
