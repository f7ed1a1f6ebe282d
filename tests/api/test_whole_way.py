"""A test message using only the API, through the running product: from consent to the reply in Slack."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.flow.office import Office, open_office
from tests.stack import Stack
from tests.waiting import eventually


@pytest.fixture(scope="module")
def office(stack: Stack) -> Iterator[Office]:
    office = open_office(stack)
    yield office
    office.api.close()


def channel_of(office: Office) -> dict[str, Any]:
    (channel,) = office.api.get("channels/").json()["results"]
    return dict(channel)


def test_test_message_is_answered_where_the_provider_says(office: Office) -> None:
    answer = office.api.post(f"channels/{channel_of(office)['id']}/test", json={"text": "When do you open?"})
    assert answer.status_code == 202, answer.text
    sent = answer.json()
    assert sent["provider"] == "slack"
    messages = f"conversations/{sent['conversation']}/messages/"

    def delivered() -> list[dict[str, Any]] | None:
        said: list[dict[str, Any]] = office.api.get(messages).json()["results"]
        return said if len(said) == 2 and said[1]["deliveries"][0]["state"] == "sent" else None

    question, reply = eventually(delivered, what="the answer's delivery")
    assert question["text"] == "When do you open?"
    assert reply["speaker"] == "employee"
    place = sent["provider_response"]
    thread = office.replies_to(place["ts"], channel=place["channel"])
    assert [each["ts"] for each in thread] == [place["ts"], reply["deliveries"][0]["provider_id"]]
    assert thread[1]["text"] == reply["text"]
    assert {"id": sent["event"], "is_test": True} in [
        {"id": str(event["id"]), "is_test": event["is_test"]} for event in office.rows("channels_inboxevent")
    ]


def test_provider_rate_limit_is_a_problem_with_a_time_to_wait(office: Office) -> None:
    office.stack.control("slack/control/faults", method="chat.postMessage", kind="429", seconds=7)
    answer = office.api.post(f"channels/{channel_of(office)['id']}/test")
    assert answer.status_code == 502
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["Retry-After"] == "7"
    assert "takes no more messages right now" in answer.json()["detail"]


def test_usage_counts_what_the_answer_cost(office: Office) -> None:
    office.mentions("Where can I park?")
    office.settled()
    summary = office.api.get("usage/summary").json()
    assert summary["totals"]["messages_sent"] >= 1
    assert float(summary["totals"]["cost_usd"]) > 0
    assert summary["agents"][0]["agent_name"] == "Maya"


def test_unknown_path_and_missing_token_are_problems_over_real_http_too(office: Office) -> None:
    for path, headers, status in (("nothing/", {}, 404), ("agents/", {"Authorization": "Bearer rst_wrong"}, 401)):
        answer = office.api.get(path, headers=headers)
        assert answer.status_code == status
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.json()["request_id"]


def test_test_message_with_a_key_is_sent_once_and_audited_once(office: Office) -> None:
    def told() -> int:
        return sum(entry["action"] == "channel.test_sent" for entry in office.rows("tenants_auditevent"))

    before, path = told(), f"channels/{channel_of(office)['id']}/test"
    first, again = (office.api.post(path, headers={"Idempotency-Key": "test-1"}) for _ in range(2))
    assert (first.status_code, again.status_code) == (202, 202)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.json() == first.json()
    assert told() == before + 1
    assert again.headers["RateLimit"].startswith('"requests";r=')
