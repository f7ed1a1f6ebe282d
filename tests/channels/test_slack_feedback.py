"""The buttons below an answer in Slack: what is clicked is kept, once for each person, and shown."""

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID, uuid4

import pytest
from django.test import Client
from slack_sdk.models.blocks import ContextActionsBlock
from slack_sdk.models.blocks.block_elements import FeedbackButtonsElement

from agents.models import Run
from agents.runs import revisions, transcript
from channels.models import Delivery, Feedback, InboxEvent
from channels.providers.base import Account, Outgoing
from channels.providers.slack.incoming import feedback
from channels.web import reading
from channels.web.conversations_api import MessageSerializer
from tenants.models import Tenant
from tenants.paging.keyset import Asked
from tenants.scope import tenant_scope
from tests import factories
from tests.channels.slack import BOT, PAYLOADS, TEAM, payload, post, signed
from tests.conftest import Cast

ADDRESS = "/webhooks/slack/interactivity"


@pytest.fixture
def acme(committed_cast: Cast) -> Tenant:
    with tenant_scope(committed_cast.acme.id):
        factories.make_agent()
        factories.make_connection(TEAM, bot_user_id=BOT)
    return committed_cast.acme


@pytest.fixture
def answer(acme: Tenant, client: Client) -> UUID:
    """An answer that went out; its delivery's id."""
    post(client, payload("message_im"))
    with tenant_scope(acme.id):
        event = InboxEvent.objects.select_related("thread__conversation__agent").get()
        assert event.thread
        conversation = event.thread.conversation
        revision = revisions.current(conversation.agent)
        run = Run.objects.create(conversation=conversation, revision=revision, attempt=1, state=Run.State.ANSWERED)
        turn = transcript.say(conversation, run, "At nine.", datetime.now(UTC))
        return Delivery.objects.create(thread=event.thread, turn=turn, sequence=0, text="At nine.", address={}).id


def click(client: Client, delivery: UUID | str, value: str = "good", **more: Any) -> int:
    read: dict[str, Any] = json.loads((PAYLOADS / "block_actions.json").read_text()) | more
    read["actions"][0]["value"] = f"{value}:{delivery}"
    return send(client, urlencode({"payload": json.dumps(read)}).encode())


def send(client: Client, body: bytes, **headers: str) -> int:
    kind = "application/x-www-form-urlencoded"
    return int(client.post(ADDRESS, body, content_type=kind, headers=headers or signed(body)).status_code)


def kept(tenant: Tenant) -> list[tuple[str, str]]:
    with tenant_scope(tenant.id):
        found = Feedback.objects.select_related("person").order_by("id")
        return [(each.value, each.person.contacts.get().external_id) for each in found]


def test_each_person_has_one_opinion_of_an_answer_and_may_change_it(acme: Tenant, answer: UUID, client: Client) -> None:
    assert click(client, answer) == 200
    assert kept(acme) == [("good", "U2147483697")]
    assert click(client, answer, "bad") == 200
    assert click(client, answer, "good", user={"id": "U0ANOTHER"}) == 200
    assert kept(acme) == [("bad", "U2147483697"), ("good", "U0ANOTHER")]


def test_it_is_shown_beside_the_answer(acme: Tenant, answer: UUID, client: Client, committed_cast: Cast) -> None:
    click(client, answer, "bad")
    with tenant_scope(acme.id):
        conversation = InboxEvent.objects.get(message_key__isnull=False).thread.conversation  # type: ignore[union-attr]
        said = reading.page(conversation, Asked()).said
        assert [[each.value for each in one.feedback] for one in said] == [[], ["bad"]]
    client.force_login(committed_cast.alice)
    page = client.get(f"/t/{acme.slug}/conversations/{conversation.id}/").content.decode()
    assert "A person: bad answer" in page
    answered = MessageSerializer(said[1].turn, context={"provider": "slack"})
    with tenant_scope(acme.id):
        assert [(each["person"], each["value"]) for each in answered.data["feedback"]] == [("", "bad")]


def test_another_workspace_can_say_nothing_about_it(
    acme: Tenant, answer: UUID, client: Client, committed_cast: Cast
) -> None:
    with tenant_scope(committed_cast.globex.id):
        factories.make_connection("T0GLOBEX", bot_user_id="U0GLOBEX")
    assert click(client, answer, team={"id": "T0GLOBEX"}) == 200
    assert click(client, answer, team={"id": "T0NOBODY"}) == 200
    assert kept(acme) == []


def test_only_slack_may_say_it(acme: Tenant, answer: UUID, client: Client) -> None:
    body = urlencode({"payload": (PAYLOADS / "block_actions.json").read_text()}).encode()
    assert send(client, body, **signed(body, secret="somebody else's")) == 401
    assert kept(acme) == []


@pytest.mark.parametrize(
    "body", [b"", b"payload", b"payload=%7B", b"payload=[1", b"payload=%7B%22type%22:%22block_actions%22%7D"]
)
def test_a_form_that_is_no_interaction_is_malformed(acme: Tenant, client: Client, body: bytes) -> None:
    assert send(client, body, **signed(body)) == 400


def test_other_buttons_and_answers_that_nobody_knows_change_nothing(acme: Tenant, answer: UUID, client: Client) -> None:
    for delivery, value in ((answer, "great"), ("no id", "good"), (uuid4(), "good")):
        assert click(client, delivery, value) == 200
    assert click(client, answer, type="view_submission") == 200
    assert click(client, answer, actions=[{"action_id": "another", "value": f"good:{answer}"}]) == 200
    assert kept(acme) == []


def test_the_buttons_are_as_slacks_own_library_makes_them() -> None:
    message = Outgoing(uuid4(), {}, "At nine.", datetime.now(UTC), asks_feedback=True)
    (made,) = feedback.block(Account("token", scopes=frozenset({"assistant:write"})), message)
    (buttons,) = made["elements"]
    their = ContextActionsBlock(elements=[FeedbackButtonsElement(**{k: v for k, v in buttons.items() if k != "type"})])
    assert their.to_dict() == made


@pytest.mark.parametrize(("scopes", "asks"), [(frozenset[str](), True), (frozenset({"assistant:write"}), False)])
def test_there_are_none_where_nobody_would_hear_of_a_click_and_below_what_is_no_answer(
    scopes: frozenset[str], asks: bool
) -> None:
    message = Outgoing(uuid4(), {}, "At nine.", datetime.now(UTC), asks_feedback=asks)
    assert feedback.block(Account("token", scopes=scopes), message) == []
