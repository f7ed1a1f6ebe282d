"""Connecting a WhatsApp number by hand, over real HTTP: Meta comes to our address before it says yes."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from pytest_django import Settings

from channels.models import Connection, Route
from channels.providers.whatsapp.checking.found import ACCOUNT, PHONE, TOKEN
from tenants.scope import tenant_scope
from tests import factories
from tests.billing.people import member
from tests.channels.graph import Graph, graph
from tests.channels.serving import Operator, served, words
from tests.channels.whatsapp import PROVIDERS, Line, arrive, payload, signature
from tests.conftest import Cast
from tests.environment import NOWHERE

VALUES = {
    TOKEN: "EAAB0123456789abcdefghij",
    "app_secret": "0123456789abcdef0123456789abcdef",
    PHONE: "106540352242922",
    ACCOUNT: "102290129340398",
}
GOOD: dict[str, Any] = {"is_valid": True, "expires_at": 0, "scopes": ["whatsapp_business_messaging"]}
GOOD["scopes"] = [*GOOD["scopes"], "whatsapp_business_management"]
NUMBER = {"id": VALUES[PHONE], "display_phone_number": "+1 555-078-3881", "verified_name": "Northwind"}


@pytest.fixture
def meta(settings: Settings) -> Iterator[Graph]:
    with graph() as made:
        settings.WHATSAPP_GRAPH_URL = made.url
        yield made


@pytest.fixture
def site(committed_cast: Cast, settings: Settings) -> Iterator[str]:
    settings.ALLOWED_HOSTS = ["127.0.0.1", "testserver"]
    settings.CHANNEL_PROVIDERS = PROVIDERS
    with served() as url:
        settings.PUBLIC_URL = url
        yield url


@pytest.fixture
def alice(site: str, committed_cast: Cast) -> Operator:
    return Operator(site, member(committed_cast.alice, committed_cast.acme).client)


def opened(who: Operator, slug: str = "acme") -> httpx.Response:
    return who.submit(who.http.get(f"/t/{slug}/onboarding/channel/"), provider="whatsapp")


def accepts(meta: Graph) -> None:
    """Meta says yes to all of it, and tries our address."""
    meta.answers = [(200, {"data": GOOD}), (200, NUMBER), (200, {"success": True}), (200, {"success": True})]
    meta.tries_address = True


def test_a_number_is_found_its_events_come_and_its_secrets_stay_here(
    alice: Operator, meta: Graph, committed_cast: Cast, client: Any
) -> None:
    form = opened(alice)
    accepts(meta)
    done = words(alice.submit(form, **VALUES))
    assert "WhatsApp is connected: Northwind +1 555-078-3881." in done
    assert meta.proven == [200], "Meta asked at the address while the form was sent"
    with tenant_scope(committed_cast.acme.id):
        connection = Connection.objects.get()
        assert (connection.external_id, connection.bot_user_id) == (VALUES[PHONE], VALUES[PHONE])
        own = dict(connection.own_secrets)
        assert own.pop("verify_token") == meta.asked[3].body["webhook_configuration"]["verify_token"]
        assert own == {"app_secret": VALUES["app_secret"], ACCOUNT: VALUES[ACCOUNT]}
        assert VALUES[TOKEN] not in str(connection.secrets)
        factories.make_agent()
    assert [each.external_id for each in Route.objects.all()] == [VALUES[PHONE]]
    asked = [(each.method, each.path.removeprefix("/v26.0/")) for each in meta.asked]
    number, account = VALUES[PHONE], VALUES[ACCOUNT]
    assert asked == [("GET", "debug_token"), ("GET", number), ("POST", f"{account}/subscribed_apps"), ("POST", number)]
    assert "appsecret_proof" not in meta.asked[0].query
    assert all("appsecret_proof" in each.query for each in meta.asked[1:])
    url = f"/webhooks/whatsapp/{connection.id}/"
    assert meta.asked[3].body["webhook_configuration"]["override_callback_uri"].endswith(url)
    raw = httpx.Request("POST", "http://x", json=payload("text")).content
    assert arrive(client, raw, url, signature=signature(raw, VALUES["app_secret"])) == 200
    assert [kind for kind, _state in Line(committed_cast.acme, connection).events()] == ["text"]


def test_the_wizard_says_what_to_do_at_meta(alice: Operator) -> None:
    step = words(alice.http.get("/t/acme/onboarding/channel/"))
    assert "For customers. About 5 minutes." in step
    page = words(opened(alice))
    for label in ("Access token", "App secret", "Phone number ID"):
        assert label in page
    assert "there is nothing to paste at Meta" in page
    assert page.index("Access token") < page.index("App secret") < page.index("Phone number ID")


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        (TOKEN, "xoxb-1", "An access token is one long word that begins with EAA."),
        (TOKEN, "", "An access token is one long word that begins with EAA."),
        ("app_secret", "0123", "An app secret has 32 characters"),
        (PHONE, "+1 555 078 3881", "A phone number ID has digits only, and is not the phone number."),
        (ACCOUNT, "x", "A WhatsApp Business Account ID has digits only."),
        (ACCOUNT, VALUES[PHONE], "This is the phone number ID once more."),
    ],
)
def test_what_cannot_be_right_is_said_beside_it_without_asking(
    alice: Operator, meta: Graph, name: str, value: str, sentence: str
) -> None:
    assert sentence in words(alice.submit(opened(alice), **{**VALUES, name: value}))
    assert meta.asked == []


def error(code: int, message: str = "Something", status: int = 400) -> tuple[int, Any]:
    return status, {"error": {"message": message, "type": "OAuthException", "code": code, "fbtrace_id": "A"}}


TOLD, FOUND, DONE = (200, {"data": GOOD}), (200, NUMBER), (200, {"success": True})
REFUSALS = {
    "a wrong token": ([error(190, status=401)], "Meta does not accept this access token"),
    "an invalid token": ([(200, {"data": {"is_valid": False}})], "Meta does not accept this access token"),
    "a missing permission": (
        [(200, {"data": {**GOOD, "scopes": ["whatsapp_business_messaging"]}})],
        "This access token lacks a permission: whatsapp_business_management.",
    ),
    "another app's secret": (
        [TOLD, error(100, "Invalid appsecret_proof provided in the API argument")],
        "This is not the secret of the app that the access token belongs to",
    ),
    "an unknown number": ([TOLD, error(100)], "Meta finds no phone number with this ID"),
    "a number out of reach": ([TOLD, error(200, status=403)], "This access token lacks a permission"),
    "an unknown account": ([TOLD, FOUND, error(100)], "Meta finds no WhatsApp account with this ID"),
    "an address out of reach": ([TOLD, FOUND, DONE, error(2200)], "Meta could not reach http://127.0.0.1"),
    "anything else": ([TOLD, FOUND, error(131031, "Locked")], "Meta refused it (code 131031): Locked"),
    "a token that may not look at itself": ([error(10), error(100)], "Meta finds no phone number with this ID"),
    "their own trouble": ([error(2, status=500)], "WhatsApp cannot be reached right now"),
    "an answer that is none": ([TOLD, (200, b"<html>")], "WhatsApp cannot be reached right now"),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_what_meta_says_no_to_has_its_own_sentence(
    alice: Operator, meta: Graph, committed_cast: Cast, case: str
) -> None:
    answers, sentence = REFUSALS[case]
    form = opened(alice)
    meta.answers = list(answers)
    told = words(alice.submit(form, **VALUES))
    assert sentence in told
    assert VALUES[TOKEN] not in told
    assert VALUES["app_secret"] not in told
    with tenant_scope(committed_cast.acme.id):
        assert not Connection.objects.exists()


def test_what_meta_told_is_the_proof_and_another_app_secret_renews_it_in_place(
    alice: Operator, meta: Graph, committed_cast: Cast
) -> None:
    """The account is found by the token, which is temporary; the number gets a PIN."""
    form, waba = opened(alice), VALUES[ACCOUNT]
    told = {**GOOD, "expires_at": 1_900_000_000, "application": "Bloom", "type": "SYSTEM_USER"}
    granted = [{"scope": "whatsapp_business_management", "target_ids": [waba]}]
    found = {**NUMBER, "quality_rating": "GREEN", "messaging_limit_tier": "TIER_1K"}
    asked = [(200, {"data": told}), (200, found), (200, {"data": {**told, "granular_scopes": granted}})]
    meta.answers = [*asked, (200, {"data": [found]}), DONE, DONE, DONE]
    meta.tries_address = True
    proof = words(alice.submit(form, **{**VALUES, ACCOUNT: "", "pin": "123456"}))
    assert "This is what Meta told us." in proof
    for line in ("Quality high, up to 1,000 new people a day.", "Of the app “Bloom”", "Expires on 17 March 2030"):
        assert line in proof
    assert "confirmed by Meta" in proof
    assert meta.asked[4].path.endswith("/register")
    assert meta.asked[4].body == {"messaging_product": "whatsapp", "pin": "123456"}
    with tenant_scope(committed_cast.acme.id):
        before = Connection.objects.get()
    page = alice.http.get(f"/t/acme/channels/whatsapp/setup/{before.id}/")
    assert f'value="{VALUES[PHONE]}"' in page.text, "what is no secret is there again"
    assert "Where will people talk" not in page.text
    other = "f" * 32
    accepts(meta)
    again = words(alice.submit(page, **{**VALUES, "app_secret": other}))
    assert "WhatsApp is connected" in again
    assert meta.proven == [200, 200], "with the new secret, too, the address is right"
    with tenant_scope(committed_cast.acme.id):
        after = Connection.objects.get()
        assert (after.id, after.own_secrets["app_secret"]) == (before.id, other)
        assert after.own_secrets["verify_token"] == before.own_secrets["verify_token"]


def test_where_only_an_admin_may_register_the_address_it_is_pasted_by_hand(
    site: str, alice: Operator, meta: Graph, committed_cast: Cast
) -> None:
    form = opened(alice)
    meta.answers = [TOLD, FOUND, DONE, error(200, status=403)]
    page = alice.submit(form, **VALUES)
    with tenant_scope(committed_cast.acme.id):
        connection = Connection.objects.get()
    token = connection.own_secrets["verify_token"]
    told = words(page)
    assert "Meta lets only an admin register the address" in told
    assert f"/webhooks/whatsapp/{connection.id}/" in told
    assert token in told
    query = {"hub.mode": "subscribe", "hub.verify_token": token, "hub.challenge": "42"}
    assert alice.http.get(f"/webhooks/whatsapp/{connection.id}/", params=query).text == "42"
    noticed = words(alice.http.get(page.url))
    assert "confirmed by Meta" in noticed
    assert "lets only an admin" not in noticed


def test_while_meta_is_down_nothing_is_connected(alice: Operator, settings: Settings) -> None:
    settings.WHATSAPP_GRAPH_URL = f"http://{NOWHERE}"
    assert "WhatsApp cannot be reached right now" in words(alice.submit(opened(alice), **VALUES))


def test_a_number_of_another_workspace_is_refused(
    site: str, alice: Operator, meta: Graph, committed_cast: Cast
) -> None:
    bob = Operator(site, member(committed_cast.bob, committed_cast.globex).client)
    for who, slug in ((alice, "acme"), (bob, "globex")):
        form = opened(who, slug)
        accepts(meta)
        meta.asked.clear()
        told = words(who.submit(form, **VALUES))
    assert {each.method for each in meta.asked} == {"GET"}, "its messages still go to whoever has it"
    assert "is connected to another workspace of Roster" in told
    with tenant_scope(committed_cast.globex.id):
        assert not Connection.objects.exists()
