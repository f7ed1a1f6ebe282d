"""Installing the Slack app: from the portal's button to the sandbox's consent page and back."""

import html
import re
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings
from uuid_utils.compat import uuid7

from channels.models import Connection, InstallAttempt, Route
from channels.providers.slack import oauth
from tenants.models import Role, Tenant
from tenants.scope import tenant_scope
from tests import factories
from tests.conftest import Cast
from tests.stack import Stack


@pytest.fixture(autouse=True)
def _peer(settings: Settings, stack: Stack) -> None:
    """Use the stack's sandbox as Slack, with the redirect URL registered there."""
    generated = stack.generated
    settings.SLACK_CLIENT_ID = generated["SLACK_CLIENT_ID"]
    settings.SLACK_CLIENT_SECRET = generated["SLACK_CLIENT_SECRET"]
    settings.SLACK_API_URL = f"{stack.sandbox_url}/slack/api/"
    settings.SLACK_AUTHORIZE_URL = f"{stack.sandbox_url}/slack/oauth/v2/authorize"
    settings.PUBLIC_URL = stack.url


@pytest.fixture
def alice(committed_cast: Cast) -> Client:
    client = Client()
    client.force_login(committed_cast.alice)
    return client


def install_url(client: Client, slug: str = "acme") -> str:
    page = client.post(f"/t/{slug}/channels/slack/install/").content.decode()
    found = re.search(r'href="([^"]+/slack/oauth/v2/authorize[^"]+)"', page)
    assert found, page
    return html.unescape(found[1])


def answered(url: str, **form: str) -> str:
    """Press a button on the consent page; returns the path and query of Slack's redirect back."""
    answer = httpx.post(url, data={"decision": "allow", "name": "Northwind", **form}, timeout=10)
    assert answer.status_code == 303, answer.text
    back = urlsplit(answer.headers["location"])
    return f"{back.path}?{back.query}"


def connections_of(tenant: Tenant) -> list[tuple[str, str]]:
    with tenant_scope(tenant.id):
        return list(Connection.objects.values_list("name", "state"))


def test_allow_connects_the_team_and_leads_on(alice: Client, committed_cast: Cast) -> None:
    response = alice.get(answered(install_url(alice)))
    assert (response.status_code, response.headers["Location"]) == (302, "/t/acme/onboarding/")
    assert connections_of(committed_cast.acme) == [("Northwind", "active")]
    with tenant_scope(committed_cast.acme.id):
        connection = Connection.objects.get()
        assert connection.credentials["token"].startswith("xoxb-")
        assert connection.bot_user_id.startswith("U")
        assert connection.installer_id.startswith("U")
    assert Route.objects.get().tenant == committed_cast.acme


def test_cancel_returns_to_the_step_and_says_how_to_retry(alice: Client, committed_cast: Cast) -> None:
    response = alice.get(answered(install_url(alice), decision="cancel"), follow=True)
    page = response.content.decode()
    assert "You canceled the installation in Slack" in page
    assert connections_of(committed_cast.acme) == []


def test_a_state_works_once(alice: Client, committed_cast: Cast) -> None:
    back = answered(install_url(alice))
    alice.get(back)
    page = alice.get(back, follow=True).content.decode()
    assert "This link was already used" in page
    assert connections_of(committed_cast.acme) == [("Northwind", "active")]


def test_a_state_expires(alice: Client, committed_cast: Cast) -> None:
    back = answered(install_url(alice))
    with tenant_scope(committed_cast.acme.id):
        InstallAttempt.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert "older than ten minutes" in alice.get(back, follow=True).content.decode()
    assert connections_of(committed_cast.acme) == []


def test_another_browser_of_the_same_person_is_refused(alice: Client, committed_cast: Cast) -> None:
    back = answered(install_url(alice))
    elsewhere = Client()
    elsewhere.force_login(committed_cast.alice)
    assert "made in another browser" in elsewhere.get(back, follow=True).content.decode()
    assert connections_of(committed_cast.acme) == []
    assert alice.get(back).headers["Location"] == "/t/acme/onboarding/", "a thief's attempt does not use up the state"


@pytest.mark.parametrize("who", ["anonymous", "outsider", "bob"])
def test_another_person_with_the_link_connects_nothing(alice: Client, committed_cast: Cast, who: str) -> None:
    back = answered(install_url(alice))
    thief = Client()
    if who != "anonymous":
        thief.force_login(getattr(committed_cast, who))
    assert thief.get(back).status_code in {302, 400}
    assert connections_of(committed_cast.acme) == []
    assert connections_of(committed_cast.globex) == []


def test_a_state_cannot_be_used_for_another_workspace(alice: Client, committed_cast: Cast) -> None:
    back = answered(install_url(alice))
    mine, theirs = committed_cast.acme.id.hex, committed_cast.globex.id.hex
    bob = Client()
    bob.force_login(committed_cast.bob)
    bob.get(back.replace(mine, theirs))
    alice.get(back.replace(mine, theirs))
    assert connections_of(committed_cast.globex) == []


@pytest.mark.parametrize("query", ["", "?code=x", "?state=x&code=x", "?state=" + "0" * 32 + ".x&code=x"])
def test_a_forged_callback_is_refused_with_a_hint(committed: None, query: str) -> None:
    response = Client().get(f"/oauth/slack/callback{query}")
    assert response.status_code == 400
    assert "Start again" in response.content.decode()


FORGERIES = ["", "&code=x", "&error=access_denied", "&error=anything", "&code=x&error=access_denied", "&code=%00"]


@pytest.mark.parametrize("who", ["anonymous", "outsider", "bob"])
def test_a_forged_state_does_not_reveal_which_workspaces_exist(committed_cast: Cast, who: str) -> None:
    """Neither by the response nor by the work done for it."""
    someone = Client()
    if who != "anonymous":
        someone.force_login(getattr(committed_cast, who))
        someone.get("/")
    for query in FORGERIES:
        answers = set()
        for tenant_id in (uuid7(), committed_cast.acme.id, committed_cast.globex.id):
            with CaptureQueriesContext(connection) as queries:
                answer = someone.get(f"/oauth/slack/callback?state={tenant_id.hex}.{'x' * 43}{query}")
            page = answer.content.replace(answer.headers["X-Request-ID"].encode(), b"")
            answers.add((answer.status_code, answer.headers.get("Location"), page, len(queries)))
        assert len(answers) == 1, query
        assert {status for status, *_ in answers} == {400}


def test_a_genuine_state_in_another_browser_does_not_reveal_the_url(alice: Client) -> None:
    assert Client().get(answered(install_url(alice))).headers["Location"] == "/accounts/login/?next=/"


def test_a_team_of_another_workspace_is_refused_with_the_reason(
    alice: Client, committed_cast: Cast, stack: Stack
) -> None:
    alice.get(answered(install_url(alice)))
    with tenant_scope(committed_cast.acme.id):
        team = Connection.objects.get().external_id
    bob = Client()
    bob.force_login(committed_cast.bob)
    page = bob.get(answered(install_url(bob, "globex"), workspace=team), follow=True).content.decode()
    assert "is connected to another workspace of Roster" in html.unescape(page)
    assert connections_of(committed_cast.globex) == []
    assert Route.objects.get().tenant == committed_cast.acme


def test_connecting_again_keeps_one_connection_with_a_fresh_token(alice: Client, committed_cast: Cast) -> None:
    alice.get(answered(install_url(alice)))
    with tenant_scope(committed_cast.acme.id):
        first = Connection.objects.get()
    alice.get(answered(install_url(alice), workspace=first.external_id))
    with tenant_scope(committed_cast.acme.id):
        assert Connection.objects.get().id == first.id


def test_an_unreachable_slack_is_reported(alice: Client, settings: Settings, committed_cast: Cast) -> None:
    back = answered(install_url(alice))
    settings.SLACK_API_URL = "http://127.0.0.1:9/api/"
    assert "Slack cannot be reached right now" in alice.get(back, follow=True).content.decode()


def test_a_viewer_may_not_connect(committed_cast: Cast) -> None:

    viewer = Client()
    viewer.force_login(factories.make_member(committed_cast.acme, Role.VIEWER))
    assert viewer.post("/t/acme/channels/slack/install/").status_code == 403


def test_a_link_made_by_the_api_connects_its_own_workspace_from_any_browser(committed_cast: Cast) -> None:
    back = answered(oauth.authorize_url(committed_cast.acme.id))
    page = Client().get(back)
    assert page.status_code == 200
    assert "Northwind" in page.content.decode()
    assert connections_of(committed_cast.acme) == [("Northwind", "active")]


def test_the_scopes_asked_for_are_the_ones_used(alice: Client) -> None:
    scopes = parse_qs(urlsplit(install_url(alice)).query)["scope"][0].split(",")
    assert set(scopes) == set(oauth.own_app.SCOPES)
    assert "reactions:write" not in scopes


ODD_INSTALLATIONS = [
    {"ok": True},
    {"ok": True, "access_token": "xoxb-1", "team": {"id": "T1"}},
    {"ok": True, "access_token": 7, "team": {"id": 5}, "bot_user_id": "U1", "authed_user": {"id": "U2"}},
    {"ok": True, "access_token": "xoxb-1", "team": "T1"},
    {"ok": True, "team": {"id": "T1", "name": "x"}, "bot_user_id": "U1", "authed_user": {"id": "U2"}},
    [1],
    "x",
]


@pytest.mark.parametrize("answer", ODD_INSTALLATIONS)
def test_an_odd_answer_from_slack_connects_nothing_and_says_so(
    alice: Client, committed_cast: Cast, stack: Stack, answer: object
) -> None:
    back = answered(install_url(alice))
    stack.control("slack/control/faults", method="oauth.v2.access", kind="answer", answer=answer)
    page = alice.get(back, follow=True)
    assert page.status_code == 200
    assert connections_of(committed_cast.acme) == []
    stack.control("slack/control/reset")
