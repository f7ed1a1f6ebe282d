"""A workspace's own Slack app: made from our manifest at the sandbox's Slack, entered here, installed, and used."""

import html
import json
import re
from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import httpx
import pytest
from django.utils import timezone
from pytest_django import Settings

from channels.connections import credentials, health
from channels.models import Connection, ConnectionDraft, InboxEvent, Route
from channels.privacy.close_workspace import leave_providers
from channels.tasks import forget_drafts, forget_drafts_of
from channels.web import checks
from tenants.doctor.report import State
from tenants.models import AuditEvent, Tenant
from tenants.scope import tenant_scope
from tests.billing.people import member
from tests.channels.serving import Operator, served, words
from tests.channels.slack import payload, signed
from tests.conftest import Cast
from tests.stack import Stack
from tests.waiting import eventually


@pytest.fixture(autouse=True)
def site(committed_cast: Cast, settings: Settings, stack: Stack) -> Iterator[str]:
    """This process as the web, with the stack's sandbox as Slack. The platform's app is not configured."""
    settings.ALLOWED_HOSTS = ["127.0.0.1", "testserver"]
    settings.SLACK_CLIENT_ID = settings.SLACK_CLIENT_SECRET = settings.SLACK_SIGNING_SECRET = ""
    settings.SLACK_API_URL = f"{stack.sandbox_url}/slack/api/"
    settings.SLACK_AUTHORIZE_URL = f"{stack.sandbox_url}/slack/oauth/v2/authorize"
    settings.SLACK_APPS_URL = f"{stack.sandbox_url}/slack/apps"
    with served() as url:
        settings.PUBLIC_URL = url
        yield url
    credentials.forget_known()


class Maker(Operator):
    """An operator who makes a Slack app, too."""

    tenant: Tenant

    def begin(self) -> httpx.Response:
        """The page of the own app, from the wizard's first step."""
        step = self.http.get(f"/t/{self.tenant.slug}/onboarding/channel/")
        assert "Use your own Slack app" in step.text
        return self.submit(step, f"/t/{self.tenant.slug}/channels/slack/own-app/")

    def make_app(self, page: httpx.Response) -> dict[str, str]:
        """Follow the page's link to Slack and press Create; the credentials that Slack shows."""
        link = re.search(r'href="([^"]+new_app=1[^"]+)"', page.text)
        assert link, page.text
        manifest = parse_qs(urlsplit(html.unescape(link[1])).query)["manifest_json"][0]
        made = httpx.post(html.unescape(link[1]).partition("?")[0], data={"manifest": manifest}, follow_redirects=True)
        assert "did not" not in made.text, made.text
        self.app_url = str(made.url)
        found = re.findall(r"<code>([^<]+)</code>", made.text)
        assert "without the challenge" in made.text, "nobody knows its signing secret yet"
        return {"app_id": found[0], "client_id": found[1], "client_secret": found[2], "signing_secret": found[3]}

    def consent(self, page: httpx.Response, **form: str) -> httpx.Response:
        """Go on to Slack and press Allow; back here."""
        way = self.submit(page, f"{page.url.path}consent/")
        link = re.search(r'href="([^"]+/slack/oauth/v2/authorize[^"]+)"', way.text)
        assert link, way.text
        answer = httpx.post(html.unescape(link[1]), data={"decision": "allow", "name": "Northwind", **form}, timeout=10)
        assert answer.status_code == 303, answer.text
        return self.http.get(answer.headers["location"])

    def connect(self, **form: str) -> tuple[dict[str, str], httpx.Response]:
        """All of it."""
        page = self.begin()
        app = self.make_app(page)
        entered = self.submit(page, **{name: value for name, value in app.items() if name != "app_id"})
        return app, self.consent(entered, **form)


def maker(site: str, cast: Cast, slug: str) -> Maker:
    who, tenant = (cast.alice, cast.acme) if slug == "acme" else (cast.bob, cast.globex)
    made = Maker(site, member(who, tenant).client)
    made.tenant = tenant
    return made


@pytest.fixture
def alice(site: str, committed_cast: Cast) -> Maker:
    return maker(site, committed_cast, "acme")


def only(tenant: Tenant) -> Connection:
    with tenant_scope(tenant.id):
        return Connection.objects.get()


def heard(tenant: Tenant) -> int:
    """How many messages have arrived."""
    with tenant_scope(tenant.id):
        return InboxEvent.objects.filter(kind="message").count()


def direct_message(stack: Stack, account: str, app_id: str) -> None:
    """Ada writes to the own app in its direct messages."""
    team = account.rpartition(":")[2]
    chat = f"{stack.sandbox_url}/slack/chat"
    opened = httpx.get(f"{chat}/open", params={"team": team, "app": app_id, "channel": "dm"})
    httpx.post(f"{chat}/send?{urlsplit(opened.headers['location']).query}", data={"text": "When do you open?"})


def test_it_is_made_entered_checked_and_installed(alice: Maker, stack: Stack, committed_cast: Cast) -> None:
    page = alice.begin()
    draft_id = page.url.path.split("/")[-2]
    manifest = json.loads(html.unescape(re.search(r'copy lines" value="([^"]+)"', page.text)[1]))  # type: ignore[index]
    assert manifest["settings"]["event_subscriptions"]["request_url"].endswith(f"/webhooks/slack/{draft_id}/events")
    assert manifest["oauth_config"]["redirect_urls"] == [
        f"{alice.http.base_url}/oauth/slack/callback".replace("//o", "/o")
    ]
    assert manifest["features"]["app_home"]["messages_tab_enabled"]
    app = alice.make_app(page)
    entered = alice.submit(page, **{name: value for name, value in app.items() if name != "app_id"})
    assert "Slack has not checked the address yet." in words(entered)
    assert app["client_secret"] not in entered.text
    assert app["signing_secret"] not in entered.text
    assert f"••••{app['client_secret'][-4:]}" in entered.text
    httpx.post(f"{alice.app_url}/verify")
    assert "Slack has checked the address." in words(alice.http.get(entered.url.path))
    assert "is not connected" not in words(entered)
    assert alice.http.get("/t/acme/channels/").text.count("Northwind") == 0, "a draft is no channel"
    done = alice.consent(entered)
    assert "Slack is connected: Northwind." in words(done)
    connection = only(committed_cast.acme)
    assert str(connection.id) == draft_id
    assert connection.external_id.startswith(f"{app['app_id']}:T0")
    assert connection.own_secrets == {name: value for name, value in app.items() if name != "app_id"}
    assert "with your own app" in words(alice.http.get("/t/acme/channels/"))
    with tenant_scope(committed_cast.acme.id):
        assert not ConnectionDraft.objects.exists()
        assert app["client_secret"] not in str(list(AuditEvent.objects.values()))
    direct_message(stack, connection.external_id, app["app_id"])
    eventually(lambda: heard(committed_cast.acme) == 1, within=10, what="the event")


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("client_id", "A0123", "A Client ID looks like 1234567890.1234567890."),
        ("client_secret", "xoxb-1", "A Client Secret has 32 characters, 0 to 9 and a to f."),
        ("signing_secret", "", "A Signing Secret has 32 characters, 0 to 9 and a to f."),
        ("client_id", "1.2", "Slack knows no app with this Client ID"),
        ("client_secret", "0" * 32, "This Client Secret is not that of the app with this Client ID"),
    ],
)
def test_a_wrong_value_is_named_and_nothing_is_kept(
    alice: Maker, committed_cast: Cast, field: str, value: str, sentence: str
) -> None:
    page = alice.begin()
    app = alice.make_app(page)
    del app["app_id"]
    told = alice.submit(page, **{**app, field: value})
    assert sentence in words(told)
    assert app["signing_secret"] not in told.text
    with tenant_scope(committed_cast.acme.id):
        assert not ConnectionDraft.objects.get().secrets


def test_the_same_secret_twice_is_told(alice: Maker) -> None:
    page = alice.begin()
    told = alice.submit(page, client_id="1.2", client_secret="a" * 32, signing_secret="a" * 32)
    assert "This is the Client Secret once more." in words(told)


def test_cancelled_consent_returns_to_the_page_with_what_was_entered(alice: Maker, committed_cast: Cast) -> None:
    _app, back = alice.connect(decision="cancel")
    assert "/setup/" in back.url.path
    assert "You canceled the installation in Slack." in words(back)
    assert "••••" in back.text
    assert "Northwind" in words(alice.consent(back))
    assert only(committed_cast.acme).state == "active"


def test_one_team_is_connected_by_two_workspaces_with_their_own_apps(
    alice: Maker, site: str, stack: Stack, committed_cast: Cast
) -> None:
    mine, _done = alice.connect()
    team = only(committed_cast.acme).external_id.partition(":")[2]
    bob = maker(site, committed_cast, "globex")
    theirs, done = bob.connect(workspace=team)
    assert "Slack is connected: Northwind." in words(done)
    accounts = set(Route.objects.values_list("external_id", flat=True))
    assert accounts == {f"{mine['app_id']}:{team}", f"{theirs['app_id']}:{team}"}
    direct_message(stack, team, theirs["app_id"])
    eventually(lambda: heard(committed_cast.globex) == 1, within=10, what="the event")
    assert heard(committed_cast.acme) == 0


def test_it_is_disconnected_and_connected_again_at_the_same_address(
    alice: Maker, stack: Stack, committed_cast: Cast
) -> None:
    app, _done = alice.connect()
    connection = only(committed_cast.acme)
    page = alice.submit(alice.http.get("/t/acme/channels/"), f"/t/acme/channels/{connection.id}/disconnect/")
    with tenant_scope(committed_cast.acme.id):
        assert not Connection.objects.get().credentials
    assert not Route.objects.exists()
    way = f"/t/acme/channels/slack/setup/{connection.id}/"
    assert way in page.text
    entered = alice.submit(alice.http.get(way), **{name: value for name, value in app.items() if name != "app_id"})
    team = connection.external_id.partition(":")[2]
    assert "Slack is connected" in words(alice.consent(entered, workspace=team))
    assert (only(committed_cast.acme).id, only(committed_cast.acme).state) == (connection.id, "active")
    direct_message(stack, connection.external_id, app["app_id"])
    eventually(lambda: heard(committed_cast.acme) == 1, within=10, what="the event")


def test_the_same_app_with_another_address_is_refused_with_the_way(alice: Maker, committed_cast: Cast) -> None:
    app, _done = alice.connect()
    connection = only(committed_cast.acme)
    page = alice.submit(alice.http.get("/t/acme/channels/"), "/t/acme/channels/slack/own-app/")
    assert str(connection.id) not in str(page.url)
    entered = alice.submit(page, **{name: value for name, value in app.items() if name != "app_id"})
    told = words(alice.consent(entered, workspace=connection.external_id.partition(":")[2]))
    assert "This workspace has the connection “Northwind” for it already, with another address for events." in told
    assert only(committed_cast.acme).id == connection.id


def test_removed_at_slack_it_ends_and_the_doctor_and_the_end_use_its_own_credentials(
    alice: Maker, stack: Stack, committed_cast: Cast
) -> None:
    app, _done = alice.connect()
    connection = only(committed_cast.acme)
    assert [each.state for each in checks.tenants_connections()] == [State.OK]
    leave_providers(committed_cast.acme.id)
    told = httpx.get(f"{stack.sandbox_url}/slack/control/calls").json()
    assert told["calls"]["apps.uninstall"] >= 1
    assert only(committed_cast.acme).state == "disconnected"
    again = alice.submit(
        alice.http.get(f"/t/acme/channels/slack/setup/{connection.id}/"),
        **{name: value for name, value in app.items() if name != "app_id"},
    )
    alice.consent(again, workspace=connection.external_id.partition(":")[2])
    credentials.forget_known()
    team, chat = connection.external_id.partition(":")[2], f"{stack.sandbox_url}/slack/chat"
    opened = httpx.get(f"{chat}/open", params={"team": team, "app": app["app_id"], "channel": "dm"})
    httpx.post(f"{chat}/uninstall?{urlsplit(opened.headers['location']).query}")
    eventually(lambda: only(committed_cast.acme).cause == "removed", within=10, what="the news of the removal")
    assert not only(committed_cast.acme).credentials


def test_an_abandoned_draft_is_forgotten_with_what_was_entered(alice: Maker, committed_cast: Cast) -> None:
    page = alice.begin()
    draft_id = UUID(page.url.path.split("/")[-2])
    assert alice.begin().url == page.url, "the same page, not a second draft"
    app = alice.make_app(page)
    alice.submit(page, **{name: value for name, value in app.items() if name != "app_id"})
    assert credentials.keyholder("slack", draft_id)
    with tenant_scope(committed_cast.acme.id):
        ConnectionDraft.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert credentials.keyholder("slack", draft_id) is None
    assert alice.http.get(page.url.path).status_code == 404
    forget_drafts()
    for _ in range(2):
        forget_drafts_of.apply(args=(str(committed_cast.acme.id),), throw=True)
    with tenant_scope(committed_cast.acme.id):
        assert not ConnectionDraft.objects.exists()
    assert not Route.objects.exists()


def test_events_for_a_draft_are_not_stored(alice: Maker, committed_cast: Cast) -> None:
    page = alice.begin()
    app = alice.make_app(page)
    alice.submit(page, **{name: value for name, value in app.items() if name != "app_id"})
    body = json.dumps({**payload("app_mention"), "api_app_id": app["app_id"]}).encode()
    address = f"/webhooks/slack/{page.url.path.split('/')[-2]}/events"
    told = alice.http.post(address, content=body, headers=signed(body, secret=app["signing_secret"]))
    assert told.status_code == 200, "it is Slack's"
    assert alice.http.post(address, content=body, headers=signed(body, secret="guessed")).status_code == 401
    with tenant_scope(committed_cast.acme.id):
        assert not Connection.objects.exists()
        assert not InboxEvent.objects.exists()


def test_disconnecting_while_it_is_set_up_again_keeps_no_secret(alice: Maker, committed_cast: Cast) -> None:
    alice.connect()
    with tenant_scope(committed_cast.acme.id):
        health.disconnect(Connection.objects.get(), health.IN_THE_PORTAL())
        assert not Connection.objects.get().secrets
    assert not Route.objects.exists()
