"""People talk to an AI employee in Slack: over real HTTP, from the signed event to the reply in the thread."""

import pytest

from tests.flow.office import Office, open_office
from tests.stack import Stack
from tests.waiting import eventually


@pytest.fixture(scope="module")
def office(stack: Stack) -> Office:
    return open_office(stack)


def test_a_mention_gets_one_reply_in_its_thread(office: Office) -> None:
    said = office.mentions("When do you open?")
    assert sorted(event["type"] for event in said["events"]) == ["app_mention", "message"]
    reply = office.reply_to(said["ts"])
    assert "7" in reply["text"]
    office.settled()
    assert len(office.replies_to(said["ts"])) == 1


def test_one_event_sent_four_times_gets_one_reply(office: Office) -> None:
    said = office.mentions("Is parking free?")
    for event in said["events"]:
        again = office.stack.control(f"slack/control/events/{event['event_id']}/redeliver", times=3)
        assert again["statuses"] == [200, 200, 200]
    office.reply_to(said["ts"])
    office.settled()
    assert len(office.replies_to(said["ts"])) == 1


def test_a_reply_in_the_thread_needs_no_mention_and_is_understood_in_context(office: Office) -> None:
    said = office.mentions("My name is Grace Hopper.")
    office.reply_to(said["ts"])
    office.says("What is my name?", thread_ts=said["ts"])
    eventually(lambda: len(office.replies_to(said["ts"])) == 2, what="a second reply")
    assert "Grace" in office.replies_to(said["ts"])[1]["text"]


def test_messages_to_others_get_no_reply(office: Office) -> None:
    said = office.says("Lunch, anyone?")
    addressed = office.mentions("When do you close?")
    office.reply_to(addressed["ts"])
    office.settled()
    assert office.replies_to(said["ts"]) == []


def test_a_session_is_one_conversation(office: Office) -> None:
    begun = office.says("Hello, I am Ada Lovelace.", channel="dm", user="ada")
    eventually(lambda: len(office.heard("dm", "ada")) == 1, what="an answer to the first direct message")
    office.says("What is my name?", channel="dm", user="ada", thread_ts=begun["ts"])
    eventually(lambda: len(office.heard("dm", "ada")) == 2, what="an answer to the second direct message")
    assert "Ada" in office.heard("dm", "ada")[1]["text"]


def test_three_quick_messages_get_one_answer(office: Office) -> None:
    begun = office.says("When do you open?", channel="dm", user="chloe")
    for text in ("And is parking free?", "Thanks!"):
        office.says(text, channel="dm", user="chloe", thread_ts=begun["ts"])
    eventually(lambda: office.heard("dm", "chloe"), what="an answer")
    office.settled()
    assert len(office.heard("dm", "chloe")) == 1


def test_a_voice_message_alone_gets_one_reply_that_says_what_can_be_read(office: Office) -> None:
    voice = {"name": "audio_message.m4a", "mimetype": "audio/mp4", "subtype": "slack_audio"}
    office.says("", channel="dm", user="ada", files=[voice])
    eventually(lambda: any("only read text" in each["text"] for each in office.heard("dm", "ada")), what="the reply")
    office.settled()
    assert sum("only read text" in each["text"] for each in office.heard("dm", "ada")) == 1


def test_a_person_who_posts_through_an_app_is_answered_and_its_bot_is_not(office: Office) -> None:
    bot = office.mentions("When do you open?", through="bot")
    person = office.mentions("When do you open?", through="user token")
    assert "7" in office.reply_to(person["ts"])["text"]
    office.settled()
    assert office.replies_to(bot["ts"]) == []


def test_an_edit_and_a_deletion_get_no_reply(office: Office) -> None:
    said = office.mentions("When do you close?")
    office.reply_to(said["ts"])
    changed = {"team": office.team, "channel": "general", "user": "ben", "ts": said["ts"]}
    office.stack.control("slack/control/messages/edit", **changed, text="@roster When do you close today?")
    office.stack.control("slack/control/messages/delete", **changed)
    office.settled()
    assert len(office.replies_to(said["ts"])) == 1


def test_a_mention_added_by_an_edit_is_answered_once_and_a_deletion_removes_its_text(office: Office) -> None:
    said = office.says("Is parking free on Quokka?")
    place = {"team": office.team, "channel": "general", "user": "ben", "ts": said["ts"]}
    changed = office.stack.control("slack/control/messages/edit", **place, text="@roster Is parking free on Quokka?")
    assert sorted(event["type"] for event in changed["events"]) == ["app_mention", "message"]
    assert "arking" in office.reply_to(said["ts"])["text"]
    office.settled()
    assert len(office.replies_to(said["ts"])) == 1
    office.stack.control("slack/control/messages/delete", **place)
    eventually(
        lambda: all("Quokka" not in f"{row}" for table in ("agents_turn", "channels_inboxevent", "agents_conversation")
                    for row in office.rows(table)),
        what="the words of a deleted message gone",
    )  # fmt: skip


def test_an_answer_cannot_ping_the_channel(stack: Stack) -> None:
    loud = open_office(stack, agent={"instructions": "Our motto is <!channel> & <!here> be loud."})
    said = loud.mentions("What is our motto?")
    reply = loud.reply_to(said["ts"])
    assert "<!channel>" not in reply["text"]
    assert "&lt;!channel&gt;" in reply["text"]


def test_people_are_called_by_their_names(office: Office) -> None:
    said = office.mentions("When do you open?", user="chloe")
    office.reply_to(said["ts"])
    (chloe,) = eventually(
        lambda: [row["id"] for row in office.rows("agents_person") if row["name"] == "chloe"], what="her display name"
    )
    named = [row for row in office.rows("agents_turn") if row["person_id"] == chloe]
    assert {row["text"] for row in named} >= {"When do you open?"}


def test_the_conversation_and_what_it_cost_can_be_read(office: Office) -> None:
    said = office.mentions("When do you open?")
    reply = office.reply_to(said["ts"])
    office.settled()
    newest = office.api.get("conversations/").json()["results"]
    turns = [office.api.get(f"conversations/{each['id']}/messages/").json()["results"] for each in newest]
    assert any(turn["text"] in reply["text"] for each in turns for turn in each if turn["speaker"] == "employee")
    records = office.rows("usage_usagerecord")
    calls = office.rows("agents_llmcall")
    assert len(records) == len(calls) > 0
    assert all(row["cost_usd"] > 0 and row["price"]["input_mtok"] for row in records)
    meter = office.rows("usage_meter")[0]
    assert meter["spent_usd"] == sum(row["cost_usd"] for row in records)
    assert meter["reserved_usd"] == 0
    summary = office.api.get("usage/summary").json()
    assert float(summary["cost_usd"] if "cost_usd" in summary else summary["totals"]["cost_usd"]) > 0
