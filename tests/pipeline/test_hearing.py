"""Messages without text, people who post through apps, and loops, with the sandbox's Slack as the provider."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from agents.models import LLMCall, Run, Turn
from agents.phrases import said
from channels import phrases
from channels.connections import credentials
from channels.connections.connect import listen
from channels.media import fetching
from channels.messages import sweep
from channels.messages.incoming import addressing, recognition
from channels.messages.limits import loops
from channels.messages.limits.look import look
from channels.models import Connection, Contact, InboxEvent, MediaFile, Thread
from channels.tasks import overdue_files
from tenants.models import Tenant
from tenants.scope import tenant_scope
from tests import working
from tests.channels.slack import post
from tests.pipeline.conftest import Desk


def says(desk: Desk, text: str = "", **more: Any) -> str:
    """Ben writes in the sandbox's Slack, and its events arrive at the signed webhook; returns the message's ts."""
    place = {"team": desk.team, "channel": desk.channel, "user": "ben", **more}
    said = desk.stack.control("slack/control/messages", text=text, **place)
    bring(desk, said["events"])
    return str(said["ts"])


def bring(desk: Desk, told: list[dict[str, Any]]) -> None:
    sent = desk.stack.look("slack/control/events", team=desk.team)["events"]
    wanted = {each["event_id"] for each in told}
    for event in sent:
        if event["event_id"] in wanted:
            assert post(Client(), event["payload"]).status_code == 200


def newest(desk: Desk) -> UUID:
    with tenant_scope(desk.tenant.id):
        return Thread.objects.order_by("-id")[0].id


def answer(desk: Desk, thread_id: UUID | None = None) -> None:
    thread_id = thread_id or newest(desk)
    working.answer(desk.tenant.id, thread_id)
    working.send_due(desk.tenant.id, thread_id)


def posted(desk: Desk, channel: str = "") -> list[str]:
    found = desk.stack.look("slack/control/messages", team=desk.team, channel=channel or desk.channel, user="ben")
    return [each["text"] for each in found["messages"] if each["user"] == desk.bot and not each.get("subtype")]


def turns(desk: Desk) -> list[str]:
    with tenant_scope(desk.tenant.id):
        return list(Turn.objects.order_by("said_at", "id").values_list("text", flat=True))


PHOTO = {"name": "menu.jpg", "mimetype": "image/jpeg"}
VOICE = {"name": "audio_message.m4a", "mimetype": "audio/mp4", "subtype": "slack_audio"}


@pytest.mark.parametrize("file", [PHOTO, VOICE])
def test_a_file_alone_gets_one_reply_that_says_what_can_be_read_and_costs_nothing(
    desk: Desk, file: dict[str, str]
) -> None:
    says(desk, channel="dm", files=[file])
    for _ in range(2):
        answer(desk)
    assert posted(desk, "dm") == [str(phrases.CANNOT_SEE)]
    assert file["name"] in turns(desk)[0]
    assert desk.events() == [("done", "")]
    with tenant_scope(desk.tenant.id):
        assert Run.objects.get().state == "answered"
        assert not LLMCall.objects.exists()


def test_a_file_is_fetched_from_slacks_file_host(desk: Desk) -> None:
    says(desk, channel="dm", files=[PHOTO])
    answer(desk)
    for _task, (tenant_id, file_id) in overdue_files():
        fetching.fetch(tenant_id, file_id)  # type: ignore[arg-type]
    with tenant_scope(desk.tenant.id):
        file = MediaFile.objects.get()
    assert (file.state, file.name, file.content_type) == ("kept", "menu.jpg", "image/jpeg")


def test_it_uses_the_workspaces_language(desk: Desk) -> None:
    Tenant.objects.filter(id=desk.tenant.id).update(language="de")
    says(desk, "@roster", files=[PHOTO])
    answer(desk)
    assert posted(desk) == [said(phrases.CANNOT_SEE, "de")]


def test_an_employee_that_may_not_work_does_not_answer_files_either(desk: Desk) -> None:
    Tenant.objects.filter(id=desk.tenant.id).update(deletes_at=timezone.now() + timedelta(days=15))
    says(desk, "@roster", files=[PHOTO])
    answer(desk)
    assert posted(desk) == [desk.agent.unavailable_text]
    with tenant_scope(desk.tenant.id):
        assert Run.objects.get().state == "refused"


def test_a_photo_with_a_question_is_answered_by_the_llm_which_knows_about_it(desk: Desk) -> None:
    says(desk, "@roster When do you open?", files=[PHOTO])
    answer(desk)
    assert "9" in posted(desk)[0]
    assert turns(desk)[0] == "When do you open?\n\n[The person sent a photo, “menu.jpg”. You cannot see it.]"


def test_a_bare_mention_gets_a_useful_reply(desk: Desk) -> None:
    says(desk, "@roster")
    answer(desk)
    (reply,) = posted(desk)
    assert "help" in reply
    assert desk.events()[0][0] == "done"


def test_a_forwarded_message_and_an_action_are_heard(desk: Desk) -> None:
    ts = says(desk, "When do you open?", user="ada")
    forward = {"team": desk.team, "channel": desk.channel, "user": "ben", "to": "dm", "ts": ts}
    bring(desk, desk.stack.control("slack/control/messages/forward", **forward)["events"])
    answer(desk)
    assert turns(desk)[0] == "[Forwarded message from Ada Okafor in #general:]\n> When do you open?"
    assert len(posted(desk, "dm")) == 1
    says(desk, "/me asks @roster when you open")
    answer(desk)
    assert len(posted(desk)) == 1


def recognise_all(desk: Desk) -> list[bool]:
    found = [recognition.recognise(tenant, event) for tenant, event in sweep.overdue().doubts]
    working.hear(desk.tenant.id)
    return found


@pytest.mark.parametrize(("through", "is_answered"), [("user token", True), ("bot", False)])
def test_slack_is_asked_once_whether_a_person_posts_through_an_app(desk: Desk, through: str, is_answered: bool) -> None:
    says(desk, "@roster When do you open?", through=through)
    assert desk.events() == [("doubtful", str(addressing.WHO_WROTE()))]
    assert recognise_all(desk) == [is_answered]
    if is_answered:
        answer(desk)
    assert len(posted(desk)) == is_answered
    says(desk, "@roster And when do you close?", through=through)
    assert recognise_all(desk) == []
    asked = 1 + is_answered  # whether it is a bot, and a person's name
    assert desk.stack.look("slack/control/calls")["calls"]["users.info"] == asked
    states = {state for state, _ in desk.events()}
    assert states == ({"done", "pending"} if is_answered else {"ignored"})


@pytest.mark.parametrize("kind", ["429", "500", "cut"])
def test_a_failed_slack_look_up_is_retried_later(desk: Desk, kind: str) -> None:
    desk.stack.control("slack/control/faults", method="users.info", kind=kind, times=1, seconds=1)
    says(desk, "@roster When do you open?", through="user token")
    assert recognise_all(desk) == [False]
    assert recognise_all(desk) == [False], "not right away"
    with tenant_scope(desk.tenant.id):
        InboxEvent.objects.update(received_at=timezone.now() - timedelta(seconds=10))
    assert recognise_all(desk) == [True]


def test_look_ups_of_an_unknown_author_end_with_the_reason(desk: Desk) -> None:
    says(desk, "@roster When do you open?", through="user token")
    with tenant_scope(desk.tenant.id):
        InboxEvent.objects.update(received_at=timezone.now() - recognition.ASK_FOR - timedelta(seconds=1))
        Connection.objects.update(secrets=credentials.as_json("xoxb-revoked", {}))
    assert recognise_all(desk) == [False]
    assert desk.events() == [("ignored", str(recognition.UNANSWERED()))]
    with tenant_scope(desk.tenant.id):
        assert Connection.objects.get().state == "broken"
        assert not Contact.objects.exists()


def test_a_bot_that_looks_like_a_person_causes_no_endless_loop(desk: Desk, settings: Settings) -> None:
    settings.LOOP_ANSWERS, settings.LOOP_SECONDS = 4, 300
    ts = says(desk, "@roster When do you open?")
    for _ in range(9):  # the bot replies to every post
        answer(desk)
        says(desk, "And when do you open?", thread_ts=ts)
    answer(desk)
    assert len(posted(desk)) == 5
    assert posted(desk)[-1] == str(phrases.PAUSED)
    states = [state for state, _ in desk.events()]
    assert states == ["done"] * 5 + ["ignored"] * 5
    assert desk.events()[-1][1].startswith("Paused: ")
    with tenant_scope(desk.tenant.id):
        assert LLMCall.objects.count() == 4
        conversation = Thread.objects.get().conversation
    client = Client()
    client.force_login(desk.tenant.memberships.get().user)
    page = client.get(f"/t/acme/conversations/{conversation.id}/").content.decode()
    assert "Some messages were left unanswered" in page
    assert "4 answers here within 300 s look like two machines" in page
    with tenant_scope(desk.tenant.id):
        Turn.objects.update(said_at=timezone.now() - timedelta(seconds=301))
        Run.objects.update(started_at=timezone.now() - timedelta(seconds=301))
    says(desk, "Are you there?", thread_ts=ts)
    answer(desk)
    assert desk.events()[-1][0] == "done"


def test_a_bot_that_starts_a_new_thread_each_time_is_stopped_within_the_day(desk: Desk, settings: Settings) -> None:
    settings.LOOP_DAILY_ANSWERS = 3
    for number in range(6):
        says(desk, f"@roster When do you open? ({number})")
        answer(desk)
    assert posted(desk)[3:] == [str(phrases.PAUSED)]
    assert [state for state, _ in desk.events()] == ["done"] * 4 + ["ignored"] * 2
    says(desk, "@roster When do you open?", user="chloe")
    answer(desk)
    assert len(posted(desk)) == 5, "another person is not blocked"


def test_others_are_answered_while_one_author_is_over_the_limit(desk: Desk, settings: Settings) -> None:
    settings.LOOP_DAILY_ANSWERS = 2
    ts = says(desk, "@roster When do you open?")
    for _ in range(2):
        answer(desk)
        says(desk, "And when do you open?", thread_ts=ts)
    says(desk, "@roster When do you open?", user="chloe", thread_ts=ts)
    answer(desk)
    assert len(posted(desk)) == 3
    assert str(phrases.PAUSED) not in posted(desk)
    assert [state for state, _ in desk.events()] == ["done"] * 4


def test_the_limits_can_be_switched_off(desk: Desk, settings: Settings) -> None:
    settings.LOOP_ANSWERS = settings.LOOP_DAILY_ANSWERS = 0
    says(desk, "@roster When do you open?")
    with tenant_scope(desk.tenant.id):
        events = list(InboxEvent.objects.all())
        thread, now = Thread.objects.get(), timezone.now()
        assert loops.pause_of(thread, events, look(thread, {event.author for event in events}, now), now) is None
        assert not listen(Connection.objects.get(), only_when_mentioned=False).only_when_mentioned
