"""The Events API, with the official signature check."""

from __future__ import annotations

import pytest
from slack_sdk.signature import SignatureVerifier

from tests.sandbox.conftest import SLACK, Sandbox, Workspace, poll
from tests.sandbox.receiver import Received, Receiver


def is_signed(received: Received) -> bool:
    """Whether Slack's own SDK accepts the request."""
    return SignatureVerifier(SLACK["SLACK_SIGNING_SECRET"]).is_valid_request(received.body, received.headers)


def two(receiver: Receiver, workspace: Workspace) -> dict[str, Received]:
    """The next two events, by type."""
    return {received.event["type"]: received for received in (receiver.event(workspace.id) for _ in range(2))}


def test_a_mention_arrives_as_two_signed_events_with_one_ts(workspace: Workspace, receiver: Receiver) -> None:
    said = workspace.says("@Roster where is <my> order?")
    events = two(receiver, workspace)
    assert set(events) == {"message", "app_mention"}
    assert all(is_signed(received) for received in events.values())
    assert {received.event["ts"] for received in events.values()} == {said["ts"]}
    ids = {received.json["event_id"] for received in events.values()}
    assert ids == {event["event_id"] for event in said["events"]}
    assert len(ids) == 2
    message = events["message"].event
    assert message["text"] == f"<@{workspace.bot}> where is &lt;my&gt; order?"
    assert (message["channel"], message["channel_type"], message["user"]) == (
        workspace.general,
        "channel",
        workspace.ben,
    )
    assert "channel_type" not in events["app_mention"].event


def test_the_envelope_is_the_documented_one(workspace: Workspace, receiver: Receiver) -> None:
    workspace.says("plain")
    envelope = receiver.event(workspace.id).json
    assert envelope["type"] == "event_callback"
    assert envelope["team_id"] == envelope["context_team_id"] == workspace.id
    assert envelope["context_enterprise_id"] is None
    assert envelope["api_app_id"].startswith("A")
    assert envelope["event_id"].startswith("Ev")
    assert isinstance(envelope["event_time"], int)
    assert envelope["is_ext_shared_channel"] is False
    assert envelope["event_context"].startswith("4-")
    assert envelope["authorizations"] == [
        {
            "enterprise_id": None,
            "team_id": workspace.id,
            "user_id": workspace.bot,
            "is_bot": True,
            "is_enterprise_install": False,
        }
    ]


def test_a_wrong_secret_does_not_verify(workspace: Workspace, receiver: Receiver) -> None:
    workspace.says("plain")
    received = receiver.event(workspace.id)
    assert is_signed(received)
    assert not SignatureVerifier("another secret").is_valid_request(received.body, received.headers)


def test_a_direct_message_is_one_event_even_with_a_mention(workspace: Workspace, receiver: Receiver) -> None:
    said = workspace.says("@Roster hi", channel="dm")
    assert [event["type"] for event in said["events"]] == ["message"]
    event = receiver.event(workspace.id).event
    assert (event["channel_type"], event["channel"]) == ("im", said["channel"])


def test_a_thread_reply_names_its_thread_and_the_parents_author(workspace: Workspace, receiver: Receiver) -> None:
    parent = workspace.says("question")["ts"]
    receiver.event(workspace.id)
    workspace.says("more", thread_ts=parent, user="chloe")
    event = receiver.event(workspace.id).event
    assert (event["thread_ts"], event["parent_user_id"]) == (parent, workspace.ben)


def test_nothing_is_sent_from_channels_without_the_bot(workspace: Workspace) -> None:
    assert workspace.says("@Roster hello?", channel="support")["events"] == []


def test_the_bots_own_message_comes_back_marked_as_its_own(workspace: Workspace, receiver: Receiver) -> None:
    sent = workspace.client.chat_postMessage(channel=workspace.general, text="Hello")
    event = receiver.event(workspace.id).event
    assert (event["type"], event["ts"], event["user"]) == ("message", sent["ts"], workspace.bot)
    assert event["bot_id"] == sent["message"]["bot_id"]
    assert event["app_id"] == sent["message"]["app_id"]


def test_edits_deletions_and_joins_have_their_subtypes(workspace: Workspace, receiver: Receiver) -> None:
    place = {"team": workspace.id, "channel": "general"}
    ts = workspace.says("frist")["ts"]
    receiver.event(workspace.id)
    workspace.sandbox.slack("messages/edit", **place, ts=ts, text="first")
    changed = receiver.event(workspace.id).event
    assert (changed["subtype"], changed["hidden"]) == ("message_changed", True)
    assert (changed["message"]["text"], changed["previous_message"]["text"]) == ("first", "frist")
    workspace.sandbox.slack("messages/delete", **place, ts=ts)
    deleted = receiver.event(workspace.id).event
    assert (deleted["subtype"], deleted["deleted_ts"], deleted["previous_message"]["text"]) == (
        "message_deleted",
        ts,
        "first",
    )
    workspace.sandbox.slack("invite", team=workspace.id, channel="support")
    joined = receiver.event(workspace.id).event
    assert (joined["subtype"], joined["user"]) == ("channel_join", workspace.bot)


def test_an_edit_with_a_mention_sends_two_events_and_a_deleted_thread_leaves_a_tombstone(
    workspace: Workspace, receiver: Receiver
) -> None:
    place = {"team": workspace.id, "channel": "general"}
    ts = workspace.says("help")["ts"]
    receiver.event(workspace.id)
    workspace.sandbox.slack("messages/edit", **place, ts=ts, text="@Roster help")
    events = two(receiver, workspace)
    mention = events["app_mention"].event
    assert (mention["ts"], mention["edited"]) == (ts, events["message"].event["message"]["edited"])
    workspace.sandbox.slack("messages/unfurl", **place, ts=ts, link="https://example.com")
    unfurled = receiver.event(workspace.id).event
    assert unfurled["message"]["edited"] == unfurled["previous_message"]["edited"]
    workspace.says("more", thread_ts=ts, user="chloe")
    receiver.event(workspace.id)
    workspace.sandbox.slack("messages/delete", **place, ts=ts)
    gone = receiver.event(workspace.id).event
    assert (gone["subtype"], gone["message"]["subtype"], gone["message"]["ts"]) == ("message_changed", "tombstone", ts)
    assert "help" not in str(gone["message"])


def test_opening_the_direct_message_sends_an_event(workspace: Workspace, receiver: Receiver) -> None:
    opened = workspace.sandbox.slack("open-home", team=workspace.id, user="ben")
    event = receiver.event(workspace.id).event
    assert (event["type"], event["tab"], event["channel"]) == ("app_home_opened", "messages", opened["channel"])


def test_an_uninstall_sends_both_events_and_ends_the_token(workspace: Workspace, receiver: Receiver) -> None:
    workspace.sandbox.slack("uninstall", team=workspace.id)
    events = two(receiver, workspace)
    assert events["tokens_revoked"].event["tokens"] == {"oauth": [], "bot": [workspace.bot]}
    assert "authorizations" not in events["app_uninstalled"].json
    assert workspace.says("@Roster hello?")["events"] == []


def test_a_failed_delivery_is_retried_three_times_with_its_number_and_reason(
    workspace: Workspace, receiver: Receiver
) -> None:
    receiver.answers = [(500, {}), (404, {}), (503, {}), (200, {})]
    workspace.says("plain")
    tries = [receiver.event(workspace.id) for _ in range(4)]
    assert len({received.body for received in tries}) == 1
    assert all(is_signed(received) for received in tries)
    assert [received.headers.get("x-slack-retry-num") for received in tries] == [None, "1", "2", "3"]
    assert {received.headers.get("x-slack-retry-reason") for received in tries} == {None, "http_error"}


def test_a_slow_answer_counts_as_a_timeout(workspace: Workspace, receiver: Receiver) -> None:
    receiver.answers = [(0, {})]
    workspace.says("plain")
    receiver.event(workspace.id)
    retry = receiver.event(workspace.id)
    receiver.released.set()
    assert (retry.headers["x-slack-retry-num"], retry.headers["x-slack-retry-reason"]) == ("1", "http_timeout")


def test_no_retry_is_honoured(workspace: Workspace, receiver: Receiver) -> None:
    receiver.answers = [(500, {"X-Slack-No-Retry": "1"})]
    event_id = workspace.says("plain")["events"][0]["event_id"]
    receiver.event(workspace.id)
    event = poll(lambda: finished(workspace, event_id))
    assert len(event["attempts"]) == 1


def finished(workspace: Workspace, event_id: str) -> dict[str, list[object]] | None:
    """The event once its delivery has ended."""
    events = workspace.sandbox.http.get("/slack/control/events", params={"team": workspace.id}).json()["events"]
    return next((event for event in events if event["event_id"] == event_id and event["finished"]), None)


def test_an_event_can_be_delivered_again(workspace: Workspace, receiver: Receiver) -> None:
    event_id = workspace.says("plain")["events"][0]["event_id"]
    first = receiver.event(workspace.id)
    assert workspace.sandbox.slack(f"events/{event_id}/redeliver", times=3)["statuses"] == [200, 200, 200]
    again = [receiver.event(workspace.id) for _ in range(3)]
    assert {received.body for received in again} == {first.body}


def test_the_request_url_is_verified_by_a_signed_challenge(sandbox: Sandbox, receiver: Receiver) -> None:
    assert sandbox.slack("verify-url")["outcome"] == "verified"
    received = receiver.next()
    assert is_signed(received)
    assert received.json["type"] == "url_verification"
    receiver.answers = [(401, {})]
    assert "401" in sandbox.slack("verify-url")["outcome"]


@pytest.mark.parametrize("path", ["messages", "events/Ev0/redeliver"])
def test_the_control_api_says_what_is_missing(sandbox: Sandbox, path: str) -> None:
    response = sandbox.http.post(f"/slack/control/{path}", json={})
    assert response.status_code == 404
    assert "does not exist" in response.json()["error"]
