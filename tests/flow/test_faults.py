"""Failures of the LLM, of Slack, and of the processes themselves."""

import pytest

from tests.flow.office import Office, open_office
from tests.stack import Stack
from tests.waiting import eventually


@pytest.fixture
def office(stack: Stack) -> Office:
    stack.control("slack/control/reset")
    stack.control("openai/control/reset")
    return open_office(stack)


def deliveries(office: Office) -> list[str]:
    return [row["state"] for row in office.rows("channels_delivery")]


@pytest.mark.parametrize("fault", ["429", "500", "garbage", "cut"])
def test_a_temporary_llm_fault_is_retried(office: Office, fault: str) -> None:
    office.stack.control("openai/control/faults", kind=fault, times=1, seconds=1)
    said = office.mentions("When do you open?")
    assert "7" in office.reply_to(said["ts"])["text"]
    office.settled()
    states = [(row["state"], row["actual_usd"] > 0) for row in office.rows("agents_llmcall")]
    may_have_been_billed = fault in {"garbage", "cut"}
    assert states == [("assumed", True) if may_have_been_billed else ("settled", False), ("settled", True)]


def test_a_refused_key_ends_with_one_apology_and_the_reason(office: Office) -> None:
    said = office.mentions("Hello [sandbox:401]")
    assert "Sorry" in office.reply_to(said["ts"])["text"]
    office.settled()
    event = next(row for row in office.rows("channels_inboxevent") if row["thread_id"])
    assert (event["state"], event["reason"]) == (
        "failed", {"code": "llm.wrong_key", "details": {"provider": "OpenAI"}},
    )  # fmt: skip
    assert len(office.replies_to(said["ts"])) == 1
    again = office.says("When do you open?", thread_ts=said["ts"])
    eventually(lambda: len(office.replies_to(said["ts"])) == 2, what=f"the conversation going on after {again['ts']}")


def test_a_message_that_slack_stored_without_answering_is_found_and_not_resent(office: Office) -> None:
    office.stack.control("slack/control/faults", method="chat.postMessage", kind="drop", times=1)
    said = office.mentions("When do you open?")
    office.reply_to(said["ts"])
    office.settled()
    assert deliveries(office) == ["sent"]
    assert len(office.replies_to(said["ts"])) == 1
    assert office.stack.look("slack/control/calls")["calls"]["conversations.replies"] == 1


def test_a_message_that_slack_lost_is_resent(office: Office) -> None:
    office.stack.control("slack/control/faults", method="chat.postMessage", kind="cut", times=1)
    said = office.mentions("When do you open?")
    office.reply_to(said["ts"])
    office.settled()
    assert deliveries(office) == ["sent"]
    assert len(office.replies_to(said["ts"])) == 1


def test_a_rate_limit_is_respected(office: Office) -> None:
    office.stack.control("slack/control/faults", method="chat.postMessage", kind="429", times=2, seconds=1)
    said = office.mentions("When do you open?")
    office.reply_to(said["ts"])
    office.settled()
    assert len(office.replies_to(said["ts"])) == 1
    assert [row["attempt"] for row in office.rows("channels_delivery")] == [3]


def test_newer_input_while_the_llm_thinks_is_answered_together(office: Office) -> None:
    said = office.mentions("[sandbox:slow=3] When do you open?")
    eventually(lambda: office.rows("agents_llmcall"), what="the first call")
    office.says("And when do you close?", thread_ts=said["ts"])
    reply = office.reply_to(said["ts"])
    office.settled()
    assert len(office.replies_to(said["ts"])) == 1
    assert "19" in reply["text"]
    assert [row["state"] for row in office.rows("agents_run")] == ["superseded", "answered"]


def test_a_worker_killed_while_the_llm_thinks(office: Office) -> None:
    said = office.mentions("[sandbox:slow=4] When do you open?")
    eventually(lambda: office.rows("agents_llmcall"), what="the call")
    office.stack.kill("celery")
    office.reply_to(said["ts"], within=60)
    office.settled()
    assert len(office.replies_to(said["ts"])) == 1
    assert [row["state"] for row in office.rows("agents_llmcall")] == ["assumed", "settled"]
    assert office.rows("usage_meter")[0]["reserved_usd"] == 0


def test_valkey_killed_with_a_full_queue(office: Office) -> None:
    said = [office.mentions(f"When do you open? ({number})") for number in range(8)]
    office.stack.kill("valkey")
    said += [office.mentions(f"When do you close? ({number})") for number in range(4)]
    for each in said:
        office.reply_to(each["ts"], within=60)
    office.settled()
    assert [len(office.replies_to(each["ts"])) for each in said] == [1] * 12


def test_postgres_killed_under_load(office: Office) -> None:
    said = [office.mentions(f"When do you open? ({number})") for number in range(6)]
    office.stack.kill("cluster")
    for each in said:
        office.reply_to(each["ts"], within=60)
    office.settled(within=90)
    assert [len(office.replies_to(each["ts"])) for each in said] == [1] * 6
