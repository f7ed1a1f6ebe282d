"""Slack's Events API webhook: signatures, malformed bodies, what is answered and what is only stored."""

import json
import time
from typing import Any

import pytest
from django.db import IntegrityError
from django.test import Client

from channels.connections import routes
from channels.messages.incoming import receive
from channels.models import Connection, InboxEvent, Route, Thread
from tenants.models import Tenant
from tenants.scope import tenant_scope
from tests import factories, working
from tests.channels.slack import BOT, TEAM, payload, post, signed
from tests.conftest import Cast


@pytest.fixture
def acme(committed_cast: Cast) -> Tenant:
    """A workspace with Slack connected and an AI employee."""
    with tenant_scope(committed_cast.acme.id):
        factories.make_agent()
        factories.make_connection(TEAM, bot_user_id=BOT)
    return committed_cast.acme


def events_of(tenant: Tenant) -> list[tuple[str, str]]:
    with tenant_scope(tenant.id):
        return list(InboxEvent.objects.order_by("id").values_list("kind", "state"))


def test_a_signed_mention_is_stored_and_waits_for_its_answer(acme: Tenant, client: Client) -> None:
    assert post(client, payload("app_mention")).status_code == 200
    assert events_of(acme) == [("app_mention", "pending")]
    with tenant_scope(acme.id):
        turn = InboxEvent.objects.get().turn
        assert turn is not None
        assert turn.text == "What is the hour of the pearl, ?"


@pytest.mark.parametrize("order", [("app_mention", "message_channels"), ("message_channels", "app_mention")])
def test_both_events_of_a_mention_are_one_message(acme: Tenant, client: Client, order: tuple[str, str]) -> None:
    for name in (*order, *order):
        assert post(client, payload(name)).status_code == 200
    with tenant_scope(acme.id):
        assert InboxEvent.objects.filter(state="pending").count() == 1


BODY = b'{"type": "event_callback"}'


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Slack-Signature": "v0=00", "X-Slack-Request-Timestamp": str(int(time.time()))},
        signed(BODY, secret="somebody else's"),
        signed(BODY, at=time.time() - 310),
        signed(BODY, at=time.time() + 3_600),
        {**signed(BODY), "X-Slack-Request-Timestamp": "yesterday"},
        signed(b'{"type": "event_callback" }'),
    ],
    ids=["missing", "wrong", "another secret", "old", "from the future", "no number", "another body"],
)
def test_a_bad_signature_is_refused_and_nothing_is_stored(acme: Tenant, client: Client, headers: Any) -> None:
    assert post(client, BODY, headers).status_code == 401
    assert events_of(acme) == []


def test_without_a_signing_secret_everything_is_refused(acme: Tenant, client: Client, settings: Any) -> None:
    body = b"{}"
    headers = signed(body, secret="x")
    settings.SLACK_SIGNING_SECRET = ""
    assert post(client, body, headers).status_code == 401


@pytest.mark.parametrize(
    "body",
    [
        BODY, b"", b"{", b"[]", b"null", b'"x"', b"{}", b'{"type": 5}', b"[" * 100_000,
        b'{"type": "event_callback", "team_id": "T123ABC456"}',
        b'{"type": "event_callback", "team_id": "T123ABC456", "event": {"type": "app_mention"}}',
        b'{"type": "event_callback", "team_id": "T123ABC456", "event_id": "a\\u0000b", "event": {"type": "x"}}',
        b'{"type": "event_callback", "team_id": "T123ABC456", "event_id": "\\ud800", "event": {"type": "x"}}',
    ],
)  # fmt: skip
def test_a_malformed_body_with_a_valid_signature_is_a_400(acme: Tenant, client: Client, body: bytes) -> None:
    response = post(client, body)
    assert response.status_code == 400
    assert "error" in response.json()
    assert events_of(acme) == []


@pytest.mark.parametrize(
    ("field", "value"),
    [("ts", "soon"), ("ts", None), ("ts", "1" * 40), ("channel", None), ("channel", "C" * 500), ("thread_ts", "x")],
)
def test_a_message_event_of_the_wrong_shape_is_a_400(acme: Tenant, client: Client, field: str, value: Any) -> None:
    assert post(client, payload("app_mention", **{field: value})).status_code == 400
    assert events_of(acme) == []


def test_the_url_is_verified_only_with_a_signature(client: Client, committed: None) -> None:
    challenge = payload("url_verification")
    response = post(client, challenge)
    assert (response.status_code, response.content.decode()) == (200, challenge["challenge"])
    assert post(client, challenge, {}).status_code == 401


@pytest.mark.parametrize("name", ["message_deleted", "message_bot", "channel_join", "channel_created"])
def test_messages_not_sent_by_people_are_stored_and_ignored(acme: Tenant, client: Client, name: str) -> None:
    assert post(client, payload(name)).status_code == 200
    assert [state for _, state in events_of(acme)] == ["ignored"]


def test_our_own_messages_are_ignored(acme: Tenant, client: Client) -> None:
    post(client, payload("message_im", user=BOT))
    post(client, payload("message_im", bot_id="B0US", _event_id="Ev2"))
    assert [state for _, state in events_of(acme)] == ["ignored", "ignored"]


def test_an_unknown_workspace_is_answered_and_nothing_is_stored(acme: Tenant, client: Client) -> None:
    assert post(client, payload("app_mention", _team_id="T0NOBODYS")).status_code == 200
    assert events_of(acme) == []


def test_a_shared_channel_is_routed_by_authorization(acme: Tenant, client: Client) -> None:
    shared = payload("message_channels", _team_id="T0PARTNER")
    assert post(client, shared).status_code == 200
    assert events_of(acme) == [("message", "pending")]


def test_text_that_postgres_cannot_store_is_cleaned(acme: Tenant, client: Client) -> None:
    assert post(client, payload("message_im", text="a\x00b & <https://x.example|a link> &lt;3")).status_code == 200
    with tenant_scope(acme.id):
        turn = InboxEvent.objects.get().turn
        assert turn is not None
        assert turn.text == "ab & a link (https://x.example) <3"


def test_a_direct_message_and_a_reply_in_its_thread_are_one_conversation_with_their_own_addresses(
    acme: Tenant, client: Client
) -> None:
    post(client, payload("message_im"))
    reply = payload("message_im", ts="1355517600.000001", thread_ts="1355517523.000005", _event_id="Ev2")
    post(client, reply)
    with tenant_scope(acme.id):
        assert Thread.objects.count() == 1
        addresses = [event.address["thread_ts"] for event in InboxEvent.objects.order_by("position")]
        assert addresses == ["1355517523.000005", "1355517523.000005"]


def test_without_an_employee_a_message_is_stored_and_marked(committed_cast: Cast, client: Client) -> None:
    with tenant_scope(committed_cast.acme.id):
        factories.make_connection(TEAM, bot_user_id=BOT)
    assert post(client, payload("app_mention")).status_code == 200
    with tenant_scope(committed_cast.acme.id):
        assert str(InboxEvent.objects.get().reason) == "Nobody is employed here yet."


def test_an_uninstalled_app_erases_the_token_and_frees_the_route(acme: Tenant, client: Client) -> None:
    post(client, payload("message_im"))
    assert post(client, payload("app_uninstalled", _event_time=int(time.time()) + 5)).status_code == 200
    with tenant_scope(acme.id):
        connection = Connection.objects.get()
        assert (connection.state, bool(connection.secrets)) == ("disconnected", False)
        assert InboxEvent.objects.get(kind="message").state == "failed"
    assert not Route.objects.exists()


@pytest.mark.parametrize(("tokens", "state"), [({"oauth": ["U1"]}, "active"), ({"bot": [BOT]}, "disconnected")])
def test_only_our_own_revoked_token_ends_the_connection(
    acme: Tenant, client: Client, tokens: dict[str, list[str]], state: str
) -> None:
    soon = int(time.time()) + 5
    assert post(client, payload("tokens_revoked", tokens=tokens, _event_time=soon)).status_code == 200
    with tenant_scope(acme.id):
        assert Connection.objects.get().state == state


def test_a_late_uninstall_event_after_reinstalling_is_ignored(acme: Tenant, client: Client) -> None:
    assert post(client, payload("app_uninstalled")).status_code == 200
    with tenant_scope(acme.id):
        assert Connection.objects.get().state == "active"


def test_a_dead_broker_does_not_delay_the_answer(acme: Tenant, client: Client) -> None:
    """The tests' REDIS_URL points to a port where nothing listens."""
    started = time.monotonic()
    assert post(client, payload("app_mention")).status_code == 200
    assert time.monotonic() - started < 3, "Slack gives us three seconds"
    assert events_of(acme) == [("app_mention", "pending")]


def test_a_reply_that_arrives_before_its_mention_is_heard_with_it(acme: Tenant, client: Client) -> None:
    post(client, payload("message_channels", text="Lunch?", ts="1515449400.000001", _event_id="EvLunch"))
    reply = {"ts": "1515449530.000001", "thread_ts": "1515449522.000016", "text": "It is urgent"}
    post(client, payload("message_channels", **reply, _event_id="EvReply"))
    assert [state for _, state in events_of(acme)] == ["ignored", "ignored"]
    post(client, payload("app_mention"))
    with tenant_scope(acme.id):
        heard = InboxEvent.objects.unanswered().select_related("turn")
        assert [event.turn.text for event in heard if event.turn] == [
            "What is the hour of the pearl, ?",
            "It is urgent",
        ]
        assert InboxEvent.objects.get(event_id="EvLunch").state == "ignored"


def test_a_conversation_erased_meanwhile_is_looked_up_again(
    acme: Tenant, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, faults = receive.store, [IntegrityError("the thread is gone"), IntegrityError("again")]

    def interrupted(*args: Any, **named: Any) -> Any:
        arrival = store(*args, **named)
        if faults:
            raise faults.pop()
        return arrival

    monkeypatch.setattr(receive, "store", interrupted)
    assert post(client, payload("app_mention")).status_code == 200
    assert events_of(acme) == [("app_mention", "pending")]


def test_an_event_for_a_workspace_erased_meanwhile_is_dropped(
    acme: Tenant, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    route_for = routes.route_for

    def then_erased(provider: str, accounts: Any, own: Any) -> Route | None:
        route = route_for(provider, accounts, own)
        with tenant_scope(acme.id):
            Route.objects.all().delete()
            Connection.objects.all().delete()
        return route

    monkeypatch.setattr(routes, "route_for", then_erased)
    assert post(client, payload("app_mention")).status_code == 200
    assert events_of(acme) == []


def test_a_workspaces_own_slack_app_signs_for_its_own_team_only(acme: Tenant, committed_cast: Cast) -> None:
    with tenant_scope(acme.id):
        own = factories.make_connection("A0OWN:T0OWNAPP", secrets={"signing_secret": "of acme's own app"})
    with tenant_scope(committed_cast.globex.id):
        factories.make_connection("A0OWN:T0THEIRS", secrets={"signing_secret": "of globex's own app"})
    url = f"/webhooks/slack/{own.id}/events"

    def send(team: str, secret: str, event_id: str, app: str = "A0OWN") -> int:
        event = {**payload("app_mention"), "team_id": team, "event_id": event_id, "authorizations": []}
        body = json.dumps({**event, "context_team_id": team, "api_app_id": app}).encode()
        sent = Client().post(url, body, content_type="application/json", headers=signed(body, secret=secret))
        working.hear_everywhere()
        return int(sent.status_code)

    assert send("T0OWNAPP", "", "Ev1") == 401, "the platform's secret does not count there"
    assert send(TEAM, "of acme's own app", "Ev2") == 200, "the team that the platform's app is in"
    assert send("T0THEIRS", "of acme's own app", "Ev3") == 200, "another workspace's team"
    assert send("T0OWNAPP", "of acme's own app", "Ev4", app="A0OTHER") == 200, "another app's event"
    assert send("T0OWNAPP", "of acme's own app", "Ev5", app="") == 200, "no app's event"
    assert (events_of(acme), events_of(committed_cast.globex)) == ([], [])
    assert send("T0OWNAPP", "of acme's own app", "Ev6") == 200
    assert events_of(acme) == [("app_mention", "pending")]


def test_one_team_is_in_both_the_platforms_app_and_an_own_one(acme: Tenant, committed_cast: Cast) -> None:
    with tenant_scope(committed_cast.globex.id):
        factories.make_agent()
        own = factories.make_connection(f"A0OWN:{TEAM}", secrets={"signing_secret": "of globex's own app"})
    event = {**payload("app_mention"), "api_app_id": "A0OWN"}
    body = json.dumps(event).encode()
    sent = Client().post(
        f"/webhooks/slack/{own.id}/events",
        body,
        content_type="application/json",
        headers=signed(body, secret="of globex's own app"),
    )
    assert sent.status_code == 200
    working.hear_everywhere()
    assert (events_of(acme), events_of(committed_cast.globex)) == ([], [("app_mention", "pending")])
    assert post(Client(), event).status_code == 200, "the platform's secret reaches the platform's connection"
    assert (events_of(acme), events_of(committed_cast.globex)) == ([("app_mention", "pending")],) * 2
