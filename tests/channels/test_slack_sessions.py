"""Slack's agent sessions at the webhook: a session is a conversation, and a person can stop an answer."""

from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from channels.models import Connection, InboxEvent, Thread
from channels.providers.slack import own_app
from sandbox.slack.manifests import read_manifest
from tenants.models import Tenant
from tenants.scope import tenant_scope
from tests import factories
from tests.channels.slack import BOT, TEAM, arrive, payload, post
from tests.conftest import Cast

FIRST, REPLY, SECOND = "1355517523.000005", "1355517530.000001", "1355517540.000001"
STOP: dict[str, Any] = {
    "type": "agent_session_stopped",
    "channel": "D024BE91L",
    "user": "U2147483697",
    "thread_ts": FIRST,
    "streaming_message_ts": [],
    "event_ts": "1355517535.000001",
    "text": None,
}


@pytest.fixture
def acme(committed_cast: Cast) -> Tenant:
    """A workspace with an AI employee in a Slack where its app is an agent."""
    with tenant_scope(committed_cast.acme.id):
        factories.make_agent()
        factories.make_connection(TEAM, bot_user_id=BOT)
        Connection.objects.update(scopes="chat:write,assistant:write")
    return committed_cast.acme


def said(ts: str, text: str, **more: str) -> dict[str, Any]:
    return payload("message_im", ts=ts, event_ts=ts, text=text, _event_id=f"Ev{ts}", **more)


def stopped(event_id: str = "EvStop", **more: object) -> dict[str, Any]:
    return payload("message_im", **{**STOP, **more}, _event_id=event_id)


def states(tenant: Tenant) -> list[tuple[str, str]]:
    with tenant_scope(tenant.id):
        messages = InboxEvent.objects.exclude(message_key=None).order_by("position")
        return [(event.state, str(event.reason)) for event in messages]


def test_each_thread_of_the_messages_tab_is_a_conversation_called_as_it_begins(acme: Tenant, client: Client) -> None:
    post(client, said(FIRST, "How is the weather?"))
    post(client, said(REPLY, "And tomorrow?", thread_ts=FIRST))
    post(client, said(SECOND, "Write a poem"))
    with tenant_scope(acme.id):
        threads = Thread.objects.order_by("id").values_list("external_id", "conversation__title")
        assert list(threads) == [(f"D024BE91L:{FIRST}", "How is the weather?"), (f"D024BE91L:{SECOND}", "Write a poem")]
        assert Thread.objects.order_by("id")[0].conversation.turns.count() == 2


def test_where_the_app_is_no_agent_a_direct_message_is_one_conversation(acme: Tenant, client: Client) -> None:
    with tenant_scope(acme.id):
        Connection.objects.update(scopes="chat:write")
    post(client, said(FIRST, "How is the weather?"))
    post(client, said(SECOND, "Write a poem"))
    with tenant_scope(acme.id):
        assert list(Thread.objects.values_list("external_id", flat=True)) == ["D024BE91L"]


def test_what_waits_is_dealt_with_once_the_person_stops_it(acme: Tenant, client: Client) -> None:
    post(client, said(FIRST, "How is the weather?"))
    assert post(client, stopped()).status_code == 200
    assert states(acme) == [("ignored", "Stopped by the person.")]


def test_even_before_anybody_has_heard_it(acme: Tenant, client: Client) -> None:
    arrive(client, said(FIRST, "How is the weather?"))
    arrive(client, stopped())
    assert states(acme) == [("ignored", "Stopped by the person.")]
    post(client, said(SECOND, "Write a poem"))
    assert [state for state, _ in states(acme)] == ["ignored", "pending"]


def test_what_is_said_later_is_answered_and_a_repeat_stops_nothing_more(acme: Tenant, client: Client) -> None:
    post(client, said(FIRST, "How is the weather?"))
    post(client, stopped())
    post(client, said(SECOND, "And tomorrow?", thread_ts=FIRST))
    post(client, stopped())
    post(client, stopped("EvAnother"))
    assert [state for state, _ in states(acme)] == ["ignored", "pending"]


def test_a_stop_of_a_conversation_that_nobody_knows_is_harmless(acme: Tenant, client: Client) -> None:
    assert post(client, stopped(thread_ts=SECOND)).status_code == 200
    assert states(acme) == []


@pytest.mark.parametrize("lacking", ["channel", "thread_ts", "event_ts"])
def test_a_stop_that_does_not_say_what_to_stop_is_malformed(acme: Tenant, client: Client, lacking: str) -> None:
    assert post(client, stopped("EvStop", **{lacking: None})).status_code == 400


@pytest.mark.parametrize("kind", ["app_home_opened", "app_context_changed", "agent_session_title_changed"])
def test_what_people_look_at_is_none_of_our_business(acme: Tenant, client: Client, kind: str) -> None:
    event = payload("message_im", type=kind, tab="messages", title="Another title", text=None, _event_id=f"Ev{uuid4()}")
    assert post(client, event).status_code == 200
    with tenant_scope(acme.id):
        stored = InboxEvent.objects.get()
        assert (stored.state, stored.kind, stored.payload) == ("ignored", kind, "")


def test_the_manifest_makes_an_agent_with_the_messages_tab_and_all_that_it_hears() -> None:
    written = read_manifest(own_app.manifest(uuid4()))
    agent = written["features"]["agent_view"]
    assert 0 < len(agent["agent_description"]) <= 300
    assert 1 <= len(agent["suggested_prompts"]) <= 4
    assert written["features"]["app_home"]["messages_tab_enabled"] is True
    assert set(own_app.SCOPES) == set(written["oauth_config"]["scopes"]["bot"])
    assert set(own_app.SCOPES) >= {
        "app_mentions:read", "assistant:write", "channels:history", "groups:history", "im:history", "mpim:history",
        "im:write", "chat:write", "chat:write.customize", "files:read", "users:read",
    }  # fmt: skip
    assert set(written["settings"]["event_subscriptions"]["bot_events"]) == {
        "app_mention", "message.channels", "message.groups", "message.im", "message.mpim", "app_home_opened",
        "app_context_changed", "agent_session_stopped", "agent_session_title_changed", "app_uninstalled",
        "tokens_revoked",
    }  # fmt: skip
