"""Every change and every sensitive read is one entry, whether through portal, API, wizard or provider."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from agents.models import Agent
from agents.runs import transcript
from channels.connections import health
from channels.models import Connection, Delivery, InboxEvent, place_id_of
from channels.providers.base import DeliveryRefusedError
from channels.providers.slack import wordings
from tenants.models import ActorKind, ApiToken, AuditEvent, Role, Tenant
from tenants.scope import tenant_scope
from tests import factories
from tests.api.conftest import Caller
from tests.audit.conftest import entries, only
from tests.channels.slack import TEAM, payload, post
from tests.conftest import Cast

SECRET = "xoxb-canary-secret"
PROFILE = {
    "name": "Maya",
    "job_title": "Customer support",
    "instructions": "We open at 9.",
    "unavailable_text": "Back soon.",
}


@pytest.fixture
def api(cast: Cast) -> Caller:
    _, plain = ApiToken.issue(cast.acme, "Website", Role.OPERATOR)
    return Caller({"Authorization": f"Bearer {plain}", "User-Agent": "acme-website/2.1"})


def make_agent(tenant: Tenant) -> Agent:
    with tenant_scope(tenant.id):
        return factories.make_agent()


def connect(tenant: Tenant, team: str = "T061EG9R6") -> Connection:
    with tenant_scope(tenant.id):
        return factories.make_connection(team, token=SECRET)


def is_by_alice(entry: AuditEvent, cast: Cast) -> bool:
    who = (entry.actor_kind, entry.actor_id, entry.actor_name, entry.ip)
    return who == (ActorKind.MEMBER, cast.alice.id, cast.alice.email, "127.0.0.1") and "Firefox" in entry.user_agent


def is_by_token(entry: AuditEvent) -> bool:
    token = ApiToken.objects.get(name="Website")
    return (entry.actor_kind, entry.actor_id, entry.actor_name) == (ActorKind.TOKEN, token.id, str(token)) and (
        entry.user_agent == "acme-website/2.1"
    )


def test_a_new_workspace_has_one_entry(cast: Cast) -> None:
    (entry,) = entries(cast.acme)
    assert (entry.action, entry.target_name, entry.changes["slug"]) == ("workspace.created", "Acme", [None, "acme"])
    assert cast.alice.email in str(entry.detail)


def test_the_creator_of_a_workspace_in_the_portal_is_named(alice: Client, cast: Cast) -> None:
    alice.post("/workspaces/new/", {"name": "Initech", "time_zone": "UTC"})
    assert is_by_alice(only(Tenant.objects.get(slug="initech"), "workspace.created"), cast)


def test_hiring_changing_and_letting_go_in_the_portal(alice: Client, cast: Cast) -> None:
    alice.post("/t/acme/employees/new/", PROFILE)
    hired = only(cast.acme, "employee.hired")
    assert is_by_alice(hired, cast)
    assert hired.changes["job_title"] == [None, "Customer support"]
    path = f"/t/acme/employees/{hired.target_id}/"
    alice.post(path, PROFILE)  # sending the same again changes nothing
    alice.post(path, {**PROFILE, "name": "Mia"})
    changed = only(cast.acme, "employee.changed")
    assert is_by_alice(changed, cast)
    assert (changed.changes, changed.target_name) == ({"name": ["Maya", "Mia"]}, "Mia")
    alice.post(f"{path}let-go/")
    assert is_by_alice(only(cast.acme, "employee.let_go"), cast)
    assert len(entries(cast.acme)) == 4


def test_hiring_changing_and_letting_go_by_the_api(api: Caller, cast: Cast) -> None:
    agent = api.post("agents/", PROFILE).json["id"]
    api.patch(f"agents/{agent}/", {"max_output_tokens": 500})
    api.delete(f"agents/{agent}/")
    hired, changed, left = entries(cast.acme)[1:]
    assert [hired.action, changed.action, left.action] == ["employee.hired", "employee.changed", "employee.let_go"]
    assert all(map(is_by_token, (hired, changed, left)))
    assert {entry.target_id for entry in (hired, changed, left)} == {agent}
    assert changed.changes == {"max_output_tokens": [1000, 500]}


def test_hiring_in_the_wizard(alice: Client, cast: Cast) -> None:
    alice.post("/t/acme/onboarding/employee/", PROFILE)
    assert is_by_alice(only(cast.acme, "employee.hired"), cast)


def test_a_refused_change_leaves_no_entry(api: Caller, cast: Cast) -> None:
    api.post("agents/", PROFILE)
    api.post("agents/", PROFILE).problem(402)
    assert only(cast.acme, "employee.hired")


def test_connecting_records_what_changed_without_secrets(cast: Cast) -> None:
    connection = connect(cast.acme)
    entry = only(cast.acme, "channel.connected")
    assert (entry.target_id, entry.target_name) == (str(connection.id), "Northwind")
    assert entry.changes["state"] == [None, "active"]
    assert SECRET not in f"{json.dumps(entry.changes)}{entry.detail}"


def test_starting_an_installation_in_portal_wizard_and_api(alice: Client, api: Caller, cast: Cast) -> None:
    alice.post("/t/acme/channels/slack/install/")
    alice.post("/t/acme/onboarding/channel/")
    api.post("channels/slack/install")
    portal, wizard, program = entries(cast.acme, "channel.install_begun")
    assert is_by_alice(portal, cast)
    assert is_by_alice(wizard, cast)
    assert is_by_token(program)


def test_when_a_channel_is_answered_is_recorded_once_by_each_way(alice: Client, api: Caller, cast: Cast) -> None:
    connection = connect(cast.acme)
    for _ in range(2):
        alice.post(f"/t/acme/channels/{connection.id}/listen/", {"only_when_mentioned": "1"})
        api.patch(f"channels/{connection.id}/", {"only_when_mentioned": True})
    entry = only(cast.acme, "channel.changed")
    assert is_by_alice(entry, cast)
    assert entry.changes == {"only_when_mentioned": [False, True]}


def test_disconnecting_in_the_portal(alice: Client, cast: Cast) -> None:
    connection = connect(cast.acme)
    for _ in range(2):
        alice.post(f"/t/acme/channels/{connection.id}/disconnect/")
    entry = only(cast.acme, "channel.disconnected")
    assert is_by_alice(entry, cast)
    assert entry.changes == {"state": ["active", "disconnected"]}


def test_disconnecting_by_the_api(api: Caller, cast: Cast) -> None:
    connection = connect(cast.acme)
    api.delete(f"channels/{connection.id}/")
    assert is_by_token(only(cast.acme, "channel.disconnected"))


def test_a_channel_ended_by_the_provider_is_recorded_as_rosters_action(client: Client, cast: Cast) -> None:
    connect(cast.acme, TEAM)
    in_a_minute = int(datetime.now(UTC).timestamp()) + 60
    assert post(client, payload("app_uninstalled", _event_time=in_a_minute)).status_code == 200
    entry = only(cast.acme, "channel.ended")
    assert (entry.actor_kind, entry.actor_id, entry.actor_name) == (ActorKind.SYSTEM, None, "Roster")
    assert "removed the app" in str(entry.detail)


def test_a_broken_channel_is_recorded_once(cast: Cast) -> None:
    connection = connect(cast.acme)
    error = DeliveryRefusedError(wordings.DEAD_TOKEN(code="token_revoked"), breaks_connection=True)
    with tenant_scope(cast.acme.id):
        for _ in range(2):
            health.refused(connection.id, error)
    entry = only(cast.acme, "channel.broken")
    assert (entry.actor_kind, entry.changes) == (ActorKind.SYSTEM, {"state": ["active", "broken"]})
    assert str(entry.detail) == str(error)


@pytest.fixture
def conversation(cast: Cast) -> Any:
    agent = make_agent(cast.acme)
    with tenant_scope(cast.acme.id):
        return transcript.begin(agent, "slack", "My password is hunter2")


def test_reading_a_conversation_in_the_portal(alice: Client, cast: Cast, conversation: Any) -> None:
    alice.get("/t/acme/conversations/")
    assert alice.get(f"/t/acme/conversations/{conversation.id}/").status_code == 200
    entry = only(cast.acme, "conversation.read")
    assert is_by_alice(entry, cast)
    assert (entry.target_id, entry.target_name) == (str(conversation.id), "Maya · Slack")  # not anything that was said


def test_reading_a_conversation_by_the_api(api: Caller, cast: Cast, conversation: Any) -> None:
    assert api.get(f"conversations/{conversation.id}/messages/").status == 200
    assert is_by_token(only(cast.acme, "conversation.read"))


def test_another_workspaces_conversation_is_neither_shown_nor_recorded(cast: Cast, conversation: Any) -> None:
    _, plain = ApiToken.issue(cast.globex, "Tests", Role.OWNER)
    Caller({"Authorization": f"Bearer {plain}"}).get(f"conversations/{conversation.id}/messages/").problem(404)
    assert not entries(cast.acme, "conversation.read")
    assert not entries(cast.globex, "conversation.read")


def test_replaying_by_command_is_recorded_where_something_was_replayed(cast: Cast) -> None:
    connection = connect(cast.acme)
    make_agent(cast.acme)
    with tenant_scope(cast.acme.id):
        thread = connection.threads.create(
            external_id="D1:1", conversation=transcript.begin(Agent.objects.get(), "slack", "Hi")
        )
        InboxEvent.objects.create(
            connection=connection, thread=thread, provider="slack", external_account="T1", event_id="E1",
            kind="message", payload="{}", position=1, state=InboxEvent.State.FAILED, place_id=place_id_of("D1"),
        )  # fmt: skip
        assert not Delivery.objects.exists()
    for _ in range(2):
        call_command("replay", "--hours", "1")
    entry = only(cast.acme, "message.replayed")
    assert (entry.actor_kind, str(entry.detail)) == (ActorKind.SYSTEM, "1 to answer and 0 to send again.")
    assert not entries(cast.globex, "message.replayed")


def test_an_entry_knows_the_request(api: Caller, cast: Cast) -> None:
    answer = api.post("agents/", PROFILE)
    assert only(cast.acme, "employee.hired").request_id == answer.response.headers["X-Request-ID"]
    assert datetime.now(UTC) - only(cast.acme, "employee.hired").at < timedelta(minutes=1)
