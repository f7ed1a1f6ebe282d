"""Meta's embedded sign-up, as far as our server goes: Meta's own page is played by nobody here."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from pytest_django import Settings

from channels.connections import drafts
from channels.connections.connect import connect
from channels.models import Connection, InstallAttempt, Route
from channels.providers.connecting import Installed
from tenants.scope import tenant_scope
from tests.billing.people import member
from tests.channels.graph import Graph
from tests.channels.test_whatsapp_checks import NUMBER, OTHER, TOLD, WABA, error, meta, served, told
from tests.channels.whatsapp import PROVIDERS
from tests.conftest import Cast

__all__ = ["meta", "served"]
TOKEN, DONE = (200, {"access_token": "EAAGnew"}), (200, {"success": True})
FOUND: list[Any] = [TOKEN, told(), told(), (200, {"data": [NUMBER]})]


@pytest.fixture(autouse=True)
def _configured(settings: Settings) -> None:
    settings.CHANNEL_PROVIDERS = PROVIDERS
    settings.WHATSAPP_APP_ID, settings.WHATSAPP_SIGNUP_CONFIG_ID = "77310042", "config-1"
    settings.WHATSAPP_APP_SECRET, settings.WHATSAPP_VERIFY_TOKEN = "platform's", "vt"


@pytest.fixture
def alice(committed_cast: Cast) -> Client:
    return member(committed_cast.alice, committed_cast.acme).client


def page_of(cast: Cast) -> str:
    with tenant_scope(cast.acme.id):
        return f"/t/acme/channels/whatsapp/setup/{drafts.begin('whatsapp').id}/"


def dialog(client: Client, cast: Cast) -> dict[str, list[str]]:
    """Press the button; what Meta's dialog is asked."""
    told = client.post(f"{page_of(cast)}consent/").content.decode()
    url = told.split('href="https://www.facebook.com/')[1].split('"')[0].replace("&amp;", "&")
    assert url.startswith("v26.0/dialog/oauth?")
    return parse_qs(urlsplit(url).query)


def come_back(client: Client, **query: str) -> str:
    answer = client.get("/oauth/whatsapp/callback", query, follow=True)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def test_the_code_becomes_a_connection_of_the_platforms_app(alice: Client, meta: Graph, committed_cast: Cast) -> None:
    asked = dialog(alice, committed_cast)
    assert (asked["config_id"], asked["response_type"]) == (["config-1"], ["code"])
    meta.answers = [*FOUND, DONE]
    assert "WhatsApp is connected: Bloom Bakery +44 1632 960142." in come_back(
        alice, state=asked["state"][0], code="a-code"
    )
    first, last = meta.asked[0], meta.asked[-1]
    assert first.path == "/v26.0/oauth/access_token"
    assert first.query["redirect_uri"] == asked["redirect_uri"][0]
    assert (first.query["code"], first.token) == ("a-code", "")
    assert last.path == f"/v26.0/{WABA}/subscribed_apps"
    assert last.body["override_callback_uri"].endswith("/webhooks/whatsapp")
    assert last.body["verify_token"] == "vt"
    assert "appsecret_proof" in last.query
    with tenant_scope(committed_cast.acme.id):
        connection = Connection.objects.get()
        assert (connection.external_id, dict(connection.own_secrets)) == (NUMBER["id"], {"account_id": WABA})
    assert Route.objects.get(external_id=NUMBER["id"]).tenant == committed_cast.acme
    assert "This link was already used" in come_back(alice, state=asked["state"][0], code="a-code")


def test_a_number_that_cannot_send_yet_is_registered_with_a_pin(
    alice: Client, meta: Graph, committed_cast: Cast
) -> None:
    meta.answers = [*FOUND[:3], (200, {"data": [{**NUMBER, "status": "PENDING"}]}), DONE, DONE]
    come_back(alice, state=dialog(alice, committed_cast)["state"][0], code="a-code")
    registered = meta.asked[-2]
    assert registered.path == f"/v26.0/{NUMBER['id']}/register"
    with tenant_scope(committed_cast.acme.id):
        assert Connection.objects.get().own_secrets["pin"] == registered.body["pin"]


def test_a_state_is_for_its_user_and_browser_alone(alice: Client, meta: Graph, committed_cast: Cast) -> None:
    state = dialog(alice, committed_cast)["state"][0]
    bob = member(committed_cast.bob, committed_cast.globex).client
    answer = bob.get("/oauth/whatsapp/callback", {"state": state, "code": "a-code"})
    assert answer.status_code == 400
    assert meta.asked == []
    with tenant_scope(committed_cast.acme.id):
        assert InstallAttempt.objects.get().used_at is None


ENDS = {
    "canceled": ({"error": "access_denied"}, [], "You canceled the sign-up at Meta."),
    "without a code": ({}, [], "Meta sent no code."),
    "a code that is old": ({"code": "x"}, [error(100, "Expired")], "Meta refused it (code 100): Expired"),
    "down": ({"code": "x"}, [error(2, status=503)], "Meta cannot be reached right now."),
    "no permission": ({"code": "x"}, [TOKEN, (200, {"data": {**TOLD, "scopes": []}})], "lacks a permission"),
    "no number": ({"code": "x"}, [*FOUND[:3], (200, {"data": []})], "Meta let Roster into no phone number."),
    "two numbers": ({"code": "x"}, [*FOUND[:3], (200, {"data": [NUMBER, OTHER]})], "into several phone numbers"),
}


@pytest.mark.parametrize("case", ENDS)
def test_what_goes_wrong_has_its_own_sentence(alice: Client, meta: Graph, committed_cast: Cast, case: str) -> None:
    query, answers, sentence = ENDS[case]
    state = dialog(alice, committed_cast)["state"][0]
    meta.answers = list(answers)
    assert sentence in come_back(alice, state=state, **query)
    with tenant_scope(committed_cast.acme.id):
        assert not Connection.objects.exists()


def test_it_is_offered_only_where_it_is_configured(alice: Client, committed_cast: Cast, settings: Settings) -> None:
    page = page_of(committed_cast)
    assert "Sign in with Meta" in alice.get(page).content.decode()
    settings.WHATSAPP_SIGNUP_CONFIG_ID = ""
    assert "Sign in with Meta" not in alice.get(page).content.decode()


def test_a_number_of_another_workspace_is_refused_before_meta_is_told_anything(
    alice: Client, meta: Graph, committed_cast: Cast
) -> None:
    with tenant_scope(committed_cast.globex.id):
        connect(Installed("whatsapp", NUMBER["id"], "Theirs", "EAAtheirs", NUMBER["id"], "+1", ""))
    meta.answers = [*FOUND, DONE]
    told = come_back(alice, state=dialog(alice, committed_cast)["state"][0], code="a-code")
    assert "is connected to another workspace of Roster" in told
    changed = [each for each in meta.asked if each.method == "POST" and "oauth" not in each.path]
    assert changed == []
