"""What members and staff see about a message that got no answer: never that it was delivered."""

import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from agents.models import Conversation, Run
from channels import phrases
from channels.connections import health
from channels.messages import lookups, test_messages
from channels.models import Connection, Delivery
from tenants import incidents
from tenants.doctor.checks import incidents as doctor
from tenants.doctor.report import State
from tenants.models import Incident, Role
from tenants.scope import tenant_scope
from tenants.wordings import TOLD
from tests import factories, working
from tests.billing.people import words_of
from tests.pipeline.conftest import Desk
from tests.pipeline.test_answering import answer
from usage.models import DailyMessages, Meter

TECHNICAL = ("API key", "OPENAI", "OpenAI", "HTTP", "token", "worker")


class Reader:
    """A member using a browser."""

    def __init__(self, desk: Desk, role: Role = Role.OWNER) -> None:
        self.client = Client()
        self.client.force_login(factories.make_member(desk.tenant, role))

    def page(self, path: str) -> str:
        found: Any = self.client.get(f"/t/acme/{path}")
        return words_of(found)


def conversation(desk: Desk) -> str:
    with tenant_scope(desk.tenant.id):
        return f"conversations/{Conversation.objects.get().id}/"


def sent_and_received(desk: Desk) -> tuple[int, int]:
    with tenant_scope(desk.tenant.id):
        counted = DailyMessages.objects.get()
        return counted.received, counted.sent


def messages(reader: Reader, desk: Desk) -> list[dict[str, Any]]:
    answer = reader.client.get(f"/api/v1/{conversation(desk)}messages/", headers={"Roster-Workspace": "acme"})
    found: list[dict[str, Any]] = answer.json()["results"]
    return found


def test_an_answer_is_delivered_and_counted(desk: Desk) -> None:
    answer(desk, desk.hear("When do you open?"))

    page = Reader(desk).page(conversation(desk))

    assert "Delivered</span>" in page
    assert "Not answered" not in page
    assert sent_and_received(desk) == (1, 1)
    assert [each["state"] for each in messages(Reader(desk), desk)] == [None, "answered"]


def test_a_failing_key_is_our_problem_for_members_and_technical_for_staff(desk: Desk, settings: Settings) -> None:
    settings.STAFF_EMAIL = "staff@roster.example"
    desk.stack.control("openai/control/faults", kind="401", times=3)
    thread = desk.hear("When do you open?")
    answer(desk, thread)
    answer(desk, desk.hear("Hello?", desk.first_ts()))
    assert desk.posted() == [str(phrases.APOLOGY)] * 2
    reader = Reader(desk)

    page = reader.page(conversation(desk))

    assert page.count("Not answered</span>") == 2
    assert "Delivered" not in page
    assert "The AI service behind Roster refused to answer. That is on our side" in page
    assert "Roster&#x27;s staff have been told. People got the message above instead." in page
    assert not [word for word in TECHNICAL if word in page.partition("<main")[2]]
    assert "Not answered</span>" in reader.page("conversations/")
    assert "Not answered</span>" in reader.page("")
    assert "Not answering</span>" in reader.page("employees/")
    assert sent_and_received(desk) == (2, 0)
    said = messages(reader, desk)
    assert [each["state"] for each in said] == [None, "apologised", None, "apologised"]
    assert "on our side" in said[1]["reason"]
    incident = Incident.objects.get()
    assert (incident.cause, incident.count) == ("llm_refused", 2)
    assert "does not accept the API key" in str(incident.detail)
    assert (incidents.mail(), incidents.mail()) == (1, 0)
    [sent] = mail.outbox
    assert sent.to == ["staff@roster.example"]
    assert "does not accept the API key" in str(sent.body)
    assert [(each.state, "API key" in each.text) for each in doctor()] == [(State.WARNING, True)]

    desk.stack.control("openai/control/reset")
    answer(desk, desk.hear("And now?", desk.first_ts()))

    assert "On duty</span>" in reader.page("employees/")
    assert "Not answered</span>" not in reader.page("conversations/")


def test_staff_are_notified_again_after_an_hour_and_only_with_an_address(desk: Desk, settings: Settings) -> None:
    settings.STAFF_EMAIL = ""
    incidents.report("llm_refused", TOLD(text="OpenAI does not accept the API key."))
    assert incidents.mail() == 0
    Incident.objects.update(hour=timezone.now() - timedelta(hours=2), last_at=timezone.now() - timedelta(hours=2))
    incidents.report("llm_refused", TOLD(text="OpenAI does not accept the API key."))
    assert Incident.objects.count() == 2
    assert [each.count for each in incidents.recent()] == [1]
    settings.STAFF_EMAIL = "staff@roster.example"
    assert incidents.mail() == 2


def test_a_spent_credit_is_explained_in_plain_words(desk: Desk) -> None:
    with tenant_scope(desk.tenant.id):
        Meter.objects.create(key="trial", name="Trial credit", cap_usd=Decimal("0.0000001"))
    answer(desk, desk.hear("When do you open?"))
    reader = Reader(desk)

    page = reader.page(conversation(desk))

    assert "Not answered</span>" in page
    assert "Too little credit was left for an answer. People got the message above instead." in page
    assert [each["state"] for each in messages(reader, desk)] == [None, "unavailable"]
    assert sent_and_received(desk) == (1, 0)
    assert "No credit</span>" in reader.page("employees/")
    assert not Incident.objects.exists()


@pytest.mark.parametrize("arrived", ["failed", "unknown"])
def test_an_apology_that_did_not_arrive_is_shown_as_such(desk: Desk, arrived: str) -> None:
    desk.stack.control("openai/control/faults", kind="401", times=1)
    thread = desk.hear("When do you open?")
    working.answer(desk.tenant.id, thread)
    with tenant_scope(desk.tenant.id):
        Delivery.objects.get().move(Delivery.State(arrived), unknown_since=timezone.now(), cause="not_seen")

    page = Reader(desk).page(conversation(desk))

    words = {
        "failed": "The message above did not arrive either.",
        "unknown": "We don&#x27;t know whether the message above arrived.",
    }
    assert words[arrived] in page
    assert "Not answered</span>" in page
    assert "Delivered" not in page


def test_an_answer_that_slack_refused_says_who_has_to_act(desk: Desk) -> None:
    thread = desk.hear("When do you open?")
    working.answer(desk.tenant.id, thread)
    with tenant_scope(desk.tenant.id):
        Delivery.objects.update(address={"channel": "C0NOWHERE"})
    working.send_due(desk.tenant.id, thread)
    reader = Reader(desk)

    page = reader.page(conversation(desk))

    assert "Not delivered</span>" in page
    assert "Slack did not take the message: the app is not in that channel any more." in page
    assert "Not delivered</span>" in reader.page("conversations/")
    assert sent_and_received(desk) == (1, 0)


def test_a_delivery_with_an_unknown_outcome_stays_unclear_after_the_look_ups_end(desk: Desk) -> None:
    thread = desk.hear("When do you open?")
    working.answer(desk.tenant.id, thread)
    with tenant_scope(desk.tenant.id):
        Delivery.objects.get().move(Delivery.State.UNKNOWN, unknown_since=timezone.now(), cause="not_seen")
    reader = Reader(desk)

    assert "Roster looks it up before it sends anything again." in reader.page(conversation(desk))
    with tenant_scope(desk.tenant.id):
        Delivery.objects.update(unknown_since=timezone.now() - lookups.LOOK_UPS_FOR)
    page = reader.page(conversation(desk))
    assert "Unclear</span>" in page
    assert "Roster could not look it up for an hour" in page
    assert "Unclear</span>" in reader.page("conversations/")
    assert "Delivered" not in page


def test_a_message_without_any_answer_is_shown_as_such(desk: Desk) -> None:
    desk.hear("When do you open?")
    with tenant_scope(desk.tenant.id):
        health.disconnect(Connection.objects.get(), health.IN_THE_PORTAL())

    page = Reader(desk).page(conversation(desk))

    assert "The channel was disconnected here in the portal. Whoever wrote it got nothing back." in page
    assert "Not answered</span>" in Reader(desk).page("conversations/")


def test_the_wizards_test_message_distinguishes_an_apology_from_an_answer(desk: Desk) -> None:
    with tenant_scope(desk.tenant.id):
        Connection.objects.update(installer_id=desk.ben)
        connection_id = Connection.objects.get().id
    desk.stack.control("openai/control/faults", kind="401", times=1)
    sent = test_messages.send(desk.tenant.id, connection_id, "Hello?")
    answer(desk, sent.thread_id)
    reader = Reader(desk)

    page = reader.page(f"onboarding/test/?event={sent.event_id}")

    assert "could not answer" in page
    assert "That is on our side" in page
    assert f"People were told: “{str(phrases.APOLOGY).replace(chr(39), '&#x27;')}”" in page
    assert "is live" not in page
    assert not [word for word in TECHNICAL if word in page.partition("<main")[2]]


def test_an_answer_without_text_is_not_an_answer(desk: Desk) -> None:
    silent = {"choices": [{"index": 0, "message": {"role": "assistant", "content": ""}, "finish_reason": "length"}]}
    body = json.dumps({"id": "1", "object": "chat.completion", "created": 1, "model": "gpt-4.1-mini", **silent})
    desk.stack.control("openai/control/faults", kind="raw", method="chat.completions", body=body)
    answer(desk, desk.hear("When do you open?"))

    page = Reader(desk).page(conversation(desk))

    assert "sent no text" in page
    assert "Delivered" not in page
    assert sent_and_received(desk) == (1, 0)
    with tenant_scope(desk.tenant.id):
        assert not Run.objects.get().is_answer
