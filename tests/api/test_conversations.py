"""`conversations/` and their messages."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from agents.models import Agent, AgentRevision, Person, Run
from agents.runs import transcript
from channels.messages import deliver
from channels.models import Connection, Delivery, Thread
from channels.providers.base import InboundEvent, InboundMessage
from tenants.models import Tenant
from tenants.scope import tenant_scope
from tests import factories, working
from tests.api.conftest import Caller
from tests.billing.people import member
from tests.conftest import Cast

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Office:
    """A workspace with an employee and a channel."""

    tenant: Tenant
    agent: Agent
    channel: Connection

    @classmethod
    def of(cls, tenant: Tenant, team: str) -> "Office":
        with tenant_scope(tenant.id):
            return cls(tenant, factories.make_agent(), factories.make_connection(team))

    def talk(self, ts: str, question: str = "When do you open?", answers: int = 1) -> Thread:
        """One question with answers that were sent."""
        with tenant_scope(self.tenant.id):
            event = self.heard(ts, question)
            assert event.message
            thread = working.hear_now(self.channel, event, event.message)
            for number in range(answers):
                self.answer(thread, number)
        return thread

    def heard(self, ts: str, text: str) -> InboundEvent:
        message = InboundMessage(
            key=f"C1:{ts}", thread_ids=[f"C1:{ts}"], is_addressed=True, author="U1", text=text, position=Decimal(ts),
            said_at=NOON, address={"channel": "C1", "thread_ts": ts},
        )  # fmt: skip
        return InboundEvent("slack", self.channel.external_id, f"Ev{ts}", "app_mention", "{}", message)

    def answer(self, thread: Thread, number: int) -> None:
        revision = AgentRevision.objects.get(agent=self.agent)
        run = Run.objects.create(conversation=thread.conversation, revision=revision, attempt=number + 1)
        run.end(Run.State.ANSWERED, NOON)
        said_at = NOON + timedelta(seconds=number + 1)
        turn = transcript.say(thread.conversation, run, f"At nine, {number}.", said_at)
        deliver.queue(thread, turn, {"channel": "C1"})
        Delivery.objects.get(turn=turn).move(Delivery.State.SENT, external_id=f"ts-{number}", sent_at=NOON)


@pytest.fixture
def office(cast: Cast) -> Office:
    return Office.of(cast.acme, "T0AAAAAAA")


def test_conversation_says_who_where_and_when(acme: Caller, office: Office) -> None:
    thread = office.talk("1.5")
    (listed,) = acme.get("conversations/").results
    assert (
        listed
        | {
            "id": str(thread.conversation_id),
            "agent": str(office.agent.id),
            "agent_name": "Maya",
            "channel": str(office.channel.id),
            "provider": "slack",
            "title": "When do you open?",
            "last_message_at": "2026-03-02T12:00:01Z",
        }
        == listed
    )
    assert acme.get(f"conversations/{thread.conversation_id}/").json == listed


def test_messages_come_oldest_first_with_their_deliveries(acme: Caller, office: Office) -> None:
    thread = office.talk("1.5", answers=2)
    asked, first, second = acme.get(f"conversations/{thread.conversation_id}/messages/").results
    assert (asked["speaker"], asked["author"], asked["text"]) == ("person", "U1", "When do you open?")
    assert (asked["said_at"], asked["deliveries"]) == ("2026-03-02T12:00:00Z", [])
    assert (first["speaker"], first["author"], first["text"]) == ("employee", "Maya", "At nine, 0.")
    assert first["deliveries"] == [
        {
            "state": "sent",
            "provider_id": "ts-0",
            "sent_at": "2026-03-02T12:00:00Z",
            "delivered_at": None,
            "read_at": None,
            "error": "",
        }
    ]
    assert second["deliveries"][0]["provider_id"] == "ts-1"


@pytest.mark.parametrize(("outcome", "label"), [("whole", None), ("cut", "Cut off"), ("refused", "Declined by")])
def test_an_answers_outcome_is_shown_with_it(
    acme: Caller, office: Office, cast: Cast, outcome: str, label: str | None
) -> None:
    thread = office.talk("1.5")
    with tenant_scope(office.tenant.id):
        Run.objects.update(outcome=outcome)
    asked, answered = acme.get(f"conversations/{thread.conversation_id}/messages/").results
    assert (asked["outcome"], answered["outcome"]) == ("", outcome)
    page = member(cast.alice, cast.acme).read(f"conversations/{thread.conversation_id}/")
    marks = [each for each in ("Cut off", "Declined by") if each in page]
    assert marks == ([label] if label else [])


def test_messages_of_the_same_moment_are_paged_without_loss(acme: Caller, office: Office) -> None:
    thread = office.talk("1.5", answers=0)
    with tenant_scope(office.tenant.id):
        for number in range(6):
            transcript.hear(thread.conversation, person=Person.objects.get(), text=str(number), said_at=NOON)
    url, texts = f"conversations/{thread.conversation_id}/messages/?page_size=2", []
    while url:
        page = acme.get(url)
        texts += [each["text"] for each in page.results]
        url = page.json["next"]
    assert texts == ["When do you open?", "0", "1", "2", "3", "4", "5"]


def test_number_of_queries_does_not_grow_with_the_messages(acme: Caller, office: Office) -> None:
    counts = []
    acme.get("agents/")  # the token's last use is stored once a minute
    for ts, answers in (("1.5", 1), ("2.5", 8)):
        thread = office.talk(ts, answers=answers)
        with CaptureQueriesContext(database) as queries:
            acme.get(f"conversations/{thread.conversation_id}/messages/")
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_filters(acme: Caller, office: Office) -> None:
    office.talk("1.5")
    for query, count in (
        (f"agent={office.agent.id}", 1),
        (f"channel={office.channel.id}", 1),
        (f"agent={office.agent.id}&channel={office.channel.id}", 1),
        (f"agent={uuid4()}", 0),
        (f"channel={uuid4()}", 0),
    ):
        assert len(acme.get(f"conversations/?{query}").results) == count, query


@pytest.mark.parametrize("name", ["agent", "channel"])
@pytest.mark.parametrize("value", ["maya", ""])
def test_bad_filter_is_named(acme: Caller, name: str, value: str) -> None:
    assert list(acme.get(f"conversations/?{name}={value}").problem(400)["errors"]) == [name]


def test_conversations_of_another_workspace_look_like_missing_ones(
    acme: Caller, globex: Caller, office: Office, cast: Cast
) -> None:
    foreign, unknown = office.talk("1.5").conversation_id, uuid4()
    own = Office.of(cast.globex, "T0BBBBBBB").talk("1.5").conversation_id
    assert [each["id"] for each in globex.get("conversations/").results] == [str(own)]
    assert [each["id"] for each in acme.get("conversations/").results] == [str(foreign)]
    assert globex.get(f"conversations/?agent={office.agent.id}").results == []
    for path in ("conversations/{}/", "conversations/{}/messages/"):
        theirs, nobodys = (globex.get(path.format(id)).problem(404) for id in (foreign, unknown))
        assert theirs | {"request_id": ""} == nobodys | {"request_id": ""}


def test_conversations_are_read_only(acme: Caller, office: Office) -> None:
    conversation = office.talk("1.5").conversation_id
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        acme.call(method, f"conversations/{conversation}/", {}).problem(405)
